"""The rows that every tool gets: a table's training and test part, written once, with classes as 0, 1, ..."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from benchmarks.peers.unseen import SOURCES, load
from benchmarks.runs import DATA
from coeval.seed import generator
from coeval.task.split import Shares, Structure, split

RUNS = Path(__file__).parents[2] / "runs"
TEST = 0.25
TEXTS = {"sst2": ("binary", 2), "trec6": ("multiclass", 6)}
"""Tables of one column of sentences, with a split of their own: problem and classes."""


@dataclass(frozen=True, slots=True)
class Rows:
    """One table under one seed.

    Attributes:
        table: Its name.
        seed: Of the split.
        target: Column to predict.
        problem: binary, multiclass or regression.
        classes: How many; 0 for regression.
        folder: Holds ``train.parquet`` and ``test.parquet``.
    """

    table: str
    seed: int
    target: str
    problem: str
    classes: int
    folder: Path

    @property
    def train(self) -> Path:
        """Return the file of the rows to learn from."""
        return self.folder / "train.parquet"

    @property
    def test(self) -> Path:
        """Return the file of the rows to be judged on."""
        return self.folder / "test.parquet"


def names() -> list[str]:
    return pd.read_csv(DATA / "manifest.csv")["name"].tolist()


def rows(table: str, seed: int, folder: Path = RUNS / "peers_rows") -> Rows:
    """Return a table's rows, and write them if they are not there: by coeval's own split, a quarter for testing."""
    if table in TEXTS:
        return _texts(table, seed, folder)
    folder = folder / f"{table}-{seed}"
    frame, target, regression = _table(table)
    frame = frame[frame[target].notna()].reset_index(drop=True)
    classes = 0 if regression else frame[target].nunique()
    problem = "regression" if regression else "binary" if classes == 2 else "multiclass"
    made = Rows(table, seed, target, problem, classes, folder)
    if made.test.exists():
        return made
    if regression:
        rank = frame[target].rank(method="first").to_numpy(np.int64) - 1
        layers = rank // 20  # as coeval does: neighbours by value are dealt together
    else:
        layers = pd.Categorical(frame[target]).codes.astype(np.int64)
        frame[target] = layers
    shares = Shares(validation=0.0, selection=0.0, test=TEST)
    rng = generator(seed, "peers", table)
    parts = split(layers, Structure(), shares, rng, classes=not regression)
    made.folder.mkdir(parents=True, exist_ok=True)
    frame.iloc[parts.train].to_parquet(made.train, index=False)
    frame.iloc[parts.test].to_parquet(made.test, index=False)
    return made


def _table(table: str) -> tuple[pd.DataFrame, str, bool]:
    """Return a table, its target, and whether that is a value."""
    if table in SOURCES:
        return load(table), SOURCES[table].target, SOURCES[table].regression
    facts = pd.read_csv(DATA / "manifest.csv").set_index("name").loc[table]
    frame = pd.read_parquet(DATA / f"{table}.parquet")
    return frame, str(facts["target"]), facts["task"] == "regression"


def _texts(table: str, seed: int, folder: Path) -> Rows:
    made = Rows(table, seed, "label", *TEXTS[table], folder / f"{table}-{seed}")
    if not made.test.exists():
        frame = pd.read_csv(DATA.parent / "text" / f"{table}.csv.gz")
        is_test = frame.pop("split") == "test"
        made.folder.mkdir(parents=True, exist_ok=True)
        frame[~is_test].to_parquet(made.train, index=False)
        frame[is_test].to_parquet(made.test, index=False)
    return made
