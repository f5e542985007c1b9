"""Contract suites for strategies, spaces, evaluators, stores and executors, as plain functions.

Each raises ``AssertionError`` with a sentence. They need no test framework; call them from any.
"""
