"""A linear model as a component: a table's row to a problem's outputs, in one step.

Lowering (``coeval.build.modules.linear_model``): ``LinearModel(numeric: int, cardinalities: tuple[int, ...], lengths: tuple[int,
...], vocabularies: tuple[int, ...], outputs: int)``, called with the triple ``(numeric, codes, tokens)``. Its numbers are those of
a convex problem, solved to its end (``coeval.train.linear``), not followed for some epochs.
"""

from coeval.architecture.component import Call, Component, Cost, Setting
from coeval.architecture.types import Columns, ValueType, Vector
from coeval.component.rules import columns


def _given(call: Call) -> tuple[Columns, int]:
    return columns(call.inputs[0]), int(call.settings["outputs"])


def _type(call: Call) -> Vector:
    return Vector(_given(call)[1])


def _cost(call: Call, output: ValueType) -> Cost:
    given, outputs = _given(call)
    codes = sum(given.categories) + sum(text.vocabulary for text in given.texts)
    return Cost(
        parameters=outputs * (given.numeric + codes + 1),
        macs=outputs * given.numeric,
        activations=outputs * (1 + len(given.categories) + sum(one.length for one in given.texts)),
    )


def _arguments(call: Call, output: ValueType) -> dict[str, object]:
    given, outputs = _given(call)
    return {
        "numeric": given.numeric,
        "cardinalities": given.categories,
        "lengths": tuple(text.length for text in given.texts),
        "vocabularies": tuple(text.vocabulary for text in given.texts),
        "outputs": outputs,
    }


LINEAR_MODEL = Component(
    name="linear_model",
    summary=(
        "Weighted sum of a row's numbers, of a number for each category and of the shares of a text's words: ridge (Hoerl & Kennard "
        "1970, doi:10.1080/00401706.1970.10488634) or logistic regression, its penalty chosen on validation."
    ),
    type_rule=_type,
    cost_rule=_cost,
    arguments=_arguments,
    lowering="coeval.build.modules.linear_model:LinearModel",
    settings=(Setting("outputs", (1,), 1, bounds=(1, 100_000)),),  # the task decides
    capabilities=frozenset({"entry", "head"}),
)
