"""From raw columns to a task: the path that files and frames share."""

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from coeval.errors import DataError
from coeval.seed import generator
from coeval.task.columns import concatenate, to_table
from coeval.task.fingerprint import fingerprint
from coeval.task.gaps import about_gaps, without_gaps
from coeval.task.groups import group_numbers, joined
from coeval.task.kinds import infer_kinds, listed
from coeval.task.leakage import copied, leaks
from coeval.task.metric import Metric
from coeval.task.metrics import metric
from coeval.task.own_metric import Own
from coeval.task.raw import Form, RawColumn
from coeval.task.split import FOLDED_BELOW, Shares, Structure, fold, split, strata
from coeval.task.table import ColumnSchema, Kind, Schema, Table
from coeval.task.target import Encoded, encode_target
from coeval.task.task import Index, Problem, Splits, Target, Task

Folds = tuple[tuple[Index, Index], ...]
"""Rows to train on and rows to validate on, for each."""

MOST_LONE = 0.05
"""Share of the rows that may be left out because each is the only one of its class; more, and the target is no class."""


@dataclass(frozen=True, slots=True, eq=False)
class Plan:
    """What the user wants to be made of the columns.

    Attributes:
        name: The task's name.
        problem: Said by the user, or ``None``.
        metric: A name, a ``Metric``, a function, or ``None`` for the default.
        overrides: Kinds set by the user.
        reserved: Columns that are no features, with the reason.
        group: Rows of one value of this column stay on one side of every split.
        time: Splits are in order of this column.
        weights: Sample weights.
        shares: Sizes of the splits.
        seed: Source of chance.
        several_folds: ``None``: below 2,000 rows.
        fewest: Least number of rows.
        strict: Leave out classes of a single row, and warn of leaks: for files, not for estimators.
    """

    name: str
    problem: Problem | str | None = None
    metric: str | Metric | Own | None = None
    overrides: Mapping[str, Kind] = field(default_factory=dict)
    reserved: Mapping[str, str] = field(default_factory=dict)
    group: RawColumn | None = None
    time: RawColumn | None = None
    weights: RawColumn | None = None
    shares: Shares = field(default_factory=Shares)
    seed: int = 0
    several_folds: bool | None = None
    fewest: int = 30
    strict: bool = True


@dataclass(frozen=True, slots=True, eq=False)
class Extra:
    """An own test set, already in the task's columns and classes."""

    table: Table
    target: Target
    weights: npt.NDArray[np.float64] | None
    groups: npt.NDArray[np.int64] | None = None


def assemble(
    features: Sequence[RawColumn], target: RawColumn, plan: Plan, notes: Sequence[str] = ()
) -> Task:
    """Return the task of raw columns.

    Args:
        features: All columns but the target, in order.
        target: The target column.
        plan: What to make of them.
        notes: What was noted on the way here.

    Raises:
        DataError: The data cannot be learnt from; the message says why and what to do.
    """
    said = list(notes)
    features, target, plan = drop_unlabelled(features, target, plan, said)
    refuse_few(len(target.values), plan)
    features, target, plan, encoded = encode_classes(features, target, plan, said)
    features = [without_gaps(one, plan.overrides.get(one.name)) for one in features]
    schema = Schema(infer_kinds(features, plan.overrides, plan.reserved))
    _refuse_no_features(schema)
    table = to_table(features, schema, len(target.values))
    said += [one for one in (encoded.note, *_about(features, schema)) if one]
    structure = structure_of(plan, said)
    splits, folds = deal(encoded, plan, structure)
    if plan.strict:
        said += leaks(table, encoded.target, encoded.problem, generator(plan.seed, "leakage"))
    task = seal(
        Task(
            plan.name,
            encoded.problem,
            schema,
            table,
            encoded.target,
            splits,
            folds,
            metric(plan.metric, encoded.problem, labels=metric_labels(encoded.target)),
            read_weights(plan.weights),
            "",
            tuple(said),
            structure.groups,
        )
    )
    return _noted(task) if plan.strict else task


def with_test(task: Task, extra: Extra) -> Task:
    """Return a task without a test split with the rows of an own test set appended as one."""
    rows, more = task.table.rows, extra.table.rows
    values = np.concatenate([task.target.values, extra.target.values])
    old = task.target
    weights = None
    if task.weights is not None:
        own = np.ones(more) if extra.weights is None else extra.weights
        weights = np.concatenate([task.weights, own])
    test = np.arange(rows, rows + more)
    splits = Splits(task.splits.train, task.splits.validation, task.splits.selection, test)
    target = Target(old.name, values, old.classes, old.number)
    whole = seal(
        Task(
            task.name,
            task.problem,
            task.schema,
            concatenate(task.table, extra.table),
            target,
            splits,
            task.folds,
            task.metric,
            weights,
            "",
            task.notes,
            joined(task.groups, extra.groups, more),
        )
    )
    return _noted(whole, is_own=True)


def _noted(task: Task, *, is_own: bool = False) -> Task:
    """Return the task with what can be said of its test rows."""
    return dataclasses.replace(task, notes=(*task.notes, *copied(task, is_own=is_own)))


def seal(task: Task) -> Task:
    """Return the task with its fingerprint."""
    return dataclasses.replace(task, fingerprint=fingerprint(task))


def metric_labels(target: Target) -> npt.NDArray[np.generic] | None:
    """Return the label of each class index as a metric of the user's gets it; ``None`` for regression."""
    if not target.classes:
        return None
    return np.array(target.classes, dtype=np.float64 if target.number else np.str_)


def drop_unlabelled(
    features: Sequence[RawColumn], target: RawColumn, plan: Plan, notes: list[str]
) -> tuple[Sequence[RawColumn], RawColumn, Plan]:
    """Return everything without the rows whose target is missing.

    Raises:
        DataError: It is missing in all.
    """
    missing = target.missing if target.form is not Form.NESTED else np.zeros(1, bool)
    if not missing.any():
        return features, target, plan
    if missing.all():
        raise DataError(
            f"Target {target.name!r} is missing in every row. Choose another target, or fill it in."
        )
    keep = ~missing
    notes.append(f"{int(missing.sum())} rows without a target are left out")
    return [one.take(keep) for one in features], target.take(keep), taken(plan, keep)


def taken(plan: Plan, rows: npt.NDArray[Any]) -> Plan:
    """Return the plan for some of the rows (indices or a mask)."""
    return dataclasses.replace(
        plan,
        group=plan.group and plan.group.take(rows),
        time=plan.time and plan.time.take(rows),
        weights=plan.weights and plan.weights.take(rows),
    )


def refuse_few(rows: int, plan: Plan) -> None:
    """Raise a ``DataError`` if there are fewer rows than the plan asks for."""
    if rows < plan.fewest:
        names = ("train", "validation", "selection", "test")
        wanted = [name for name, share in zip(names, plan.shares.all, strict=True) if share > 0]
        raise DataError(
            f"Expected at least {plan.fewest} rows with a target, so that the splits ({', '.join(wanted)}) "
            f"mean something, got {rows}. Add rows."
        )


def encode_classes(
    features: Sequence[RawColumn], target: RawColumn, plan: Plan, notes: list[str]
) -> tuple[Sequence[RawColumn], RawColumn, Plan, Encoded]:
    """Return everything without the classes of a single row, if the plan is strict, and the target encoded.

    What is learnt from that row could not be judged on another.

    Raises:
        DataError: More than ``MOST_LONE`` of the rows are such, fewer than two classes would be left, or what ``encode_target`` raises.
    """
    encoded = encode_target(target, plan.problem)
    classes = encoded.target.classes
    if not (plan.strict and classes):
        return features, target, plan, encoded
    indices = encoded.target.values.astype(np.int64)
    counts = np.bincount(indices, minlength=len(classes))
    lone = [
        repr(label) for label, count in zip(classes, counts.tolist(), strict=True) if count == 1
    ]
    if not lone:
        return features, target, plan, encoded
    if len(lone) > MOST_LONE * len(indices) or len(classes) - len(lone) < 2:
        raise DataError(
            f"Every class needs at least two rows (one to learn from, one to be judged on), but of target "
            f"{target.name!r} {listed(lone, 5)} {'has' if len(lone) == 1 else 'have'} a single one. "
            "Merge them with other classes, add rows, or, if the target is a quantity, say problem=regression."
        )
    rows = (
        "a row is left out, the" if len(lone) == 1 else f"{len(lone)} rows are left out, each the"
    )
    notes.append(
        f"{rows} only one of its class ({listed(lone, 5)}); merge rare classes to have them predicted"
    )
    keep = counts[indices] > 1
    target = target.take(keep)
    again = encode_target(target, plan.problem or "classification")
    encoded = dataclasses.replace(again, note=encoded.note)
    return [one.take(keep) for one in features], target, taken(plan, keep), encoded


def _refuse_no_features(schema: Schema) -> None:
    if all(one.kind is Kind.DROP for one in schema.columns):
        why = "; ".join(f"{one.name!r}: {one.reason}" for one in schema.columns[:5])
        constant = all(one.reason.startswith("constant") for one in schema.columns)
        raise DataError(
            f"No column is left to learn from: {'all columns are constant' if constant else 'all are dropped'} "
            f"({why}). Check the file, or keep a column with kinds, such as "
            f"{schema.columns[0].name}={'numeric' if schema.columns[0].number else 'text'}."
            if schema.columns
            else "No column is left to learn from: the table has only the target. Add columns."
        )


def _about(features: Sequence[RawColumn], schema: Schema) -> list[str]:
    """Return what a user should know about the columns."""
    said = []
    dropped = [one for one in schema.columns if one.kind is Kind.DROP]
    said += [f"column {one.name!r} is left out ({one.reason})" for one in dropped[:10]]
    if len(dropped) > 10:
        said.append(f"{len(dropped) - 10} more columns are left out")
    for raw, one in zip(features, schema.columns, strict=True):
        said += _about_column(raw, one)
    return said


def _about_column(raw: RawColumn, schema: ColumnSchema) -> list[str]:
    said = about_gaps(raw, schema)
    if schema.kind is Kind.DROP:
        return said
    if raw.note:
        said.append(f"column {raw.name!r}: {raw.note}")
    if schema.reason.startswith("high cardinality"):
        said.append(f"column {raw.name!r} has {schema.reason.removeprefix('high cardinality: ')}")
    return said


def deal(
    encoded: Encoded, plan: Plan, structure: Structure, folded_below: int = FOLDED_BELOW
) -> tuple[Splits, Folds]:
    """Return the splits of a task's rows and the folds of its training rows.

    Args:
        encoded: The target.
        plan: Shares and seed.
        structure: What must not be split apart.
        folded_below: Rows below which trials are scored out of fold, where the plan does not say.

    Raises:
        DataError: The rows cannot be split like this.
    """
    rng = generator(plan.seed, "split")
    layers = strata(encoded.target, encoded.problem)
    classes = encoded.problem is not Problem.REGRESSION
    splits = split(layers, structure, plan.shares, rng, classes=classes)
    several = len(layers) < folded_below if plan.several_folds is None else plan.several_folds
    return splits, fold(layers, structure, splits, rng, several=several, classes=classes)


def structure_of(plan: Plan, notes: list[str]) -> Structure:
    """Return what must stay together or in order.

    Args:
        plan: The group or time column.
        notes: Rows without a group are noted here.

    Raises:
        DataError: Group and time are both given, or the time is no time.
    """
    if plan.group is not None and plan.time is not None:
        raise DataError(
            "Give a group column or a time column, not both: one order of splits is possible."
        )
    if plan.group is not None:
        alone = int(plan.group.missing.sum())
        if alone:
            notes.append(
                f"{alone} rows without a group ({plan.group.name!r}) are groups of their own"
            )
        return Structure(groups=group_numbers(plan.group))
    if plan.time is not None:
        return Structure(time=_moments(plan.time))
    return Structure()


def _moments(raw: RawColumn) -> npt.NDArray[np.float64]:
    if raw.form not in (Form.DATE, Form.NUMBER):
        sample = raw.levels[0] if raw.levels else raw.note
        raise DataError(
            f"Time column {raw.name!r} must hold dates or numbers, got {sample!r}. Write YYYY-MM-DD."
        )
    if raw.missing.any():
        row = int(raw.missing.argmax())
        raise DataError(
            f"Time column {raw.name!r} is missing in row {row + 1} ({int(raw.missing.sum())} in all). "
            "Fill it in or remove these rows."
        )
    return raw.values.astype(np.float64)


def read_weights(raw: RawColumn | None) -> npt.NDArray[np.float64] | None:
    """Return sample weights.

    Raises:
        DataError: One is no number, missing, negative or infinite, or all are 0.
    """
    if raw is None:
        return None
    if raw.form is not Form.NUMBER:
        raise DataError(f"Weights {raw.name!r} must be numbers. Choose another column.")
    values = raw.values.astype(np.float64)
    bad = ~np.isfinite(values) | (values < 0)
    if bad.any():
        row = int(bad.argmax())
        raise DataError(
            f"Weights {raw.name!r} must be finite and not negative, got {values[row]} in row {row + 1}. "
            "Mend the value, or remove the row."
        )
    if not values.any():
        raise DataError(f"Weights {raw.name!r} are all 0. At least one row must count.")
    return values
