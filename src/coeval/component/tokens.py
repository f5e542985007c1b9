"""A table's row as a set of tokens, one for each column, for attention.

Lowering (``coeval.build.modules.tokens``): ``TokenEntry(columns: int, cardinalities: tuple[int, ...], width: int)``, called with the
triple ``(numeric, codes, tokens)``.
"""

from coeval.architecture.component import Call, Component, Cost, Rejection, Setting
from coeval.architecture.types import Set, ValueType
from coeval.component.rules import columns


def _count(call: Call) -> int:
    given = columns(call.inputs[0])
    count = given.numeric + len(given.categories)
    if count == 0:
        raise Rejection("the table has neither numeric nor categorical columns. Tokens need one.")
    return count


def _type(call: Call) -> Set:
    return Set(_count(call), int(call.settings["width"]))


def _cost(call: Call, output: ValueType) -> Cost:
    given, width = columns(call.inputs[0]), int(call.settings["width"])
    # A direction for each number, a vector for each code, and an offset for each column.
    vectors = given.numeric + sum(given.categories) + _count(call)
    return Cost(parameters=vectors * width, activations=2 * _count(call) * width)


def _arguments(call: Call, output: ValueType) -> dict[str, object]:
    given = columns(call.inputs[0])
    return {
        "columns": given.numeric,
        "cardinalities": given.categories,
        "width": int(call.settings["width"]),
    }


TOKEN_ENTRY = Component(
    name="token_entry",
    summary=(
        "Each numeric column as a learnt direction times its value, each category as a learnt vector, with an offset of the column's own: "
        "a set of tokens (FT-Transformer, Gorishniy et al. 2021, arXiv:2106.11959, section 3.3). Texts are left out."
    ),
    type_rule=_type,
    cost_rule=_cost,
    arguments=_arguments,
    lowering="coeval.build.modules.tokens:TokenEntry",
    settings=(Setting("width", (16, 32, 64, 96, 128), 32, bounds=(1, 1024)),),
    capabilities=frozenset({"entry"}),
)
