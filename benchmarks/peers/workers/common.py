"""What every worker does around its tool: read the rows, fit, predict, save, time one row. Imports nothing of ours.

A request is JSON from standard input: ``train`` and ``test`` (Parquet), ``target``, ``problem`` (binary, multiclass or
regression), ``classes`` (how many; they are 0, 1, ...), ``seconds``, ``seed``, ``cores`` and ``folder`` (empty, of this run's own).
The test rows' target is taken away before a tool sees them. The answer is the last line of output; the predictions
lie beside it as ``predictions.npy``: probabilities ``(rows, classes)`` or values ``(rows,)``.
"""

import json
import pickle
import statistics
import sys
import time
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

ROWS, PATIENCE = 50, 3.0
"""One row is predicted for so many rows, or until so many seconds are over."""

MOST_CATEGORIES = 255
"""Texts with more different values are no categories; HistGradientBoosting takes no more either."""


@dataclass(frozen=True)
class Request:
    """What a tool is asked for; see the module."""

    problem: str
    classes: int
    seconds: float
    seed: int
    cores: int
    folder: Path

    @property
    def regression(self) -> bool:
        """Return whether values are predicted, not classes."""
        return self.problem == "regression"


@dataclass(frozen=True)
class Fitted:
    """A fitted tool.

    Attributes:
        predict: From rows to probabilities or values.
        save: Writes what a user would deploy to a path that is not there yet.
        found: What is worth knowing of the search, for a person.
    """

    predict: Callable[[pd.DataFrame], np.ndarray]
    save: Callable[[Path], None]
    found: str = ""


Tool = Callable[[Request, pd.DataFrame, np.ndarray], Fitted]


def pickled(model: object) -> Callable[[Path], None]:
    return lambda path: path.write_bytes(pickle.dumps(model))


class Tidy:
    """Columns for tools that take numbers and categories only, learnt on the training rows.

    A date becomes its seconds, hour and weekday. A text is a category, unless it has too many different values: then it
    is left out. Unknown categories are missing.
    """

    def __init__(self, frame: pd.DataFrame) -> None:
        self.categories: dict[str, list] = {}
        for name in frame:
            column = frame[name]
            if pd.api.types.is_numeric_dtype(column) and not pd.api.types.is_bool_dtype(column):
                continue
            if pd.api.types.is_datetime64_any_dtype(column):
                continue
            known = sorted(column.dropna().unique().tolist(), key=str)
            self.categories[name] = known if len(known) <= MOST_CATEGORIES else []

    @property
    def names(self) -> list[str]:
        """Return the columns of categories that are kept."""
        return [name for name, known in self.categories.items() if known]

    def __call__(self, frame: pd.DataFrame) -> pd.DataFrame:
        """Return numbers as 64-bit floats, and categories."""
        columns: dict[str, object] = {}
        for name in frame:
            column = frame[name]
            if name in self.categories:
                known = self.categories[name]
                if known:
                    dtype = pd.CategoricalDtype(known)
                    given = column.astype(object)
                    columns[name] = pd.Categorical(given.where(given.isin(known)), dtype=dtype)
            elif pd.api.types.is_datetime64_any_dtype(column):
                zero = pd.Timestamp(0, tz=column.dt.tz)
                columns[f"{name} seconds"] = (column - zero).dt.total_seconds().to_numpy()
                columns[f"{name} hour"] = column.dt.hour.to_numpy(float)
                columns[f"{name} weekday"] = column.dt.day_of_week.to_numpy(float)
            else:
                columns[name] = column.to_numpy(np.float64, na_value=np.nan)
        return pd.DataFrame(columns)


def on_tidy(model: Any, tidy: Tidy, request: Request, median: pd.Series | None = None) -> Fitted:
    """Return a fitted model behind its preparation; it is saved with it."""
    method = model.predict if request.regression else model.predict_proba

    def predict(rows: pd.DataFrame) -> np.ndarray:
        ready = tidy(rows)
        return np.asarray(method(ready if median is None else ready.fillna(median)))

    return Fitted(predict, pickled((tidy, median, model)))


def one_row(predict: Callable[[pd.DataFrame], np.ndarray], rows: pd.DataFrame) -> float:
    """Return the median milliseconds of predicting a row, the first ones apart: they load what is loaded once."""
    taken: list[float] = []
    began = time.perf_counter()
    for number in range(ROWS + 2):
        row = rows.iloc[[number % len(rows)]]
        start = time.perf_counter()
        predict(row)
        taken.append(time.perf_counter() - start)
        if len(taken) > 3 and time.perf_counter() - began > PATIENCE:
            break
    return 1000 * statistics.median(taken[2:])


def size(path: Path) -> int:
    """Return the bytes of a file, or of all files of a folder."""
    files = [path] if path.is_file() else [one for one in path.rglob("*") if one.is_file()]
    return sum(one.stat().st_size for one in files)


def serve(tools: dict[str, Tool]) -> None:
    """Answer the one request."""
    warnings.simplefilter("ignore")
    asked = json.load(sys.stdin)
    facts = (asked[name] for name in ("problem", "classes", "seconds", "seed", "cores"))
    request = Request(*facts, Path(asked["folder"]))
    train, test = (pd.read_parquet(asked[name]) for name in ("train", "test"))
    target = train.pop(asked["target"]).to_numpy()
    test = test.drop(columns=asked["target"])
    began = time.monotonic()
    fitted = tools[sys.argv[1]](request, train, target)
    seconds = time.monotonic() - began
    predictions = np.asarray(fitted.predict(test), np.float64)
    np.save(request.folder / "predictions.npy", predictions)
    saved = request.folder / "saved"
    fitted.save(saved)
    answer = {"seconds": seconds, "bytes": size(saved), "row": one_row(fitted.predict, test)}
    print("\n" + json.dumps({**answer, "found": fitted.found}))
