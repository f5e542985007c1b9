"""The space of whole candidates for a table: preparation, architecture, recipe, and the seeds in it."""

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from coeval.architecture.component import Component, Settings, Value
from coeval.architecture.inference import infer
from coeval.architecture.retype import retyped
from coeval.architecture.step import Architecture
from coeval.architecture.types import Columns, describe
from coeval.component.channel import DROPOUT, GLU_GATE, LINEAR, SCALE
from coeval.component.head import BINARY_HEAD, CLASS_HEAD, VALUE_HEAD
from coeval.component.library import ACTIVATIONS, ENTRIES, MERGES, NORMS, REGIONS
from coeval.component.members import COUNTS, MEMBER_LINEAR, VOTE
from coeval.errors import SpaceError, unknown
from coeval.space.choices import ChoiceSpace
from coeval.space.either import EitherSpace
from coeval.space.grammar import Grammar
from coeval.space.limits import Limits
from coeval.space.linear import linear_seed, linear_space
from coeval.space.plan import Frame, assemble
from coeval.space.portfolio import looks_of, order
from coeval.space.presets import seeds_for
from coeval.space.product import ProductSpace
from coeval.space.protocol import Candidate, Space
from coeval.space.recipe import recipe_for, weights_may_pay
from coeval.space.sequences import SequenceSpace
from coeval.space.tokens import token_seeds, tokens_space
from coeval.space.trees import forest_space, tree_seeds, trees_space
from coeval.space.vocabulary import LADDER, settings_of, vocabulary
from coeval.task import memory
from coeval.task.preparation import columns_for
from coeval.task.prepare import preparation_choices
from coeval.task.task import Problem, Task

TRUNK: tuple[Component, ...] = (
    LINEAR, *ACTIVATIONS, *NORMS, DROPOUT, SCALE, GLU_GATE, *MERGES, *REGIONS
)  # fmt: skip
CHOICES: Mapping[str, tuple[Value, ...]] = {"repeat.times": (2, 3, 4)}
"""Repeating once is the body itself; more than four times is a matter of nesting."""
WORK = 1.6e11
"""Multiply-accumulates that the longest training may take forward: about 30 s on one core."""
LEAST_MACS = 200_000
"""What a network may always have: two hidden layers of 256 over 400 numbers."""
WEIGHTS: Mapping[str, float] = {"preparation": 0.5, "architecture": 2.0, "recipe": 1.5}
"""How often a mutation edits each part."""
MODELS = ("all", "neural")
MEMBERS_AT_MOST = 16
"""Of an ensemble inside one network; each costs as much as the network alone."""
_VOTES = {BINARY_HEAD: "logit", CLASS_HEAD: "classes", VALUE_HEAD: "value"}
SHARES: Mapping[str, float] = {
    "network": 0.6,
    "tokens": 0.05,
    "trees": 0.3,
    "forest": 0.1,
    "linear": 0.03,
}
"""How often each family is drawn among random candidates."""
LONG = 2.0
"""Effort from which on transformers take part: PyTorch alone trains them, several times slower than the others."""


@dataclass(frozen=True, slots=True, eq=False)
class Typing:
    """Gives a candidate's architecture the columns that its preparation yields on the training rows.

    A path to the folder that ``task.memory`` wrote makes a space that travels to workers without its data.
    """

    source: Task | Path
    _known: dict[Settings, Columns] = field(default_factory=dict, repr=False)

    def __call__(self, candidate: Candidate) -> Architecture:
        """Return the architecture with its input retyped."""
        settings = candidate.part("preparation")
        assert isinstance(settings, tuple)
        if settings not in self._known:
            task = memory.load(self.source) if isinstance(self.source, Path) else self.source
            self._known[settings] = columns_for(
                dict(settings), task.table, task.splits.train, task.target
            )
        return retyped(candidate.architecture, self._known[settings])


def space_for(
    task: Task,
    *,
    limits: Limits = Limits(),  # noqa: B008 - an immutable value
    components: tuple[Component, ...] = TRUNK,
    ladder: tuple[int, ...] = LADDER,
    source: Path | None = None,
    effort: float = 1.0,
    models: str = "all",
) -> ProductSpace:
    """Return the space of candidates for a table.

    Args:
        task: Gives the kinds of column, the number of rows and the problem.
        limits: Of an architecture's length and cost, for the columns of the default preparation.
        components: What an architecture's trunk may be made of.
        ladder: Widths of the trunk.
        effort: How long a recipe may train, as a multiple of what suits a search of a minute.
        source: Where ``task.memory`` wrote the task, for a space that is sent to workers.
        models: ``"all"`` for networks, linear models, boosted trees and forests, ``"neural"`` for networks alone.

    Raises:
        SpaceError: Not even the smallest network fits the limits, or ``models`` is neither.
    """
    check_models(models)
    preparation = ChoiceSpace(preparation_choices(task), "preparation")
    usual = {one.name: one.default for one in preparation.settings}
    columns = columns_for(usual, task.table, task.splits.train, task.target)
    head, settings = head_for(task)
    rows = len(task.splits.train)
    classes = task.problem is not Problem.REGRESSION
    recipe = ChoiceSpace(
        recipe_for(
            rows,
            classes=classes,
            folds=len(task.folds),
            effort=effort,
            weighted=weights_may_pay(task),
        ),
        "recipe",
    )
    longest = next(max(one.choices) for one in recipe.settings if one.name == "epochs")
    macs = affordable_macs(columns, task.outputs, rows * len(task.folds) * int(longest))
    limits = dataclasses.replace(limits, macs=min(macs, limits.macs or macs))
    architecture = sequence_space(
        columns,
        head,
        settings,
        components=components,
        ladder=ladder,
        limits=limits,
        members=MEMBERS_AT_MOST,
    )
    parts: dict[str, Space[Any]] = {
        "preparation": preparation,
        "architecture": architecture,
        "recipe": recipe,
    }
    seeds = seeds_for(task, preparation, architecture, recipe)
    families: dict[str, Space[Any]] = {"network": architecture}
    tokens = tokens_space(columns, head, settings, limits) if effort >= LONG else None
    if tokens is not None:
        families["tokens"] = tokens
        seeds |= token_seeds(tokens, preparation, recipe)
    if models == "all" and (columns.numeric or columns.categories):
        families["trees"] = trees = trees_space(task, columns)
        families["forest"] = forests = forest_space(task, columns)
        seeds = {
            **tree_seeds(task, trees, forests, preparation, recipe),
            **seeds,
        }
    if models == "all":
        families["linear"] = linear = linear_space(task, columns)
        seeds = {**linear_seed(linear, preparation, recipe), **seeds}
    if len(families) > 1:
        shares = [SHARES[name] for name in families]
        parts["architecture"] = EitherSpace(families, tuple(one / sum(shares) for one in shares))
    named = {name: seeds[name] for name in order(seeds, looks_of(task))}
    return ProductSpace(parts, weights=WEIGHTS, named=named, typing=Typing(source or task))


def check_models(models: str) -> None:
    """Check a name of the kinds of models that compete.

    Raises:
        SpaceError: It is unknown.
    """
    if models not in MODELS:
        raise SpaceError(unknown("models", models, MODELS))


def affordable_macs(columns: Columns, outputs: int, passes: int) -> int:
    """Return the multiply-accumulates that one example may take so that training stays within ``WORK``.

    Args:
        columns: The network's input.
        outputs: Numbers that the head gives.
        passes: Rows that the longest training sees, each counted once an epoch.
    """
    inputs = columns.numeric + sum(min(one, 32) for one in columns.categories)
    inputs += 64 * len(columns.texts)
    narrow = inputs * (64 + outputs)  # wide tables must at least have room for a layer of 64
    return max(int(WORK / max(1, passes)), LEAST_MACS, narrow)


def head_for(task: Task) -> tuple[Component, Settings]:
    """Return the head of a task's problem and its settings."""
    match task.problem:
        case Problem.BINARY:
            return BINARY_HEAD, ()
        case Problem.MULTICLASS:
            return CLASS_HEAD, CLASS_HEAD.complete({"classes": task.outputs})
        case _:
            return VALUE_HEAD, ()


def sequence_space(
    columns: Columns,
    head: Component,
    head_settings: Settings = (),
    *,
    components: tuple[Component, ...] = TRUNK,
    entries: tuple[Component, ...] = ENTRIES,
    ladder: tuple[int, ...] = LADDER,
    choices: Mapping[str, tuple[Value, ...]] = CHOICES,
    limits: Limits = Limits(),  # noqa: B008 - an immutable value
    members: int = 1,
) -> SequenceSpace:
    """Return the space of sequences for a table.

    Args:
        columns: The input that the default preparation yields.
        head: The head of the task's problem.
        head_settings: Its settings.
        components: What the trunk may be made of.
        entries: Numeric, category and text entry, in this order; those without columns are left out.
        ladder: Widths of the trunk.
        choices: Narrower choices, by ``"component.setting"``.
        limits: Of length and cost.
        members: How many an ensemble inside one network may have at most, with one of coeval's own heads.

    Raises:
        SpaceError: The table has no columns, or not even the smallest network fits the limits.
    """
    present = (columns.numeric > 0, bool(columns.categories), bool(columns.texts))
    used = tuple(one for one, here in zip(entries, present, strict=True) if here)
    if not used:
        raise SpaceError("Expected at least one numeric, categorical or text column, got none.")
    grammar = Grammar(vocabulary(components, ladder, choices), limits)
    ballot: tuple[tuple[Component, Settings], ...] = ()
    if members > 1 and head in _VOTES:
        outputs = int(dict(head_settings).get("classes", 1))
        ballot = (
            (MEMBER_LINEAR, MEMBER_LINEAR.complete({"width": outputs})),
            (VOTE, VOTE.complete({"kind": _VOTES[head]})),
        )
    frame = Frame(columns, used, head, head_settings, ballot)
    counts = tuple(one for one in COUNTS if one <= members)
    variants = tuple(settings_of(one, {**choices, "members.count": counts}) for one in frame.slots)
    space = SequenceSpace(frame, grammar, variants)
    excess = limits.excess(infer(assemble(frame, space.smallest())).cost)
    if excess:
        raise SpaceError(
            f"Even the smallest network for {describe(columns)} exceeds the limits: {excess}. "
            "Raise the limit, or drop or group categories."
        )
    return space
