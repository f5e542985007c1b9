"""How well seconds and memory of a training are foretold from its symbolic cost, before and after calibration.

    python -m benchmarks.cost [--tables abalone phoneme] [--trials 60]

Real trainings of random candidates, one worker. Each is foretold from what the trials before it taught, as in a run;
"rule alone" is before. Errors are logarithms of foretold over measured; "bound missed" counts trainings that took less
than the lower estimate of seconds, or more than the estimate of memory, which is an upper one. Memory is the growth of a
fresh process's peak, measured for trainings of all sizes that the space has.
"""

import argparse
import math
import tempfile
import time
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.runs import DATA, publish, table
from coeval.evaluate.cost import TimeModel
from coeval.evaluate.forecast import work_of
from coeval.evaluate.machine import MemoryGauge
from coeval.evaluate.plan import make_plan
from coeval.evaluate.protocol import never_stop
from coeval.evaluate.training import TrainingEvaluator
from coeval.run.forkserver import context, prestart
from coeval.run.processes import ProcessExecutor
from coeval.seed import generator
from coeval.space.tabular import space_for
from coeval.task import memory
from coeval.task.read import read
from coeval.trial import Fidelity, Measurement, Proposal, Trial

TARGETS = {"abalone": "rings", "phoneme": "target", "spambase": "target", "cpu_act": "target"}
EFFORT = 0.3  # short schedules: what is foretold is seconds an epoch
SECONDS = 60.0  # a table
PROCESSES = 12
WHOLE = Fidelity()


def seconds_of(folder: Path, space: Any, trials: int) -> list[Measurement]:
    """Train random candidates in one worker; return the measurements in order."""
    found: dict[int, Measurement] = {}
    executor = ProcessExecutor(TrainingEvaluator(folder, space), 1)
    end = time.monotonic() + SECONDS
    try:
        for number in range(trials):
            executor.submit([Trial(number, sampled(space, number))], end)
        while len(found) < trials and time.monotonic() < end:
            found.update(executor.completed(0.2))
    finally:
        executor.close()
    return [found[number] for number in sorted(found) if found[number].failure is None]


def sampled(space: Any, number: int, fidelity: Fidelity = WHOLE) -> Proposal:
    """Return a random candidate under its number."""
    return Proposal(space.sample(generator(0, "cost", number)), fidelity)


def growth_of(folder: Path, space: Any, number: int) -> tuple[float, float]:
    """Return the estimated and the measured bytes of a short training in this process, which trained little before."""
    evaluator, short = TrainingEvaluator(folder, space), Fidelity(epochs=1e-3)
    little = Proposal(space.seeds()["linear"], short)
    list(evaluator.evaluate([Trial(0, little)], never_stop))  # loads what every training loads
    gauge = MemoryGauge()
    gauge.start()
    ((_, found),) = evaluator.evaluate([Trial(1, sampled(space, number, short))], never_stop)
    return found.cost.get("memory_bytes", 0.0), float(gauge.growth() or 0)


def memory_of(folder: Path, space: Any) -> list[tuple[float, float]]:
    """Return the estimated and the measured bytes of trainings of all sizes, each in a process of its own."""
    task = memory.load(folder)
    sizes = sorted((make_plan(task, space, sampled(space, n)).memory_bytes, n) for n in range(200))
    chosen = [number for _, number in sizes[:: len(sizes) // (PROCESSES - 1)]] + [sizes[-1][1]]
    prestart()
    with ProcessPoolExecutor(1, mp_context=context(), max_tasks_per_child=1) as pool:
        return list(pool.map(partial(growth_of, folder, space), chosen))


def errors_of_time(measured: list[Measurement]) -> tuple[list[float], list[float], int]:
    """Return the logarithms of foretold over measured seconds by the rule and by the model, and lower estimates missed."""
    model, rule, learnt, missed = TimeModel(), [], [], 0
    for one in measured:
        work = work_of(one)
        if work is None:
            continue
        for epochs, seconds in zip(
            one.data["spent_epochs"], one.data["spent_seconds"], strict=True
        ):
            if not epochs:
                continue
            rule.append(math.log(TimeModel().predict(work, epochs) / seconds))
            learnt.append(math.log(model.predict(work, epochs) / seconds))
            missed += model.at_least(work, epochs) > seconds
            model.observe(work, epochs, seconds)
    return rule, learnt, missed


def summary(errors: list[float]) -> list[str]:
    """Return the median absolute error, the share within a factor of 2, and the median itself."""
    found = np.array(errors)
    if not len(found):
        return ["-", "-", "-"]
    within = float((np.abs(found) < math.log(2)).mean())
    return [f"{np.median(np.abs(found)):.2f}", f"{within:.0%}", f"{np.median(found):+.2f}"]


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--tables", nargs="+", default=["abalone", "phoneme"], choices=TARGETS)
    parser.add_argument("--trials", type=int, default=60)
    given = parser.parse_args()
    rows = []
    for name in given.tables:
        with tempfile.TemporaryDirectory() as made:
            folder = Path(made)
            memory.save(read(DATA / f"{name}.parquet", target=TARGETS[name]), folder)
            space = space_for(memory.load(folder), models="neural", source=folder, effort=EFFORT)
            rule, learnt, missed = errors_of_time(seconds_of(folder, space, given.trials))
            grown = [pair for pair in memory_of(folder, space) if min(pair) > 0]
        bound = f"{missed} of {len(learnt)}"
        rows.append([name, "seconds, rule alone", *summary(rule), ""])
        rows.append([name, "seconds, calibrated", *summary(learnt), bound])
        rows.append([name, "… the last three quarters", *summary(learnt[len(learnt) // 4 :]), ""])
        errors = [math.log(estimate / growth) for estimate, growth in grown]
        short = f"{sum(error < 0 for error in errors)} of {len(errors)}"
        rows.append([name, "memory", *summary(errors), short])
    header = ["table", "what", "median error", "within a factor of 2", "median", "bound missed"]
    command = "python -m benchmarks.cost"
    publish("What a training will cost", command, table(header, rows))


if __name__ == "__main__":
    main()
