"""Matrix products of small matrices, tile by tile in registers.

A tile of 12 x 32 results stays in 24 vector registers of 16 floats while it runs along the inner axis: a load of
two vectors of B and 12 broadcasts of A feed 24 fused multiply-adds (Goto & van de Geijn 2008,
doi:10.1145/1356052.1356053, without packing, which small matrices do not repay). numba's loops leave LLVM no way to
see such tiles, so they are written in its own language. Where registers are shorter, LLVM splits the vectors.
"""

from typing import Any

from llvmlite import ir
from numba import types
from numba.core import cgutils

from coeval.train.kernels.access import INNER, Floats, Integers, get, intrinsic, put
from coeval.train.kernels.layout import LANES

_INDEX, _FLOAT, _WORD = ir.IntType(64), ir.FloatType(), ir.IntType(32)
_VECTOR = ir.VectorType(_FLOAT, LANES)
BLOCK = 256
"""Of the inner axis at once: so many rows of a tile's vectors stay in the first cache."""
_FMA_NAME = f"llvm.fma.v{LANES}f32"
_SAME = ir.Constant(ir.VectorType(_WORD, LANES), [0] * LANES)


def _tile(rows: int, vectors: int) -> Any:
    """Return the product of one tile: ``c = start + a b``, with ``rows`` rows and ``vectors`` vectors a row.

    The arguments are the memory, then the place and strides of each matrix: ``c`` and its row, ``a``, its row and
    its column, ``b`` and its row, ``start`` and its row; last the inner length.
    """

    @intrinsic
    def tile(
        context: Any, memory: Any, c: Any, c_row: Any, a: Any, a_row: Any, a_column: Any, b: Any, b_row: Any,
        start: Any, start_row: Any, inner: Any,
    ) -> Any:  # fmt: skip
        signature = types.void(memory, *[types.int64] * 10)
        return signature, lambda *given: _emit(rows, vectors, *given)

    return tile


def _emit(
    rows: int, vectors: int, target: Any, builder: Any, signature: Any, given: tuple[Any, ...]
) -> Any:
    memory, c, c_row, a, a_row, a_column, b, b_row, start, start_row, inner = given
    data = target.make_array(signature.args[0])(target, builder, memory).data

    def places(first: Any, stride: Any) -> list[Any]:
        here = builder.gep(data, [first])
        return [builder.gep(here, [builder.mul(stride, _INDEX(row))]) for row in range(rows)]

    def vector(first: Any, number: int) -> Any:
        return builder.bitcast(builder.gep(first, [_INDEX(LANES * number)]), _VECTOR.as_pointer())

    to, left, begin = places(c, c_row), places(a, a_row), places(start, start_row)
    right = builder.gep(data, [b])
    sums = [[cgutils.alloca_once(builder, _VECTOR) for _ in range(vectors)] for _ in range(rows)]
    for row in range(rows):
        for number in range(vectors):
            builder.store(builder.load(vector(begin[row], number), align=4), sums[row][number])
    with cgutils.for_range(builder, inner) as loop:
        here = builder.gep(right, [builder.mul(loop.index, b_row)])
        many = [builder.load(vector(here, number), align=4) for number in range(vectors)]
        step = builder.mul(loop.index, a_column)
        for row in range(rows):
            one = _broadcast(builder, builder.load(builder.gep(left[row], [step])))
            for number in range(vectors):
                known = builder.load(sums[row][number])
                found = builder.call(_fma(builder.module), [one, many[number], known])
                builder.store(found, sums[row][number])
    for row in range(rows):
        for number in range(vectors):
            builder.store(builder.load(sums[row][number]), vector(to[row], number), align=4)
    return target.get_dummy_value()


def _broadcast(builder: Any, value: Any) -> Any:
    none = ir.Constant(_VECTOR, ir.Undefined)
    return builder.shuffle_vector(builder.insert_element(none, value, _WORD(0)), none, _SAME)


def _fma(module: Any) -> Any:
    known = module.globals.get(_FMA_NAME)
    return known or ir.Function(module, ir.FunctionType(_VECTOR, [_VECTOR] * 3), _FMA_NAME)


_tall, _middle, _single = _tile(12, 2), _tile(4, 2), _tile(1, 2)
_tall_narrow, _middle_narrow, _single_narrow = _tile(12, 1), _tile(4, 1), _tile(1, 1)


@INNER
def product(
    memory: Floats, c: int, c_row: int, a: int, a_row: int, a_column: int, b: int, b_row: int,
    start: int, start_row: int, rows: int, columns: int, inner: int,
) -> None:  # fmt: skip
    """Compute ``c = start + a b`` of matrices in one memory, each given by its place and strides.

    Args:
        memory: Holds all four.
        c: ``(rows, columns)``; columns are rounded up to whole vectors, which a row must have room for.
        c_row: From row to row, as of the others; columns are contiguous.
        a: ``(rows, inner)``.
        a_row: From row to row.
        a_column: From column to column.
        b: ``(inner, columns)``.
        b_row: From row to row.
        start: ``(rows, columns)``: c itself to add to it, or a bias with a row stride of 0.
        start_row: From row to row.
        rows: Of c.
        columns: Of c.
        inner: The axis that is summed.
    """
    done = 0
    while done < inner:
        part = min(inner - done, BLOCK)
        left, right = a + done * a_column, b + done * b_row
        _product(
            memory,
            c,
            c_row,
            left,
            a_row,
            a_column,
            right,
            b_row,
            start,
            start_row,
            rows,
            columns,
            part,
        )
        start, start_row = c, c_row
        done += part


@INNER
def _product(
    memory: Floats, c: int, c_row: int, a: int, a_row: int, a_column: int, b: int, b_row: int,
    start: int, start_row: int, rows: int, columns: int, inner: int,
) -> None:  # fmt: skip
    """Compute one stretch of the inner axis."""
    column = 0
    while columns - column > LANES:
        row = 0
        while row + 12 <= rows:
            _tall(memory, c + row * c_row + column, c_row, a + row * a_row, a_row, a_column, b + column, b_row,
                  start + row * start_row + column, start_row, inner)  # fmt: skip
            row += 12
        while row + 4 <= rows:
            _middle(memory, c + row * c_row + column, c_row, a + row * a_row, a_row, a_column, b + column, b_row,
                    start + row * start_row + column, start_row, inner)  # fmt: skip
            row += 4
        while row < rows:
            _single(memory, c + row * c_row + column, c_row, a + row * a_row, a_row, a_column, b + column, b_row,
                    start + row * start_row + column, start_row, inner)  # fmt: skip
            row += 1
        column += 2 * LANES
    if column < columns:
        row = 0
        while row + 12 <= rows:
            _tall_narrow(memory, c + row * c_row + column, c_row, a + row * a_row, a_row, a_column, b + column, b_row,
                         start + row * start_row + column, start_row, inner)  # fmt: skip
            row += 12
        while row + 4 <= rows:
            _middle_narrow(memory, c + row * c_row + column, c_row, a + row * a_row, a_row, a_column, b + column, b_row,
                           start + row * start_row + column, start_row, inner)  # fmt: skip
            row += 4
        while row < rows:
            _single_narrow(memory, c + row * c_row + column, c_row, a + row * a_row, a_row, a_column, b + column, b_row,
                           start + row * start_row + column, start_row, inner)  # fmt: skip
            row += 1


@INNER
def transpose(matrices: Integers, memory: Floats) -> None:
    """Write every matrix of a table ``(matrices, 6)`` the other way round.

    A row of the table: the matrix, its rows, columns and row stride; its transpose and that one's row stride.
    """
    for number in range(len(matrices)):
        at, rows, columns, stride, to, to_stride = (
            matrices[number, 0], matrices[number, 1], matrices[number, 2],
            matrices[number, 3], matrices[number, 4], matrices[number, 5],
        )  # fmt: skip
        blocks = rows // LANES * LANES
        for row in range(0, blocks, LANES):
            for column in range(0, columns, LANES):
                _turn_block(
                    memory,
                    to + column * to_stride + row,
                    to_stride,
                    at + row * stride + column,
                    stride,
                )
        for row in range(blocks, rows):
            for column in range(columns):
                put(memory, to + column * to_stride + row, get(memory, at + row * stride + column))


@intrinsic
def _turn_block(context: Any, memory: Any, to: Any, to_row: Any, of: Any, of_row: Any) -> Any:
    """Transpose 16 x 16 numbers in registers: four rounds swap halves, quarters, pairs and neighbours."""

    def generate(target: Any, builder: Any, signature: Any, given: Any) -> Any:
        data = target.make_array(signature.args[0])(target, builder, given[0]).data

        def row(first: Any, stride: Any, number: int) -> Any:
            place = builder.add(first, builder.mul(stride, _INDEX(number)))
            return builder.bitcast(builder.gep(data, [place]), _VECTOR.as_pointer())

        rows = [builder.load(row(given[3], given[4], number), align=4) for number in range(LANES)]
        for half in (8, 4, 2, 1):
            for upper in [one for one in range(LANES) if not one & half]:
                pair = rows[upper], rows[upper + half]
                for here, mask in ((upper, _keep(half)), (upper + half, _swap(half))):
                    rows[here] = builder.shuffle_vector(*pair, mask)
        for number, value in enumerate(rows):
            builder.store(value, row(given[1], given[2], number), align=4)
        return target.get_dummy_value()

    return types.void(memory, *[types.int64] * 4), generate


def _keep(half: int) -> Any:
    lanes = [lane - half + LANES if lane & half else lane for lane in range(LANES)]
    return ir.Constant(ir.VectorType(_WORD, LANES), lanes)


def _swap(half: int) -> Any:
    lanes = [lane + LANES if lane & half else lane + half for lane in range(LANES)]
    return ir.Constant(ir.VectorType(_WORD, LANES), lanes)
