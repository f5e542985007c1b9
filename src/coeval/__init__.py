"""coeval constructs the neural architecture for a task."""

__version__ = "0.1.0"
