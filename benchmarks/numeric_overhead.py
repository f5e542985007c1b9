"""What does a search of programs cost beside their evaluation? Ask, record and tell, in batches of one transaction.

python -m benchmarks.numeric_overhead

Real space, journal and search loop; the strategy only hands out what was bred before, and the evaluator what
was measured before. Then the evaluator alone. Processor time, so that a busy machine changes little.
"""

import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.runs import publish, table
from coeval.architecture.program import Operation
from coeval.component.library import SCALAR
from coeval.evaluate.numeric import NumericEvaluator
from coeval.evaluate.protocol import Report, never_stop
from coeval.run.budget import Budget
from coeval.run.search import search
from coeval.seed import generator
from coeval.space.programs import ProgramSpace
from coeval.space.protocol import Candidate, Move
from coeval.space.teams import program_space, single, team, team_space
from coeval.store.journal import SqliteStore
from coeval.task.points import Points, make_points
from coeval.trial import Measurement, Objective, Proposal, State, Trial

TRIALS = 40_000
BATCH = 500
MOST = 50.0  # microseconds a trial
KOZA = ("add", "sub", "mul", "div", "sin", "cos", "exp", "log")
OPERATIONS = tuple(Operation(SCALAR[name], SCALAR[name].arity[0]) for name in KOZA)
PROGRAMS = ProgramSpace(2, OPERATIONS, 16, 2)


def proposals(count: int, modules: int) -> list[Proposal]:
    """Return what a strategy would breed: programs, or teams of which every hundred share all but one module."""
    rng = generator(0, "bred")
    found: list[Proposal] = []
    shared = [PROGRAMS.sample(rng) for _ in range(modules)]
    for number in range(count):
        if number % 100 == 0:
            shared[number // 100 % modules] = PROGRAMS.sample(rng)
        slot = number // 100 % modules
        child = PROGRAMS.mutate(shared[slot], rng).genotype
        members = [*shared[:slot], child, *shared[slot + 1 :]]
        candidate: Candidate = single(child) if modules == 1 else team(members, modules)
        found.append(
            Proposal(
                candidate,
                parent=number - 100 if number >= 100 else None,
                moves=(Move("vary", candidate.parts[slot][0]),),
                repeat=number,  # so that no equal child is answered by the cache
                origin="cooperative:best",
            )
        )
    return found


@dataclass
class Listed:
    """Hands out what was bred before."""

    bred: Sequence[Proposal]
    told: int = 0

    def ask(self, count: int) -> list[Proposal]:
        """Return the next ones."""
        return list(self.bred[self.told : self.told + count])

    def tell(self, trial: Trial) -> None:
        """Count the trials."""
        if trial.state is State.RUNNING:
            self.told = trial.number + 1


class Measured:
    """Hands out what was measured before."""

    def __init__(self, count: int) -> None:
        self._found = [
            Measurement(
                {"nmse": float(error)},
                cost={"point_evaluations": 3072.0, "seconds": 2.31e-05},
                data={"key": f"{int(error * 2**63):016x}"},
            )
            for error in generator(0, "measured").random(count)
        ]

    def evaluate(
        self, trials: Sequence[Trial], report: Report
    ) -> Iterator[tuple[int, Measurement]]:
        """Yield a measurement for each trial."""
        for trial in trials:
            yield trial.number, self._found[trial.number]

    def bucket(self, proposal: Proposal) -> str:
        """Return one key for all."""
        return ""


def recorded(points: Points, modules: int, trials: int, batch: int) -> list[float]:
    """Return microseconds a trial, of processor and on the clock, to search and to resume, and bytes a trial."""
    bred, evaluator = proposals(trials, modules), Measured(trials)
    space: Any = program_space(PROGRAMS) if modules == 1 else team_space(PROGRAMS, modules)
    taken: list[float] = []
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "run.sqlite"
        for _ in ("search", "resume"):
            store = SqliteStore(path, space.to_json, space.from_json)
            wall, processor = time.perf_counter(), time.process_time()
            search(
                points, space, Listed(bred), evaluator, Budget(trials=trials),
                objective=Objective("nmse"), store=store, batch=batch,
            )  # fmt: skip
            taken += [time.process_time() - processor, time.perf_counter() - wall]
            store.close()
        size = path.stat().st_size
    return [one / trials * 1e6 for one in taken[:3]] + [size / trials]


def evaluated(rows: int, modules: int, trials: int) -> float:
    """Return microseconds of processor time that the numeric evaluator takes for a trial, in batches."""
    points = some_points(rows)
    evaluator = NumericEvaluator(points.columns, points.target, OPERATIONS)
    bred = [Trial(number, one) for number, one in enumerate(proposals(trials, modules))]
    start = time.process_time()
    for first in range(0, trials, BATCH):
        for _ in evaluator.evaluate(bred[first : first + BATCH], never_stop):
            pass
    return (time.process_time() - start) / trials * 1e6


def some_points(rows: int) -> Points:
    """Return a target of two inputs."""
    x, y = generator(0, "points").uniform(0.5, 3.0, size=(2, rows))
    return make_points([x, y], np.sin(x) * y + x)


def main() -> None:
    rows, worst = [], 0.0
    for modules, name in ((1, "one program"), (4, "a team of 4")):
        for batch, trials in ((BATCH, TRIALS), (1, TRIALS // 10)):
            processor, wall, resume, size = recorded(some_points(20), modules, trials, batch)
            numbers = [f"{processor:.0f}", f"{wall:.0f}", f"{resume:.0f}", f"{size:.0f}"]
            rows.append([name, f"{batch}", f"{trials:,}", *numbers])
            worst = max(worst, processor if batch == BATCH else 0.0)
    header = ["candidate", "batch", "trials", "CPU µs a trial", "µs on the clock"]
    header += ["CPU µs to resume", "bytes a trial"]
    text = table(header, rows)
    rows = [
        [f"{count}", *(f"{evaluated(count, modules, 10_000):.0f}" for modules in (1, 4))]
        for count in (20, 512)
    ]
    text += "\n\nThe evaluator alone, CPU µs a trial in batches of 500:\n\n"
    text += table(["rows", "one program", "a team of 4"], rows)
    publish("Overhead of numeric searches", "python -m benchmarks.numeric_overhead", text)
    if worst > MOST:
        sys.exit(f"more than {MOST:g} µs of processor time a trial")


if __name__ == "__main__":
    main()
