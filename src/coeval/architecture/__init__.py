"""What an architecture is: a typed sequence of known functions, its inference, normal form, hash, JSON and drawing."""
