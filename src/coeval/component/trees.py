"""Gradient-boosted trees, and forests, as components: a table's row to a problem's outputs, in one step.

Lowering (``coeval.build.modules.trees``): ``TreeEnsemble(columns: int, outputs: int, rounds: int, leaves: int, kind: str, indicators: tuple[int, ...])``,
called with the triple ``(numeric, codes, tokens)``. Its numbers are found by growing trees (``coeval.train.trees``), not by gradients.
"""

from coeval.architecture.component import Call, Component, Cost, Rejection, Setting
from coeval.architecture.types import Columns, ValueType, Vector
from coeval.component.rules import columns

MOST_INDICATORS = 512
"""Of a table at most: the categories of the fewest levels come first."""


def indicators_of(given: Columns, most: int) -> tuple[int, ...]:
    """Return how many indicators each category column has: one for each level but the first and the last, or none where there are more than ``most``.

    One split of the codes tells the last level from all others, and the first where none are rare or unseen (code 0).
    """
    found = [0] * len(given.categories)
    for place in sorted(range(len(found)), key=given.categories.__getitem__):
        between = given.categories[place] - 3  # the first code is what is rare or unseen
        if 0 < between <= most and sum(found) + between <= MOST_INDICATORS:
            found[place] = between
    return tuple(found)


def features_of(given: Columns, most: int = 0) -> int:
    """Return how many numbers a row has as trees ask for them: numbers, codes and, of up to so many levels, indicators."""
    return given.numeric + len(given.categories) + sum(indicators_of(given, most))


def _features(call: Call) -> int:
    count = features_of(columns(call.inputs[0]))
    if count == 0:
        raise Rejection("the table has neither numeric nor categorical columns. Trees ask for one.")
    return count


def _type(call: Call) -> Vector:
    _features(call)
    return Vector(int(call.settings["outputs"]))


def _cost(call: Call, output: ValueType) -> Cost:
    rounds, outputs = int(call.settings["rounds"]), int(call.settings["outputs"])
    nodes = 2 * int(call.settings["leaves"]) - 1
    return Cost(parameters=outputs * (rounds * nodes + 1), activations=rounds * outputs)


def _forest_cost(call: Call, output: ValueType) -> Cost:
    rounds, outputs = int(call.settings["rounds"]), int(call.settings["outputs"])
    nodes = 2 * int(call.settings["leaves"]) - 1
    return Cost(parameters=rounds * nodes + outputs, activations=rounds)


def _arguments(call: Call, output: ValueType) -> dict[str, object]:
    shape = {name: call.settings[name] for name in ("outputs", "rounds", "leaves")}
    return {"columns": _features(call), **shape}


def _boosted_arguments(call: Call, output: ValueType) -> dict[str, object]:
    found = indicators_of(columns(call.inputs[0]), int(call.settings["indicators"]))
    return {**_arguments(call, output), "indicators": found}


def _forest_arguments(call: Call, output: ValueType) -> dict[str, object]:
    return {**_arguments(call, output), "kind": call.settings["kind"]}


TREE_ENSEMBLE = Component(
    name="tree_ensemble",
    summary=(
        "Sum of regression trees over numbers and category codes, one a round and output (gradient boosting, Friedman 2001, "
        "doi:10.1214/aos/1013203451): a tree has so many leaves of at least so many rows, its values are shrunk and penalised, and a "
        "split is chosen among a share of the features, at the best threshold or one drawn at random, on a share of the rows "
        "(Friedman 2002, doi:10.1016/S0167-9473(01)00065-2). Levels of a category between its first and its last have an indicator each, unless there are more of them than allowed."
    ),
    type_rule=_type,
    cost_rule=_cost,
    arguments=_boosted_arguments,
    lowering="coeval.build.modules.trees:TreeEnsemble",
    settings=(
        Setting("rounds", (50, 100, 200, 400, 800, 1600), 200, bounds=(1, 10_000)),
        Setting("leaves", (4, 8, 16, 31, 63, 127, 255), 31, bounds=(2, 1024)),
        # How the trees are grown: they are the function as much as their number is.
        Setting("shrinkage", (0.02, 0.05, 0.1, 0.2), 0.1, bounds=(1e-3, 1.0)),
        Setting("penalty", (0.0, 1.0, 10.0), 0.0, bounds=(0.0, 1e6)),
        Setting("least", (5, 20, 50), 20, bounds=(1, 100_000)),
        Setting("share", (0.3, 0.6, 1.0), 1.0, bounds=(0.01, 1.0)),
        Setting("rows", (0.6, 0.8, 1.0), 1.0, bounds=(0.01, 1.0)),  # as splits, of LightGBM alone
        Setting("splits", ("best", "random"), "best"),
        Setting("indicators", (0, 128), 0, bounds=(0, MOST_INDICATORS)),
        Setting("outputs", (1,), 1, bounds=(1, 100_000)),  # the task decides, no search moves it
    ),
    capabilities=frozenset({"entry", "head"}),
)

FOREST = Component(
    name="forest",
    summary=(
        "Mean of randomised trees over numbers and category codes, grown one by one until leaves are pure or as small as allowed: with "
        "thresholds drawn at random (extremely randomised trees, Geurts et al. 2006, doi:10.1007/s10994-006-6226-1), or the best "
        "thresholds on rows drawn with replacement (random forest, Breiman 2001, doi:10.1023/A:1010933404324)."
    ),
    type_rule=_type,
    cost_rule=_forest_cost,
    arguments=_forest_arguments,
    lowering="coeval.build.modules.trees:TreeEnsemble",
    settings=(
        Setting("rounds", (25, 50, 100), 100, bounds=(1, 10_000)),
        Setting("leaves", (256, 1024, 2048, 4096), 2048, bounds=(2, 100_000)),
        Setting("least", (1, 2, 5, 10), 1, bounds=(1, 100_000)),
        Setting("share", (0.3, 0.6, 1.0), 0.6, bounds=(0.01, 1.0)),
        Setting("splits", ("random", "best"), "random"),
        # Of a vote, added to those for each class.
        Setting("smoothing", (0.1, 0.3, 1.0), 0.3, bounds=(1e-6, 1e6)),
        Setting("kind", ("value", "logit", "classes"), "value"),  # the task decides, as of outputs
        Setting("outputs", (1,), 1, bounds=(1, 100_000)),
    ),
    capabilities=frozenset({"entry", "head"}),
)
