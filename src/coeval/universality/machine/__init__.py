"""Counter machines and Turing machines as values, their interpreters, and the machines of the test suite."""
