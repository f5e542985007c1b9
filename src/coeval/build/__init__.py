"""From an architecture to a function: a torch module, its weights as arrays, its source code."""
