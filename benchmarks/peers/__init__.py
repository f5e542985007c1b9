"""Coeval beside the tools that a user would pick instead, on tables: same rows, same seconds, a tool's own environment."""
