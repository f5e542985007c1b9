"""What numba lacks for tight loops: plain loads and stores, and the bits of a float.

Indexing an array costs a branch for negative indices, which keeps LLVM from vectorising where it cannot
prove the sign; slices cost reference counts. These are single instructions.
"""

import contextlib
from collections.abc import Callable
from typing import Any, TypeVar

import numpy as np
import numpy.typing as npt
from llvmlite import ir
from numba import extending, njit, types

intrinsic: Any = extending.intrinsic
_njit: Any = njit  # its types leave options out
F = TypeVar("F", bound=Callable[..., Any])
Floats = npt.NDArray[np.float32]
Integers = npt.NDArray[np.int64]

FAST = {"contract", "nsz", "arcp"}
"""What arithmetic may do: fuse, and divide by multiplying. Not-a-number and infinity keep their meaning,
since a loss that is not finite must be seen."""
SUMS = {"contract", "nsz", "arcp", "reassoc"}
"""Where sums may be reordered besides, so that they vectorise."""

INNER = _njit(error_model="numpy", fastmath=FAST, no_cpython_wrapper=True, no_cfunc_wrapper=True)
"""Compiles what only other compiled functions call."""
SUMMING = _njit(error_model="numpy", fastmath=SUMS, no_cpython_wrapper=True, no_cfunc_wrapper=True)
INLINE = njit(inline="always")
"""Puts a function's text into its caller's: for those that only choose whom to call."""


def kept(**options: Any) -> Callable[[F], F]:
    """Return a decorator that compiles a function and keeps the machine code on disk.

    Where numba finds no folder for it, neither ``NUMBA_CACHE_DIR`` nor beside the package nor the user's cache, it would
    refuse the function; here each process then compiles its own.

    Args:
        options: Of ``numba.njit``.
    """

    def compile_and_keep(function: F) -> F:
        compiled: Any = njit(**options)(function)
        with contextlib.suppress(RuntimeError):
            compiled.enable_caching()
        made: F = compiled
        return made

    return compile_and_keep


@intrinsic
def get(context: Any, array: Any, index: Any) -> Any:
    """Return ``array[index]`` of a contiguous array; the index must be valid and not negative."""

    def generate(target: Any, builder: Any, signature: Any, given: Any) -> Any:
        data = target.make_array(signature.args[0])(target, builder, given[0]).data
        return builder.load(builder.gep(data, [given[1]]))

    return array.dtype(array, types.int64), generate


@intrinsic
def put(context: Any, array: Any, index: Any, value: Any) -> Any:
    """Do ``array[index] = value`` of a contiguous array; the index must be valid and not negative."""

    def generate(target: Any, builder: Any, signature: Any, given: Any) -> Any:
        data = target.make_array(signature.args[0])(target, builder, given[0]).data
        builder.store(given[2], builder.gep(data, [given[1]]))
        return target.get_dummy_value()

    return types.void(array, types.int64, array.dtype), generate


_WORD, _FLOAT = ir.IntType(32), ir.FloatType()


@intrinsic
def get_word(context: Any, array: Any, index: Any) -> Any:
    """Return the four bytes from an index on of an array of bytes, as one number; they must be valid."""

    def generate(target: Any, builder: Any, signature: Any, given: Any) -> Any:
        data = target.make_array(signature.args[0])(target, builder, given[0]).data
        place = builder.bitcast(builder.gep(data, [given[1]]), _WORD.as_pointer())
        return builder.load(place, align=1)

    return types.int32(array, types.int64), generate


@intrinsic
def put_word(context: Any, array: Any, index: Any, value: Any) -> Any:
    """Write what ``get_word`` returned to the four bytes from an index on; they must be valid."""

    def generate(target: Any, builder: Any, signature: Any, given: Any) -> Any:
        data = target.make_array(signature.args[0])(target, builder, given[0]).data
        place = builder.bitcast(builder.gep(data, [given[1]]), _WORD.as_pointer())
        builder.store(given[2], place, align=1)
        return target.get_dummy_value()

    return types.void(array, types.int64, types.int32), generate


@intrinsic
def power_of_two(context: Any, shifted: Any) -> Any:
    """Return 2 to the power n of a float32 that is n + 1.5 · 2^23, n in -126..127."""

    def generate(target: Any, builder: Any, signature: Any, given: Any) -> Any:
        exponent = builder.shl(builder.bitcast(given[0], _WORD), _WORD(23))
        return builder.bitcast(builder.add(exponent, _WORD(0x3F800000)), _FLOAT)

    return types.float32(types.float32), generate


@intrinsic
def mantissa(context: Any, x: Any) -> Any:
    """Return a positive, normal float32 divided by a power of two, in 1..2."""

    def generate(target: Any, builder: Any, signature: Any, given: Any) -> Any:
        bits = builder.and_(builder.bitcast(given[0], _WORD), _WORD(0x007FFFFF))
        return builder.bitcast(builder.or_(bits, _WORD(0x3F800000)), _FLOAT)

    return types.float32(types.float32), generate


@intrinsic
def exponent(context: Any, x: Any) -> Any:
    """Return the power of two that ``mantissa`` divided by, as a float32."""

    def generate(target: Any, builder: Any, signature: Any, given: Any) -> Any:
        bits = builder.lshr(builder.bitcast(given[0], _WORD), _WORD(23))
        return builder.sitofp(builder.sub(bits, _WORD(127)), _FLOAT)

    return types.float32(types.float32), generate
