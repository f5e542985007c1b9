"""The space of gradient-boosted trees for a table: one step, whose settings are decided."""

from collections.abc import Mapping
from dataclasses import dataclass

from coeval.architecture.component import Value
from coeval.architecture.step import Architecture, sequence, step
from coeval.architecture.types import Columns
from coeval.component.trees import TREE_ENSEMBLE
from coeval.space.choices import ChoiceSpace
from coeval.space.protocol import Candidate
from coeval.space.slots import Slot, SlotSpace
from coeval.task.task import Problem, Task

NODES = 250_000
"""Most nodes of an ensemble: 20 bytes each as tensors, 40 in an ONNX file."""
TRAVEL = 10.0
"""Rounds times shrinkage that a seed has at least: where many classes leave few rounds, it takes longer steps."""
_FIXED = "outputs"
_DEEP = {"rounds": 400, "leaves": 63, "shrinkage": 0.05, "penalty": 1, "least": 5, "share": 0.6}
"""Larger than the usual 31 leaves at 0.1, which these beat on phoneme (log loss .294, .308), wine_quality (RMSE .608, .617), diamonds (538, 551) and
california_houses (48,009, 48,409; validation, one seed), in no more time; early stopping takes what rounds it needs."""
_SLOW = {"rounds": 800, "leaves": 16, "shrinkage": 0.05, "penalty": 1, "least": 20, "share": 0.6}


@dataclass(frozen=True, slots=True)
class Ensembles:
    """From one choice for each setting to the architecture, and back.

    Attributes:
        columns: Of the default preparation.
        outputs: Of a row.
        names: Of the settings that are decided, in the order of the slots.
        values: What each may be.
    """

    columns: Columns
    outputs: int
    names: tuple[str, ...]
    values: tuple[tuple[Value, ...], ...]

    def assemble(self, picks: tuple[int, ...]) -> Architecture:
        """Return the architecture of these choices."""
        chosen = {
            name: every[pick]
            for name, every, pick in zip(self.names, self.values, picks, strict=True)
        }
        one = step(TREE_ENSEMBLE, 0, outputs=self.outputs, **chosen)
        return Architecture((self.columns,), sequence(1, [one]))

    def parse(self, architecture: Architecture) -> tuple[int, ...] | None:
        """Return the choices that an architecture seems to be made of."""
        steps = architecture.body.steps
        if len(steps) != 1 or steps[0].component != TREE_ENSEMBLE:
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
    """Return the tree ensembles for a table, no larger than ``NODES``.

    Args:
        task: Decides how many outputs there are.
        columns: Of the default preparation: numbers or categories.
    """
    outputs = task.outputs if task.problem is Problem.MULTICLASS else 1
    decided = [one for one in TREE_ENSEMBLE.settings if one.name != _FIXED]
    values = {one.name: one.choices for one in decided}
    most = NODES // outputs
    values["leaves"] = _fitting(values["leaves"], most // 2 // int(values["rounds"][0]))
    values["rounds"] = _fitting(values["rounds"], most // 2 // int(values["leaves"][-1]))
    assembly = Ensembles(columns, outputs, tuple(values), tuple(values.values()))
    slots = tuple(Slot(name, tuple(str(one) for one in every)) for name, every in values.items())
    return SlotSpace(slots, assembly, "architecture", components=(TREE_ENSEMBLE,))


def tree_seeds(
    trees: SlotSpace, preparation: ChoiceSpace, recipe: ChoiceSpace
) -> dict[str, Candidate]:
    """Return the ensembles that an expert would start with: large trees of small leaves, and more, smaller ones for few rows.

    Args:
        trees: The space of the part ``architecture``.
        preparation: The space of the part ``preparation``; its defaults are taken.
        recipe: The space of the part ``recipe``; likewise.
    """
    wanted = {"trees": _DEEP, "slow_trees": _SLOW}
    return {
        name: Candidate(
            (
                ("preparation", preparation.default()),
                ("architecture", _nearest(trees, settings)),
                ("recipe", recipe.default()),
            )
        )
        for name, settings in wanted.items()
    }


def _nearest(trees: SlotSpace, wanted: Mapping[str, float]) -> Architecture:
    """Return the member whose settings are the nearest to those wanted, with longer steps where it has fewer rounds."""
    options = {slot.name: slot.options for slot in trees.slots}
    rounds = float(_closest(options["rounds"], wanted["rounds"]))
    steps = {**wanted, "shrinkage": max(wanted["shrinkage"], TRAVEL / rounds)}
    return trees.assemble([_closest(every, steps[name]) for name, every in options.items()])


def _closest(options: tuple[str, ...], wanted: float) -> str:
    return min(options, key=lambda option: abs(float(option) - wanted))


def _fitting(choices: tuple[Value, ...], most: int) -> tuple[Value, ...]:
    return tuple(one for one in choices if float(one) <= most) or choices[:1]
