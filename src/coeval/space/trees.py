"""The spaces of gradient-boosted trees and of forests for a table: one step, whose settings are decided."""

import itertools
import math
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.util import find_spec

from coeval.architecture.component import Component, Settings, Value
from coeval.architecture.step import Architecture, sequence, step
from coeval.architecture.types import Columns
from coeval.component.trees import FOREST, TREE_ENSEMBLE, indicators_of
from coeval.space.choices import ChoiceSpace, by_default
from coeval.space.portfolio import MANY
from coeval.space.protocol import Candidate
from coeval.space.slots import Slot, SlotSpace
from coeval.task.task import Problem, Task

NODES = 410_000
"""Most nodes of an ensemble: 20 bytes each as tensors, 12 in an ONNX file."""
FOREST_NODES = 420_000
"""Likewise of a forest, whose trees are grown until their leaves are pure."""
TRAVEL = 20.0
"""Rounds times shrinkage that a seed has at least: where many classes leave few rounds, it takes longer steps. 200 rounds of letter had a log loss
of .171 with steps of .1, and of .186 with .05 (validation, one seed)."""
SIZE = {"rounds": 0.1, "leaves": 2.0}
"""What it costs a seed to have another number of these than an expert wants, for its logarithm's square."""
ENOUGH, MISSED = 400, 3.0
"""Rounds below which it costs so much more: 400 rounds of 63 leaves had a log loss of .597 on sleep in 10 s, 800 of 31 had .599 in 14 s; 200 of 31 had .171 on letter, 100
of 63 had .189 (validation, one seed)."""
_FIXED = ("outputs", "kind")
_KINDS = {Problem.BINARY: "logit", Problem.MULTICLASS: "classes", Problem.REGRESSION: "value"}
_DEEP: Mapping[str, Value] = {
    "rounds": 1600, "leaves": 63, "shrinkage": 0.05, "penalty": 1, "least": 5, "share": 0.6, "rows": 0.8, "splits": "best", "indicators": 128,
}  # fmt: skip
"""Larger than the usual 31 leaves at 0.1, which these beat on phoneme (log loss .294, .308), wine_quality (RMSE .608, .617), diamonds (538, 551) and
california_houses (48,009, 48,409; validation, one seed), in no more time. Early stopping takes what rounds it needs: 400 were too few on beijing_pm25 (RMSE
44.1, with 1,600 40.1) and connect_4 (log loss .418, with 800 .400). Indicators beside codes, validation: connect_4 .401 to .378, nursery .0082 to .0038, credit_g
.511 to .492, adult .2843 to .2822, optdigits .118 to .114, nyc_taxis (scaled RMSE) .419 to .403, diamonds .137 to .135, abalone .694 to .686; splice .112 to .115, beijing_pm25 .437
to .442, titanic as before (one fold each, three of credit_g and titanic). With ``_SLOW`` likewise, but beijing_pm25 gained."""
_SLOW: Mapping[str, Value] = {
    "rounds": 800, "leaves": 16, "shrinkage": 0.05, "penalty": 1, "least": 20, "share": 0.6, "rows": 0.8, "splits": "best", "indicators": 128,
}  # fmt: skip
_LARGE: Mapping[str, Value] = {**_DEEP, "leaves": 127}
"""Of many rows and values alone: beijing_pm25 came to .427 instead of .442, wine_quality to .711 instead of .720, nyc_taxis to .403 as before (validation, scaled RMSE, one fold
each); diamonds, house_16h, california_houses and abalone lost 1 to 2 % with still larger ones."""
_BOOSTED = {"trees": _DEEP, "slow_trees": _SLOW}
_FORESTS: Mapping[str, Mapping[str, Value]] = {
    "forest": {"rounds": 100, "leaves": 2048, "least": 1, "share": 0.6, "splits": "random", "smoothing": 0.3},
    "best_forest": {"rounds": 100, "leaves": 1024, "least": 2, "share": 0.3, "splits": "best", "smoothing": 0.3},
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Ensembles:
    """From one choice for each setting to the architecture, and back.

    Attributes:
        component: The only step's.
        columns: Of the default preparation.
        fixed: Settings that the task decides.
        names: Of the settings that are decided, in the order of the slots.
        values: What each may be.
    """

    component: Component
    columns: Columns
    fixed: Settings
    names: tuple[str, ...]
    values: tuple[tuple[Value, ...], ...]

    def assemble(self, picks: tuple[int, ...]) -> Architecture:
        """Return the architecture of these choices."""
        chosen = {
            name: every[pick]
            for name, every, pick in zip(self.names, self.values, picks, strict=True)
        }
        one = step(self.component, 0, **dict(self.fixed), **chosen)
        return Architecture((self.columns,), sequence(1, [one]))

    def parse(self, architecture: Architecture) -> tuple[int, ...] | None:
        """Return the choices that an architecture seems to be made of."""
        steps = architecture.body.steps
        if len(steps) != 1 or steps[0].component != self.component:
            return None
        settings = dict(steps[0].settings)
        try:
            return tuple(
                every.index(settings[name])
                for name, every in zip(self.names, self.values, strict=True)
            )
        except ValueError:
            return None


def trees_space(task: Task, columns: Columns) -> SlotSpace:
    """Return the tree ensembles for a table, no larger than ``NODES``; of thousands of classes the smallest.

    Args:
        task: Decides how many outputs there are.
        columns: Of the default preparation: numbers or categories.
    """
    outputs = _outputs(task)
    values = _decided(TREE_ENSEMBLE)
    least = int(values["rounds"][0]) * int(values["leaves"][0])
    most = max(NODES // 2 // outputs, least)
    values["rounds"] = _fitting(values["rounds"], most // int(values["leaves"][0]))
    values["leaves"] = _fitting(values["leaves"], most // int(values["rounds"][0]))
    if find_spec("lightgbm") is None:  # scikit-learn's draw neither, and bundle no indicators
        values |= {"rows": (1.0,), "splits": ("best",), "indicators": (0,)}
    elif not any(indicators_of(columns, int(values["indicators"][-1]))):
        values["indicators"] = (0,)
    groups = [tuple((n,) for n in range(len(every))) for every in values.values()]
    sizes = itertools.product(enumerate(values["rounds"]), enumerate(values["leaves"]))
    fitting = tuple(
        (m, n) for (m, rounds), (n, leaves) in sizes if int(rounds) * int(leaves) <= most
    )
    fixed = (("outputs", outputs),)
    return _space(TREE_ENSEMBLE, columns, fixed, values, (fitting, *groups[2:]))


def forest_space(task: Task, columns: Columns) -> SlotSpace:
    """Return the forests for a table, no larger than ``FOREST_NODES`` and without more leaves than a tree can have.

    Args:
        task: Decides what the trees say, and how many rows there are for leaves.
        columns: Of the default preparation: numbers or categories.
    """
    values = _decided(FOREST)
    rows = len(task.splits.train)
    enough = [one for one in values["leaves"] if float(one) >= rows][:1]
    values["leaves"] = _fitting(values["leaves"], int(enough[0]) if enough else rows)
    # More trees are never worse: as many as fit, not as many as validation happens to like.
    values["rounds"] = _fitting(values["rounds"], FOREST_NODES // 2 // int(values["leaves"][-1]))[
        -1:
    ]
    fixed = (("outputs", _outputs(task)), ("kind", _KINDS[task.problem]))
    return _space(FOREST, columns, fixed, values)


def _outputs(task: Task) -> int:
    return task.outputs if task.problem is Problem.MULTICLASS else 1


def _decided(component: Component) -> dict[str, tuple[Value, ...]]:
    """Return the choices of the settings that a search decides."""
    return {one.name: one.choices for one in component.settings if one.name not in _FIXED}


def _space(
    component: Component,
    columns: Columns,
    fixed: Settings,
    values: Mapping[str, tuple[Value, ...]],
    groups: tuple[tuple[tuple[int, ...], ...], ...] = (),
) -> SlotSpace:
    assembly = Ensembles(component, columns, fixed, tuple(values), tuple(values.values()))
    slots = tuple(Slot(name, tuple(str(one) for one in every)) for name, every in values.items())
    return SlotSpace(slots, assembly, "architecture", components=(component,), groups=groups)


def tree_seeds(
    task: Task,
    trees: SlotSpace,
    forests: SlotSpace,
    preparation: ChoiceSpace,
    recipe: ChoiceSpace,
) -> dict[str, Candidate]:
    """Return what an expert would start with, on columns prepared as by default.

    Large trees of small leaves, perhaps still larger ones, and more, smaller ones for few rows; a forest of random thresholds, its leaves pure, and one of
    the best thresholds.

    Args:
        task: Of values and many rows, it gets the larger ones; few rows would have no use for so many leaves.
        trees: The space of boosted trees.
        forests: The space of forests.
        preparation: The space of the part ``preparation``; its defaults are taken.
        recipe: The space of the part ``recipe``; likewise.
    """
    found = {name: _nearest(trees, wanted) for name, wanted in _BOOSTED.items()}
    if task.problem is Problem.REGRESSION and len(task.splits.train) > MANY:
        found["large_trees"] = _nearest(trees, _LARGE)
    found |= {name: _nearest(forests, wanted) for name, wanted in _FORESTS.items()}
    return {name: by_default(preparation, one, recipe) for name, one in found.items()}


def _nearest(space: SlotSpace, wanted: Mapping[str, Value]) -> Architecture:
    """Return the member whose settings are the nearest to those wanted, with longer steps where it has fewer rounds."""

    def picks(wanted: Mapping[str, Value]) -> list[str]:
        near = [
            [_near(slot.name, one, wanted[slot.name]) for one in slot.options]
            for slot in space.slots
        ]
        return [slot.options[n] for slot, n in zip(space.slots, space.best(near), strict=True)]

    if "shrinkage" in wanted:
        rounds = float(picks(wanted)[0])
        wanted = {**wanted, "shrinkage": max(float(wanted["shrinkage"]), TRAVEL / rounds)}
    return space.assemble(picks(wanted))


def _near(name: str, option: str, wanted: Value) -> float:
    """Return how near an option is to what is wanted, 0 at most; trees keep their size rather than their number."""
    if isinstance(wanted, str):
        return float(option == wanted) - 1
    if name in SIZE:
        missed = MISSED * math.log(ENOUGH / min(float(option), ENOUGH)) ** 2
        apart = SIZE[name] * math.log(float(option) / float(wanted)) ** 2
        return -(apart + missed) if name == "rounds" else -apart
    return -abs(float(option) - float(wanted))


def _fitting(choices: tuple[Value, ...], most: int) -> tuple[Value, ...]:
    return tuple(one for one in choices if float(one) <= most) or choices[:1]
