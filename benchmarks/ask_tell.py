"""What a strategy itself costs: seconds of ask and tell a trial, beside Optuna, NePS and Syne Tune (``make peers``).

python -m benchmarks.ask_tell [--quick] [--seconds 20]

All search the 15,625 cells of NAS-Bench-201 for the 200-epoch validation accuracy on CIFAR-10, one trial at a time, in a
process of its own on one thread; processor time of ask and tell alone, imports and set-up apart, so that whoever is slow
because of his model shows it. A run ends early after so many seconds; then the trials it got to stand beside it. The
evolutionary family goes on to 100,000 trials in a space of 8^12 members, where time a trial must not grow.
"""

import os

os.environ["OMP_NUM_THREADS"] = os.environ["OPENBLAS_NUM_THREADS"] = "1"

import argparse
import functools
import json
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

from benchmarks.formula_peers import PYTHON
from benchmarks.runs import publish, table
from coeval.evaluate.protocol import Evaluator, never_stop
from coeval.evaluate.table_catalogue import load_benchmark
from coeval.evaluate.table_evaluator import TableEvaluator
from coeval.run.strategies import plain
from coeval.space.protocol import CandidateSpace
from coeval.testing.fakes import LOSS, LadderEvaluator, ladder_space
from coeval.trial import Objective, Trial, finish

WORKER = Path(__file__).with_name("tuner_worker.py")
FAMILIES = {
    "random": ("random",),
    "evolution": ("evolution", "genetic", "nsga2", "local"),
    "model": (
        "gaussian-process",
        "bananas",
        "reinforce",
        "q-learning",
        "bandit",
        "cooperative",
    ),
}
PEERS = {
    "random": (("optuna", "Random"), ("neps", "random_search"), ("syne_tune", "RandomSearch")),
    "evolution": (
        ("optuna", "NSGA-II"),
        ("neps", "neps_regularized_evolution"),
        ("syne_tune", "REA"),
    ),
    "model": (
        ("optuna", "TPE"),
        ("optuna", "Gaussian process"),
        ("neps", "bayesian_optimization"),
        ("syne_tune", "TPE"),
    ),
}
LONG = ("random", "evolution", "genetic", "nsga2")
BLOCK = 1000  # trials at the beginning and at the end of a long run that are compared


@dataclass(frozen=True, slots=True)
class Timing:
    """One run: how many trials it got to, in how many seconds, and in how many of them its first and last block."""

    trials: int
    seconds: float
    first: float = 0.0
    last: float = 0.0

    @property
    def each(self) -> float:
        """Return milliseconds a trial."""
        return 1e3 * self.seconds / max(1, self.trials)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--quick", action="store_true", help="few trials, nothing published")
    parser.add_argument("--seconds", type=float, default=20.0, help="at most, a run")
    parser.add_argument("--measure", nargs=4, metavar=("NAME", "WORLD", "TRIALS", "SECONDS"))
    options = parser.parse_args()
    if options.measure:
        name, world, trials, seconds = options.measure
        print(json.dumps(ours(name, world, int(trials), float(seconds))))
        return
    counts, seconds, far = (
        ((20, 60), 5.0, 3000) if options.quick else ((100, 1000), options.seconds, 100_000)
    )
    text = "\n\n".join([side_by_side(counts, seconds), long_runs(far, 600.0)])
    if options.quick:
        print(text)
    else:
        publish("Ask and tell", "python -m benchmarks.ask_tell", text)


def side_by_side(counts: tuple[int, int], seconds: float) -> str:
    """Return a table of milliseconds a trial, each family's peers with their ratio to its first member of ours."""
    rows: list[list[str]] = []
    for family, names in FAMILIES.items():
        mine = {
            name: [measured(name, "cells", count, seconds) for count in counts] for name in names
        }
        for name, timings in mine.items():
            rows.append([family, f"coeval {name}", *map(shown, timings, counts), ""])
        basis = mine[names[0]]
        for system, sampler in PEERS[family]:
            theirs = [peer(system, sampler, count, seconds) for count in counts]
            if theirs[-1] is None:
                rows.append([family, f"{system} {sampler}", "not installed", "", ""])
                continue
            ratio = theirs[-1].each / basis[-1].each
            rows.append(
                [
                    family,
                    f"{system} {sampler}",
                    *map(shown, theirs, counts),
                    f"{ratio:.2g} x {names[0]}",
                ]
            )
    heads = ["family", "strategy", *(f"ms a trial, {count:,} trials" for count in counts), "ratio"]
    return table(heads, rows)


def long_runs(trials: int, seconds: float) -> str:
    """Return a table of the first and the last thousand trials of long runs."""
    rows = []
    for name in LONG:
        run = measured(name, "ladder", trials, seconds)
        first, last = (1e3 * one / BLOCK for one in (run.first, run.last))
        rows.append(
            [f"coeval {name}", f"{run.trials:,}", f"{run.each:.3f}", f"{first:.3f}", f"{last:.3f}"]
        )
    heads = ["strategy", "trials", "ms a trial", f"first {BLOCK:,}", f"last {BLOCK:,}"]
    return table(heads, rows)


def shown(timing: Timing | None, wanted: int) -> str:
    """Return a timing as a cell of the table."""
    if timing is None:
        return "not installed"
    return f"{timing.each:.3g}" + (f" (first {timing.trials:,})" if timing.trials < wanted else "")


def measured(name: str, world: str, trials: int, seconds: float) -> Timing:
    """Time one of our strategies in a process of its own, where no cache is warm from another's trials."""
    arguments = ["--measure", name, world, str(trials), str(seconds)]
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.ask_tell", *arguments],
        capture_output=True,
        text=True,
        check=True,
    )
    return Timing(**json.loads(done.stdout.splitlines()[-1]))


def ours(name: str, world: str, trials: int, seconds: float) -> dict[str, float]:
    """Search, and return a ``Timing``'s fields."""
    space, objective, evaluator = cells() if world == "cells" else ladder()
    strategy = plain(name, space, objective, 0)
    spent, times = 0.0, []
    while len(times) < trials and spent < seconds:
        began = time.process_time()
        proposals = strategy.ask(1)
        if not proposals:
            break
        running = Trial(len(times), proposals[0])
        strategy.tell(running)
        cost = time.process_time() - began
        done = finish(running, dict(evaluator.evaluate([running], never_stop))[running.number])
        began = time.process_time()
        strategy.tell(done)
        times.append(cost + time.process_time() - began)
        spent += times[-1]
    return {
        "trials": len(times),
        "seconds": spent,
        "first": sum(times[:BLOCK]),
        "last": sum(times[-BLOCK:]),
    }


def cells() -> tuple[CandidateSpace, Objective, Evaluator]:
    """Return NAS-Bench-201 on CIFAR-10."""
    benchmark = load_benchmark("nasbench201")
    return benchmark.space, benchmark.table.objective, TableEvaluator(benchmark.table)


def ladder() -> tuple[CandidateSpace, Objective, Evaluator]:
    """Return a space so large that 100,000 trials leave most of it untried."""
    return ladder_space(), LOSS, LadderEvaluator()


@functools.cache
def losses() -> list[float]:
    """Return the negative accuracy of every cell, in the order of the space's decisions."""
    benchmark = load_benchmark("nasbench201")
    values = benchmark.table.column(benchmark.table.objective.name)
    return [-float(values[benchmark.table.row(one)]) for one in benchmark.space]


def peer(system: str, sampler: str, trials: int, seconds: float) -> Timing | None:
    """Time another system on the same values, or return ``None`` where it is not installed."""
    if not PYTHON.exists():
        return None
    request = {"space": [5] * 6, "losses": losses(), "sampler": sampler, "trials": trials}
    done = subprocess.run(
        [str(PYTHON), str(WORKER), system],
        input=json.dumps({**request, "seconds": seconds, "seed": 0}),
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise RuntimeError(f"{system} failed: {done.stderr[-2000:]}")
    answer = json.loads(done.stdout.splitlines()[-1])
    return None if answer is None else Timing(**answer)


if __name__ == "__main__":
    main()
