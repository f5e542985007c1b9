"""Addressed randomness: every draw is named by where it is used, so that no order of events can change it.

A generator that advances through a run ties each draw to all that came before; an address such as
``(seed, "ask", 17)`` gives the same draw in a replay, in a resumed run, and in any worker.
"""

import hashlib

import numpy as np


def entropy(seed: int, *address: int | str) -> int:
    """Return a 64-bit integer for an address below a seed, for libraries that are seeded by a number.

    Example:
        >>> entropy(0, "train", 3) == entropy(0, "train", 3) != entropy(0, "train", 4)
        True
    """
    text = "/".join(f"{type(part).__name__}:{part}" for part in (seed, *address))
    return int.from_bytes(hashlib.blake2b(text.encode(), digest_size=8).digest(), "big")


def generator(seed: int, *address: int | str) -> np.random.Generator:
    """Return the random generator that belongs to an address below a seed.

    Example:
        >>> bool(generator(0, "ask", 1).random() == generator(0, "ask", 1).random())
        True
    """
    return np.random.default_rng(entropy(seed, *address))
