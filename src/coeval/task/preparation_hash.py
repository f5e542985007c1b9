"""MurmurHash3 (x86, 32 bits) on many byte strings at once.

Austin Appleby's public-domain algorithm; equal to scikit-learn's ``murmurhash3_32(key, positive=True)``
and to ONNX Runtime's ``com.microsoft.MurmurHash3``, so that training and the exported graph agree.
"""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

Words = npt.NDArray[np.uint32]

_C1 = np.uint32(0xCC9E2D51)
_C2 = np.uint32(0x1B873593)


def murmur3_32(keys: Sequence[bytes], seed: int = 0) -> Words:
    """Hash byte strings.

    Args:
        keys: ``count`` byte strings of any lengths.
        seed: The hash's seed.

    Returns:
        ``(count,)`` uint32.

    Example:
        >>> murmur3_32([b"", b"hello"]).tolist()
        [0, 613153351]
    """
    result = np.zeros(len(keys), dtype=np.uint32)
    lengths = np.fromiter((len(key) for key in keys), dtype=np.int64, count=len(keys))
    for length in np.unique(lengths):
        where = np.flatnonzero(lengths == length)
        joined = b"".join(keys[index] for index in where.tolist())
        grid = np.frombuffer(joined, dtype=np.uint8).reshape(len(where), int(length))
        result[where] = _equally_long(grid, seed)
    return result


def _equally_long(grid: npt.NDArray[np.uint8], seed: int) -> Words:
    """Hash the rows of ``(count, length)`` bytes."""
    count, length = grid.shape
    state = np.full(count, seed, dtype=np.uint32)
    whole = length // 4 * 4
    blocks = np.ascontiguousarray(grid[:, :whole]).view("<u4").astype(np.uint32)
    for position in range(whole // 4):
        state ^= _scrambled(blocks[:, position])
        state = _rotated(state, 13) * np.uint32(5) + np.uint32(0xE6546B64)
    if whole < length:
        tail = np.zeros(count, dtype=np.uint32)
        for offset in range(length - whole):
            tail |= grid[:, whole + offset].astype(np.uint32) << np.uint32(8 * offset)
        state ^= _scrambled(tail)
    return _avalanched(state ^ np.uint32(length))


def _scrambled(block: Words) -> Words:
    return _rotated(block * _C1, 15) * _C2


def _rotated(value: Words, bits: int) -> Words:
    return (value << np.uint32(bits)) | (value >> np.uint32(32 - bits))


def _avalanched(state: Words) -> Words:
    state = (state ^ (state >> np.uint32(16))) * np.uint32(0x85EBCA6B)
    state = (state ^ (state >> np.uint32(13))) * np.uint32(0xC2B2AE35)
    return state ^ (state >> np.uint32(16))
