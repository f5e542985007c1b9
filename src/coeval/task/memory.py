"""A task as memory-mapped files, so that every worker process reads the same pages and none is sent the data.

A folder holds ``task.json`` and plain ``.npy`` arrays; nothing is pickled.
"""

import json
from dataclasses import asdict
from functools import lru_cache
from pathlib import Path
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from coeval.errors import DataError
from coeval.task.metric import Metric
from coeval.task.metrics import metric as find_metric
from coeval.task.metrics import metrics_for
from coeval.task.table import Column, ColumnSchema, Kind, Schema, Table
from coeval.task.task import Problem, Splits, Target, Task

FORMAT = 1
TaskSource = Task | Path
"""A task, or the folder that ``save`` wrote it to: a path travels to workers, arrays do not."""
_SPLITS = ("train", "validation", "selection", "test")


def save(task: Task, folder: str | Path) -> None:
    """Write a task into a folder, which is made if needed.

    Raises:
        OSError: The folder cannot be written.
    """
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    arrays: dict[str, npt.NDArray[Any]] = {"target": task.target.values}
    coded = [column for column in task.table.columns if column.values.dtype == np.int32]
    plain = [column for column in task.table.columns if column.values.dtype == np.float64]
    images = [column for column in task.table.columns if column.kind is Kind.IMAGE]
    if coded:
        arrays["codes"] = np.stack([column.values for column in coded])
    if plain:
        arrays["numbers"] = np.stack([column.values for column in plain])
    for number, column in enumerate(images):
        arrays[f"images{number}"] = (
            column.values
        )  # written from the file they are mapped from, not through memory
    if task.weights is not None:
        arrays["weights"] = task.weights
    if task.groups is not None:
        arrays["groups"] = task.groups
    arrays |= {one: getattr(task.splits, one) for one in _SPLITS}
    for number, (train, validation) in enumerate(task.folds):
        arrays |= {f"fold{number}_train": train, f"fold{number}_validation": validation}
    (folder / "task.json").unlink(missing_ok=True)  # written last: its presence says all is there
    for name, array in arrays.items():
        new = folder / f"{name}.new.npy"  # renamed, for a process may have mapped the old file
        np.save(new, array, allow_pickle=False)
        new.replace(folder / f"{name}.npy")
    text = json.dumps(_facts(task), ensure_ascii=False)
    (folder / "task.json").write_text(text, encoding="utf-8")


def load(folder: str | Path, metric: Metric | None = None) -> Task:
    """Return the task of a folder, its arrays mapped read-only; images so that writing makes a private copy.

    Args:
        folder: As written by ``save``.
        metric: Needed where the task's metric is a user's function, which no file can hold.

    Raises:
        DataError: The folder is incomplete, damaged or of another version, or ``metric`` is needed.
    """
    folder = Path(folder)
    try:
        facts = json.loads((folder / "task.json").read_text(encoding="utf-8"))
        if facts["format"] != FORMAT:
            raise DataError(
                f"{folder} holds a task of format {facts['format']}, this version reads {FORMAT}. "
                "Read the data again with coeval fit."
            )
        return _rebuild(folder, facts, metric)
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise DataError(
            f"The saved task in {folder} is missing or damaged ({error}). "
            "Restore it from a copy, or read the data again with coeval fit."
        ) from error


def load_task(source: TaskSource) -> Task:
    """Return the task of a source; a folder is mapped once in each process until it is written again.

    Raises:
        DataError: The folder is incomplete, damaged or of another version, or its metric is a user's function.
    """
    if isinstance(source, Task):
        return source
    try:
        written = (source / "task.json").stat().st_mtime_ns
    except OSError:
        written = 0  # ``load`` says what is wrong
    return _mapped(source, written)


@lru_cache(maxsize=2)
def _mapped(folder: Path, written: int) -> Task:
    del written  # only tells a folder from what it was before
    return load(folder)


def _facts(task: Task) -> dict[str, Any]:
    return {
        "format": FORMAT,
        "name": task.name,
        "problem": task.problem.value,
        "metric": task.metric.name,
        "fingerprint": task.fingerprint,
        "notes": task.notes,
        "rows": task.table.rows,
        "folds": len(task.folds),
        "weighted": task.weights is not None,
        "grouped": task.groups is not None,
        "schema": [asdict(column) for column in task.schema.columns],
        "columns": [(one.name, one.kind.value, one.levels) for one in task.table.columns],
        "target": (task.target.name, task.target.classes, task.target.number),
    }


def _rebuild(folder: Path, facts: dict[str, Any], metric: Metric | None) -> Task:
    def mapped(name: str) -> npt.NDArray[Any]:
        path = folder / f"{name}.npy"
        # Torch has no read-only tensors: it would copy all images, where a private map shares its pages.
        mode: Literal["r", "c"] = "c" if name.startswith("images") else "r"
        array = np.load(path, mmap_mode=mode, allow_pickle=False)
        return np.asarray(array)  # a plain view on the map: np.memmap slows small slices

    problem = Problem(facts["problem"])
    name, classes, number = facts["target"]
    splits = Splits(*(mapped(one) for one in _SPLITS))
    folds = tuple(
        (mapped(f"fold{one}_train"), mapped(f"fold{one}_validation"))
        for one in range(facts["folds"])
    )
    schema = tuple(ColumnSchema.of(one) for one in facts["schema"])
    return Task(
        facts["name"],
        problem,
        Schema(schema),
        Table(_columns(facts["columns"], mapped), facts["rows"]),
        Target(name, mapped("target"), tuple(classes), number),
        splits,
        folds,
        _metric(facts["metric"], problem, metric),
        mapped("weights") if facts["weighted"] else None,
        facts["fingerprint"],
        tuple(facts["notes"]),
        mapped("groups") if facts.get("grouped") else None,  # older folders know of none
    )


def _columns(facts: list[Any], mapped: Any) -> tuple[Column, ...]:
    files = [_file(Kind(kind)) for _, kind, _ in facts]
    rows = {name: iter(mapped(name)) for name in {"codes", "numbers"} & set(files)}
    rows["images"] = (mapped(f"images{number}") for number in range(files.count("images")))
    return tuple(
        Column(name, Kind(kind), next(rows[file]), tuple(levels))
        for (name, kind, levels), file in zip(facts, files, strict=True)
    )


def _file(kind: Kind) -> str:
    """Return where a column of a kind is kept: with its like in one array, or images in an array each."""
    if kind is Kind.IMAGE:
        return "images"
    return "codes" if kind in (Kind.CATEGORICAL, Kind.TEXT) else "numbers"


def _metric(name: str, problem: Problem, given: Metric | None) -> Metric:
    if given is not None:
        return given
    if name not in [one.name for one in metrics_for(problem)]:
        raise DataError(f"The task's metric {name!r} is a function of the user's: pass it to load.")
    return find_metric(name, problem)
