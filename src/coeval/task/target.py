"""The target column: which problem it poses, and its classes or values."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from coeval.errors import DataError, did_you_mean
from coeval.task.gaps import are_codes, first_gap
from coeval.task.numerals import number_text
from coeval.task.raw import Form, RawColumn
from coeval.task.task import Problem, Target

MOST_CLASSES = 1000
FEW_VALUES = 30
RARE = 0.02
"""Share of the rows below which strings among whole numbers are a mistake and no classes."""
_PROBLEMS = ("binary", "multiclass", "classification", "regression")


@dataclass(frozen=True, slots=True)
class Encoded:
    """A target with the problem it poses, and why."""

    target: Target
    problem: Problem
    note: str


def encode_target(raw: RawColumn, problem: "Problem | str | None" = None) -> Encoded:
    """Return the target of rows that all have one.

    Text, booleans and categories are classes. So are two whole numbers, and a few whole numbers
    that are numbered through from 0 or 1, as labels are. Other numbers are values.

    Args:
        raw: The target column without missing rows.
        problem: What the user says: a ``Problem``, ``"classification"``, or ``None`` to infer it.

    Raises:
        DataError: The target is constant, has too many classes, is infinite, or does not suit the problem.
    """
    if raw.form in (Form.DATE, Form.NESTED):
        what = "dates" if raw.form is Form.DATE else f"nested values ({raw.note})"
        raise DataError(
            f"Target {raw.name!r} holds {what}, which cannot be predicted. "
            "Turn it into a number (such as days from an event) or into classes."
        )
    if raw.form is Form.NUMBER:
        _refuse_infinite(raw.values, f"Target {raw.name!r}")
    wanted = _wanted(problem)
    if _is_nearly_value(raw) and wanted in ("", "regression"):
        value, row = first_gap(raw)
        raise DataError(
            f"Target {raw.name!r} holds numbers but also {value!r} (row {row}). Empty or mend such fields to have it "
            "predicted as a value, or say problem=classification if they are all classes."
        )
    distinct = _distinct(raw)
    if len(distinct) < 2 and wanted != "regression":
        raise DataError(
            f"Target {raw.name!r} is constant: every row has {distinct[0] if distinct else 'no value'!r} (1 class). "
            "Expected at least two different values. Choose another target."
        )
    if wanted == "regression" or (wanted == "" and _is_value(raw)):
        return _values(raw, distinct, said=bool(wanted))
    return _classes(raw, distinct, wanted)


def encode_like(raw: RawColumn, target: Target) -> Target:
    """Return the target of further rows (an own test set) in the classes of an earlier one.

    Raises:
        DataError: A class was not there before, or a value is no number.
    """
    if not target.classes:
        values = _numbers(raw)
        _refuse_infinite(values, f"The test file's target {raw.name!r}")
        return Target(target.name, values)
    known = {label: index for index, label in enumerate(target.classes)}
    labels = _distinct(raw)
    for label in labels:
        if label not in known:
            raise DataError(
                f"The test file's target {raw.name!r} holds the class {label!r}, which the training data lacks."
                f"{did_you_mean(label, known)} Remove these rows, or add examples to train on."
            )
    indices = np.array([known[label] for label in labels], dtype=np.int64)
    return Target(target.name, indices[_codes(raw, labels)], target.classes, target.number)


def _refuse_infinite(values: npt.NDArray[np.float64], what: str) -> None:
    infinite = np.isinf(values)
    if infinite.any():
        raise DataError(
            f"{what} is infinite in row {int(infinite.argmax()) + 1}. Expected finite numbers; "
            "remove the row or mend the value."
        )


def _wanted(problem: "Problem | str | None") -> str:
    if problem is None:
        return ""
    name = str(problem).lower()
    if name not in _PROBLEMS:
        raise DataError(
            f"Unknown problem {problem!r}.{did_you_mean(name, _PROBLEMS)} "
            f"Choose one of {', '.join(_PROBLEMS)}."
        )
    return name


def _distinct(raw: RawColumn) -> list[str]:
    """Return the distinct values as text, numbers in numeric and strings in alphabetic order."""
    if raw.form is Form.STRING:
        used = np.unique(raw.values)
        levels = [raw.levels[code] for code in used[used >= 0].tolist()]
        return sorted(levels, key=float) if raw.number else sorted(levels)
    return [number_text(value) for value in np.unique(raw.values).tolist()]


def _codes(raw: RawColumn, labels: list[str]) -> npt.NDArray[np.int64]:
    """Return ``(rows,)`` index into ``labels``, which are what ``_distinct`` returned."""
    if raw.form is Form.NUMBER:
        return np.unique(raw.values, return_inverse=True)[1].astype(np.int64)
    position = {label: index for index, label in enumerate(labels)}
    codes = np.array([position.get(one, -1) for one in raw.levels], dtype=np.int64)
    return np.asarray(codes[raw.values])


def _is_nearly_value(raw: RawColumn) -> bool:
    """Return whether a target is of numbers but for a few strings, which are not often enough to be classes among codes."""
    if raw.near is None or raw.near.form is not Form.NUMBER:
        return False
    return not are_codes(raw) or raw.near.missing.mean() < RARE


def _is_value(raw: RawColumn) -> bool:
    """Return whether a target is a quantity rather than a class."""
    if raw.form is Form.STRING:
        return False
    values = np.unique(raw.values)
    if not (values == np.round(values)).all():
        return True
    if len(values) == 2:
        return False
    return not _numbered_through(raw.values, values)


def _numbered_through(values: npt.NDArray[np.float64], distinct: npt.NDArray[np.float64]) -> bool:
    """Return whether whole numbers look like labels.

    Labels start at 0 or 1. Up to ten without a gap are labels; up to thirty, or one gap, only if none is
    rare, for counts and ratings have rare tails where labels seldom do.
    """
    gaps = distinct[-1] - distinct[0] + 1 - len(distinct)
    if distinct[0] not in (0, 1) or gaps > 1 or len(distinct) > FEW_VALUES:
        return False
    rarest = np.unique(values, return_counts=True)[1].min()
    even = rarest >= 0.1 * len(values) / len(distinct)
    return bool(even or (gaps == 0 and len(distinct) <= 10))


def _values(raw: RawColumn, distinct: list[str], *, said: bool) -> Encoded:
    target = Target(raw.name, _numbers(raw))
    if len(distinct) < 2:
        raise DataError(
            f"Target {raw.name!r} is constant: every row has {distinct[0] if distinct else 'no value'!r}. "
            "Expected at least two different values. Choose another target."
        )
    note = ""
    if not said and len(distinct) <= FEW_VALUES:
        note = (
            f"target {raw.name!r} has {len(distinct)} different numbers and is predicted as a value; "
            "for classes say problem=classification"
        )
    return Encoded(target, Problem.REGRESSION, note)


def _numbers(raw: RawColumn) -> npt.NDArray[np.float64]:
    if raw.form is Form.NUMBER:
        return raw.values.astype(np.float64)
    try:
        levels = np.array([float(level) for level in raw.levels])
    except ValueError as error:
        raise DataError(
            f"Target {raw.name!r} must hold numbers to be predicted as a value ({error}). "
            "Mend the value, or say problem=classification."
        ) from error
    return np.asarray(levels[raw.values])


def _classes(raw: RawColumn, labels: list[str], wanted: str) -> Encoded:
    if len(labels) > MOST_CLASSES:
        cure = "say problem=regression" if raw.form is Form.NUMBER else "merge rare classes"
        raise DataError(
            f"Target {raw.name!r} has {len(labels)} different values in {len(raw.values)} rows; "
            f"at most {MOST_CLASSES} classes are possible. Choose another target, or {cure}."
        )
    if wanted == "binary" and len(labels) != 2:
        raise DataError(
            f"problem=binary needs two classes, but target {raw.name!r} has {len(labels)}. "
            "Say problem=multiclass."
        )
    problem = Problem.BINARY if len(labels) == 2 and wanted != "multiclass" else Problem.MULTICLASS
    note = ""
    if raw.form is Form.NUMBER and len(labels) > 2 and not wanted:
        note = (
            f"target {raw.name!r} has the {len(labels)} values {labels[0]} to {labels[-1]} and is predicted as "
            "classes; for a value say problem=regression"
        )
    number = raw.form is Form.NUMBER or raw.number
    return Encoded(Target(raw.name, _codes(raw, labels), tuple(labels), number), problem, note)
