"""Preparation: from a raw table to the numbers a network takes, learnt on the training rows only.

What may be chosen is a tuple of settings, searched together with the architecture. Everything here
can be repeated exactly by a graph of ONNX operators (``coeval.export.onnx_preparation``).
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from coeval.architecture.component import Settings, Value
from coeval.architecture.types import Columns, ValueType
from coeval.errors import DataError, SpaceError, did_you_mean
from coeval.task.groups import Groups
from coeval.task.preparation_category import CategoryCodes, fit_category
from coeval.task.preparation_date import PARTS, date_parts
from coeval.task.preparation_moment import Moment, find_moment, moments
from coeval.task.preparation_numeric import Scaler, fit_scaler
from coeval.task.preparation_settings import ALL, complete, settings_for
from coeval.task.preparation_target import (
    MANY,
    TargetCodes,
    count_outputs,
    fit_target,
    level_codes,
)
from coeval.task.preparation_text import TextHash
from coeval.task.preparation_words import WordEffects, fit_words, words_of
from coeval.task.table import Column, Kind, Rows, Table
from coeval.task.task import Index, Target

__all__ = [
    "ALL", "Preparation", "columns_for", "fit", "has_many_levels", "settings_for", "training_rows"
]  # fmt: skip


@dataclass(frozen=True, slots=True, eq=False)
class Preparation:
    """A fitted preparation.

    Attributes:
        settings: All settings with their values, in declared order.
        numbers: Names of the numeric columns.
        dates: Names of the date columns.
        flags: Names of the numeric and date columns whose being missing is a feature of its own.
        scaler: Of the numeric columns, then of each date column's parts, then of the moment.
        categories: One for each categorical column.
        texts: One for each text column.
        targets: One for each categorical column that is encoded by the target, too.
        words: One for each text column that is.
        moment: Numeric columns that say together when a row was, if there are any.
    """

    settings: Settings
    numbers: tuple[str, ...]
    dates: tuple[str, ...]
    flags: tuple[str, ...]
    scaler: Scaler
    categories: tuple[CategoryCodes, ...]
    texts: tuple[TextHash, ...]
    targets: tuple[TargetCodes, ...] = ()
    words: tuple[WordEffects, ...] = ()
    moment: Moment = ()

    @property
    def encoded(self) -> tuple[TargetCodes | WordEffects, ...]:
        """Return the columns that are encoded by the target, in the order of their numbers, which come last."""
        return (*self.targets, *self.words)

    @property
    def parts(self) -> tuple[str, ...]:
        """Return the parts into which each date is taken."""
        return PARTS[str(dict(self.settings)["dates"])]

    @property
    def columns(self) -> Columns:
        """Return the type of the prepared rows."""
        effects = sum(one.effects.shape[1] for one in self.encoded)
        return Columns(
            len(self.scaler.fill) + len(self.flags) + effects,
            tuple(len(one.levels) + 1 for one in self.categories),
            tuple(one.tokens for one in self.texts),
        )

    @property
    def inputs(self) -> tuple[ValueType, ...]:
        """Return the types of a network's inputs."""
        return (self.columns,)

    def transform(self, table: Table) -> Rows:
        """Prepare all rows of a table that holds at least the columns this was fitted on, to predict them.

        Rows to learn from come from ``training_rows``.

        Raises:
            DataError: A column is missing, or of another kind.
        """
        rows = table.rows
        columns = {column.name: column for column in table.columns}
        raw = _raw_numbers(columns, self.numbers, self.dates, self.parts, self.moment, rows)
        flags = np.zeros((rows, len(self.flags)), dtype=np.float32)
        for position, name in enumerate(self.flags):
            kind = Kind.NUMERIC if name in self.numbers else Kind.DATE
            flags[:, position] = np.isnan(_column(columns, name, kind).values)
        codes = np.zeros((rows, len(self.categories)), dtype=np.int64)
        for position, category in enumerate(self.categories):
            column = _column(columns, category.name, Kind.CATEGORICAL)
            codes[:, position] = category.transform(column)
        texts = [one.transform(_column(columns, one.name, Kind.TEXT)) for one in self.texts]
        tokens = np.concatenate([np.zeros((rows, 0), dtype=np.int64), *texts], axis=1)
        effects = [one.transform(_column(columns, one.name, one.kind)) for one in self.encoded]
        numeric = np.concatenate([self.scaler.transform(raw), flags, *effects], axis=1)
        return Rows(numeric, codes, tokens)


def fit(
    settings: Mapping[str, Value], table: Table, rows: Index, target: Target | None = None
) -> Preparation:
    """Learn a preparation from the given rows of a table.

    Args:
        settings: Any of the names in ``ALL``; the rest take their defaults.
        table: The raw columns.
        rows: Indices of the rows to learn from.
        target: Of all rows; only a target encoding needs it.

    Raises:
        SpaceError: A setting is unknown, its value is not allowed, or there is no target to encode by.
    """
    every = complete(settings)
    chosen = dict(every)
    columns = {column.name: column for column in table.columns}
    numbers, dates = _names(table, Kind.NUMERIC), _names(table, Kind.DATE)
    some = {
        name: Column(name, columns[name].kind, columns[name].values[rows])
        for name in numbers + dates
    }
    moment = find_moment(table, rows)
    raw = _raw_numbers(some, numbers, dates, PARTS[str(chosen["dates"])], moment, len(rows))
    return Preparation(
        settings=every,
        numbers=numbers,
        dates=dates,
        flags=_flags(chosen, table, rows),
        scaler=fit_scaler(str(chosen["scaling"]), raw),
        categories=_categories(chosen, table, rows),
        texts=_texts(chosen, table),
        targets=tuple(
            fit_target(codes, columns[codes.name], rows, known)
            for codes, known in _encoded(chosen, table, rows, target)
        ),
        words=tuple(
            fit_words(text, columns[text.name], rows, known)
            for text, known in _worded(chosen, table, target)
        ),
        moment=moment,
    )


def training_rows(
    preparation: Preparation,
    table: Table,
    rows: Index,
    target: Target,
    groups: Groups | None = None,
) -> Rows:
    """Prepare the very rows that a preparation was learnt from, to train on them.

    As ``transform``, but for target encodings: there each row gets what rows of other folds say, never its own target.

    Args:
        preparation: ``fit`` on these rows.
        table: The raw columns.
        rows: Indices of the rows.
        target: Of all rows.
        groups: Of these rows, ``None`` where they have none: then rows of other groups say it.
    """
    prepared = preparation.transform(table.take(rows))
    columns = {column.name: column for column in table.columns}
    end = prepared.numeric.shape[1]
    for one in reversed(preparation.encoded):
        start = end - one.effects.shape[1]
        prepared.numeric[:, start:end] = one.out_of_fold(columns[one.name], rows, target, groups)
        end = start
    return prepared


def has_many_levels(table: Table, rows: Index, target: Target) -> bool:
    """Return whether a categorical column has so many levels that a target encoding may pay, and the target allows one."""
    return bool(_encoded({"target_encoding": "many"}, table, rows, target))


def columns_for(
    settings: Mapping[str, Value], table: Table, rows: Index, target: Target | None = None
) -> Columns:
    """Return the columns that ``fit`` would lead to, without the cost of fitting.

    Raises:
        SpaceError: A setting is unknown, its value is not allowed, or there is no target to encode by.
    """
    chosen = dict(complete(settings))
    dates = len(_names(table, Kind.DATE)) * len(PARTS[str(chosen["dates"])])
    numbers = len(_names(table, Kind.NUMERIC)) + dates + bool(find_moment(table, rows))
    numbers += len(_flags(chosen, table, rows))
    numbers += sum(count_outputs(one) for _, one in _encoded(chosen, table, rows, target))
    numbers += sum(count_outputs(one) for _, one in _worded(chosen, table, target))
    categories = _categories(chosen, table, rows)
    return Columns(
        numbers,
        tuple(len(one.levels) + 1 for one in categories),
        tuple(one.tokens for one in _texts(chosen, table)),
    )


def _names(table: Table, kind: Kind) -> tuple[str, ...]:
    return tuple(column.name for column in table.columns if column.kind is kind)


def _column(columns: Mapping[str, Column], name: str, kind: Kind) -> Column:
    column = columns.get(name)
    if column is None or column.kind is not kind:
        got = "no such column" if column is None else f"a {column.kind} column"
        raise DataError(
            f"Column {name!r} must be {kind} as in training, got {got}."
            f"{did_you_mean(name, columns)} Give the table the columns it had in training."
        )
    return column


def _flags(chosen: Mapping[str, Value], table: Table, rows: Index) -> tuple[str, ...]:
    """Return the columns of which some, not all, of the rows are missing."""
    if not chosen["missing_flags"]:
        return ()
    flags = []
    for kind in (Kind.NUMERIC, Kind.DATE):
        for column in table.columns:
            if column.kind is kind and 0 < np.count_nonzero(np.isnan(column.values[rows])) < len(
                rows
            ):
                flags.append(column.name)
    return tuple(flags)


def _categories(
    chosen: Mapping[str, Value], table: Table, rows: Index
) -> tuple[CategoryCodes, ...]:
    rare, most = int(chosen["rare"]), int(chosen["most_levels"])
    columns = [column for column in table.columns if column.kind is Kind.CATEGORICAL]
    return tuple(fit_category(column, rows, rare, most) for column in columns)


def _encoded(
    chosen: Mapping[str, Value], table: Table, rows: Index, target: Target | None
) -> list[tuple[CategoryCodes, Target]]:
    """Return the codes of the columns that are encoded by the target, each with the target."""
    target = _asked(chosen, "target_encoding", target)
    if target is None:
        return []
    least = MANY + 1 if chosen["target_encoding"] == "many" else 1
    columns = [column for column in table.columns if column.kind is Kind.CATEGORICAL]
    found = [level_codes(column, rows) for column in columns]
    return [(codes, target) for codes in found if len(codes.levels) >= least]


def _worded(
    chosen: Mapping[str, Value], table: Table, target: Target | None
) -> list[tuple[TextHash, Target]]:
    """Return how the text columns that are encoded by the target are read, each with the target."""
    names = _names(table, Kind.TEXT)
    target = _asked(chosen, "text_effects", target) if names else None
    if target is None:
        return []
    bigrams = chosen["text_effects"] == "bigrams"
    return [(words_of(name, bigrams=bigrams), target) for name in names]


def _asked(chosen: Mapping[str, Value], setting: str, target: Target | None) -> Target | None:
    """Return the target to encode by; ``None`` where a setting asks for no encoding, or the target allows none."""
    if chosen[setting] == "none":
        return None
    if target is None:
        raise SpaceError(
            "A target encoding needs the target of the rows it is learnt from, got none. "
            f"Hand it over, or choose {setting}='none'."
        )
    return target if count_outputs(target) else None


def _texts(chosen: Mapping[str, Value], table: Table) -> tuple[TextHash, ...]:
    buckets, words = int(chosen["text_buckets"]), int(chosen["text_words"])
    bigrams = chosen["text_ngrams"] == "bigrams"
    return tuple(TextHash(name, buckets, words, bigrams) for name in _names(table, Kind.TEXT))


def _raw_numbers(
    columns: Mapping[str, Column],
    numbers: tuple[str, ...],
    dates: tuple[str, ...],
    parts: tuple[str, ...],
    moment: Moment,
    rows: int,
) -> npt.NDArray[np.float64]:
    """Return ``(rows, numbers + dates * parts, and 1 of a moment)`` float64, NaN = missing."""
    raw = np.zeros((rows, len(numbers) + len(dates) * len(parts) + bool(moment)))
    for position, name in enumerate(numbers):
        raw[:, position] = _column(columns, name, Kind.NUMERIC).values
    for position, name in enumerate(dates):
        first = len(numbers) + position * len(parts)
        days = _column(columns, name, Kind.DATE).values.astype(np.float64)
        raw[:, first : first + len(parts)] = date_parts(days, parts)
    if moment:
        raw[:, -1] = moments([raw[:, numbers.index(name)] for name, _ in moment], moment)
    return raw
