"""The numeric backend: architectures of scalars as vectorised functions of NumPy or torch arrays."""
