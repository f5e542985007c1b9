"""A numeric search for tests: real space, strategy, evaluator and journal. Run as a script it searches until killed.

python -m tests.run.numeric FOLDER TRIALS
"""

import os
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np

from coeval.architecture.program import Operation
from coeval.component.library import SCALAR
from coeval.evaluate.numeric import NumericEvaluator
from coeval.run.budget import Budget
from coeval.run.run import Run
from coeval.run.search import search
from coeval.space.programs import ProgramSpace
from coeval.space.teams import team_space
from coeval.store.journal import SqliteStore
from coeval.store.protocol import Store
from coeval.strategy.evolution import RegularisedEvolution
from coeval.task.points import make_points
from coeval.trial import Measurement, Objective, Trial

NMSE = Objective("nmse")
OPERATIONS = tuple(
    Operation(SCALAR[name], SCALAR[name].arity[0])
    for name in ("add", "sub", "mul", "div", "sin", "cos", "exp", "log")
)
SPACE = team_space(ProgramSpace(1, OPERATIONS, 6, 1), 3)
X = np.linspace(-3.0, 3.0, 50)
POINTS = make_points([X], np.sin(X) * X + 0.5 * X**2)
BATCH = 16


def find(store: Store, trials: int, **options) -> Run:
    return search(
        POINTS,
        SPACE,
        RegularisedEvolution(SPACE, NMSE, seed=3),
        NumericEvaluator(POINTS.columns, POINTS.target, OPERATIONS),
        Budget(None, trials),
        objective=NMSE,
        store=store,
        batch=BATCH,
        **options,
    )


def journal(folder: Path) -> SqliteStore:
    return SqliteStore(folder / "run.sqlite", SPACE.to_json, SPACE.from_json)


def timeless(store: Store) -> list[Trial]:
    """Return the trial events without how long evaluations took."""
    bodies = [event.body for event in store.events() if isinstance(event.body, Trial)]
    return [
        one if one.measurement is None else replace(one, measurement=_timeless(one))
        for one in bodies
    ]


def _timeless(trial: Trial) -> Measurement:
    cost = {name: value for name, value in trial.measurement.cost.items() if name != "seconds"}
    return replace(trial.measurement, cost=cost)


if __name__ == "__main__":
    here = journal(Path(sys.argv[1]))
    find(here, int(sys.argv[2]), on_event=lambda record: os.write(1, b".\n"))
    here.close()
