"""Compiled loops that train a network by its tape: one interpreter for all structures, compiled once a machine."""
