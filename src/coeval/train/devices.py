"""The names of devices, apart from torch: they are checked where nothing else needs it."""

DEVICES = ("auto", "cpu", "cuda", "mps")
"""What a user may name; ``"cuda:1"`` and the like name one of several."""
