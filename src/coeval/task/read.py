"""A file or folder as a task: the one call that the command line and most scripts make."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from coeval.errors import DataError, did_you_mean
from coeval.task.assemble import Extra, Plan, assemble, read_weights, with_test
from coeval.task.columns import check_columns, to_table
from coeval.task.files import Source, read_file
from coeval.task.frame import keep_strings, kept_as_strings
from coeval.task.groups import group_numbers
from coeval.task.image_table import find_listing, listed_images
from coeval.task.images import is_images, read_images
from coeval.task.kinds import listed, parse_kinds
from coeval.task.metric import Metric
from coeval.task.own_metric import Own
from coeval.task.raw import RawColumn, raw_columns
from coeval.task.split import Shares
from coeval.task.table import Kind, Schema, Table
from coeval.task.target import encode_like
from coeval.task.task import Problem, Target, Task


def read(
    path: str | Path,
    *,
    target: str | None = None,
    kinds: str | Mapping[str, str | Kind] | None = None,
    metric: str | Metric | Own | None = None,
    problem: Problem | str | None = None,
    group: str | None = None,
    time: str | None = None,
    test: str | Path = "split",
    weights: str | None = None,
    seed: int = 0,
    name: str | None = None,
) -> Task:
    """Return the task in a CSV, TSV, Parquet or Feather file, or in images.

    Images are a folder of class folders, an ``.npz`` or ``.npy`` file (see ``images.read_images``), or a table of which a
    column names an image file in each row.

    Args:
        path: The file or folder. Delimiter, encoding and decimal sign of a text file are found.
        target: The column to predict; optional for a folder, and for arrays with usual names.
        kinds: Kinds to set instead of infer: ``"zip=categorical,id=drop"`` or a mapping. ``"photo=image"`` says
            which column names image files, if that cannot be told by their names.
        metric: What to optimise; see ``metrics.metric``.
        problem: ``"classification"``, ``"binary"``, ``"multiclass"`` or ``"regression"``; inferred by default.
        group: Rows with one value of this column stay on one side of every split. It is no feature.
        time: Splits follow the order of this column, the test split last. It stays a feature.
        test: ``"split"`` locks 20 % of the rows (or the test split that comes with images); ``"none"`` locks none;
            anything else is a file (or folder) of test rows.
        weights: A column of sample weights. It is no feature.
        seed: Source of chance for the splits.
        name: For people; the file's name by default.

    Raises:
        DataError: The file cannot be read or not be learnt from; the message says what to do.
    """
    if is_images(path):
        _refuse_columns(path, {"kinds": kinds, "group": group, "time": time, "weights": weights})
        return read_images(
            path, target=target, metric=metric, problem=problem, test=test, seed=seed, name=name
        )
    source = read_file(path)
    names = list(source.table.column_names)
    if target is None:
        raise DataError(
            f"Name the column to predict with --target (target=...). The columns of {path} are {listed(names)}."
        )
    _check_names(names, target, source, path)
    for role, column in (("group", group), ("time", time), ("weights", weights)):
        _check_role(role, column, names, target)
    overrides = parse_kinds(kinds, names, target)
    columns = raw_columns(
        source.table,
        text=source.text,
        comma=source.comma,
        keep=kept_as_strings(overrides, text=source.text),
        undated=[one for one, kind in overrides.items() if kind is Kind.CATEGORICAL],
        target=target,
    )
    by_name = {column.name: column for column in columns}
    own_test = str(test) not in ("split", "none")
    plan = Plan(
        name=name or _stem(path),
        problem=problem,
        metric=metric,
        overrides=overrides,
        reserved=_reserved(group, weights),
        group=by_name[group] if group else None,
        time=by_name[time] if time else None,
        weights=by_name[weights] if weights else None,
        shares=Shares() if str(test) == "split" else Shares(test=0.0),
        seed=seed,
        fewest=30 if str(test) == "split" else 20,
    )
    features = [column for column in columns if column.name != target]
    free = [column for column in features if column.name not in (group, time, weights)]
    listing = find_listing(path, free, by_name[target], overrides)
    if listing is not None:
        return listed_images(listing, str(test), plan, source.notes)
    task = assemble(features, by_name[target], plan, source.notes)
    return with_test(task, _test_rows(test, task, weights, group)) if own_test else task


def read_rows(path: str | Path, schema: Schema) -> Table:
    """Return a file's rows as a table of a known schema, as for prediction.

    Levels never seen before, further columns and another order of columns are fine.

    Raises:
        DataError: The file cannot be read, or a column is missing or of another type.
    """
    source = read_file(path)
    columns = _raw(source, schema)
    check_columns(columns, schema, str(path))
    return to_table(columns, schema, source.table.num_rows)


def _raw(source: Source, schema: Schema, target: Target | None = None) -> list[RawColumn]:
    """Return a file's columns, those that ``schema`` reads as strings left as strings, and so a target of words."""
    name = "" if target is None else target.name
    is_words = target is not None and bool(target.classes) and not target.number
    return raw_columns(
        source.table,
        text=source.text,
        comma=source.comma,
        keep=[*keep_strings(schema), name] if is_words else keep_strings(schema),
        target=name,
    )


def _refuse_columns(path: str | Path, given: Mapping[str, object]) -> None:
    """Raise a ``DataError`` if something is asked of columns, which images do not have."""
    for option, value in given.items():
        if value is not None:
            raise DataError(
                f"{option} is about columns of a table, but {path} holds images. Leave it out, or give a CSV of paths "
                "and labels."
            )


def _test_rows(path: str | Path, task: Task, weights: str | None, group: str | None) -> Extra:
    """Return the rows of an own test file in the task's columns."""
    source = read_file(path)
    name = task.target.name
    if name not in source.table.column_names:
        raise DataError(
            f"The test file {path} lacks the target column {name!r}."
            f"{did_you_mean(name, source.table.column_names)} It has {listed(source.table.column_names)}."
        )
    columns = _raw(source, task.schema, task.target)
    check_columns(columns, task.schema, f"The test file {path}")
    target = next(one for one in columns if one.name == name)
    keep = ~target.missing
    if not keep.any():
        raise DataError(f"In the test file {path} the target {name!r} is missing in every row.")
    kept = [one.take(keep) for one in columns]
    by_name = {one.name: one for one in kept}
    table = to_table(kept, task.schema, int(keep.sum()))
    own = read_weights(by_name[weights]) if weights in by_name else None
    groups = group_numbers(by_name.get(group or ""))
    return Extra(table, encode_like(by_name[name], task.target), own, groups)


def _check_names(names: Sequence[str], target: str, source: Source, path: str | Path) -> None:
    if target in names:
        if len(names) == 1:
            raise DataError(
                f"{path} has only the target column {target!r}. Expected at least one column to predict it from."
            )
        return
    hint = ""
    if source.text and len(names) == 1:
        hint = (
            f" Only one column was found ({names[0][:60]!r}), so the delimiter may be one that is not known: "
            "separate the fields by comma, semicolon, tab or bar."
        )
    elif source.header_is_data:
        hint = " The first line looks like values: it must hold the column names."
    raise DataError(
        f"{path} has no target column {target!r}.{did_you_mean(target, names)}{hint} "
        f"The columns are {listed([one[:60] for one in names])}."
    )


def _check_role(role: str, column: str | None, names: Sequence[str], target: str) -> None:
    if column is None:
        return
    if column == target:
        raise DataError(f"The {role} column must not be the target {target!r}. Choose another.")
    if column not in names:
        raise DataError(
            f"There is no {role} column {column!r}.{did_you_mean(column, names)} "
            f"The columns are {listed(names)}."
        )


def _reserved(group: str | None, weights: str | None) -> dict[str, str]:
    roles = {group: "the group column", weights: "the sample weights"}
    return {column: reason for column, reason in roles.items() if column is not None}


def _stem(path: str | Path) -> str:
    name = Path(path).name
    return name.removesuffix(".gz").rsplit(".", 1)[0] or name
