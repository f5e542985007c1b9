"""Coevolution on targets beyond the reach of exact search, against its controls, with all work charged.

    python -m benchmarks.beyond --seeds 20 --budget 2e7 --jobs 2

Work is counted as in the reference (D.4): programs x rows x length of the program / 16, dead steps included; modules of
four steps so cost a quarter of a program of 16. ERT is the total work of all runs over the number of successes. A run
succeeds when its error on all training rows reaches the target's; the error on 1,000 fresh points is shown beside.
Results are kept as lines of JSON: an interrupted measurement goes on where it stopped.
"""

import argparse
import json
import math
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
from scipy.stats import mannwhitneyu

from benchmarks.controls import OnePopulation
from benchmarks.runs import kept, publish, table
from coeval.architecture.program import Operation
from coeval.component.library import SCALAR
from coeval.evaluate.numeric import NumericEvaluator
from coeval.evaluate.numeric_score import fit_weights, score
from coeval.evaluate.protocol import never_stop
from coeval.space.programs import ProgramSpace
from coeval.strategy.cooperative import CooperativeCoevolution
from coeval.strategy.genetic import GeneticProgramming
from coeval.strategy.predictors import FitnessPredictors
from coeval.strategy.protocol import Strategy
from coeval.trial import Objective, Trial, finish

Floats = npt.NDArray[np.float64]

ERROR = Objective("nmse")
KOZA = tuple(
    Operation(SCALAR[name], SCALAR[name].arity[0])
    for name in ("add", "sub", "mul", "div", "sin", "cos", "exp", "log")
)
LENGTH, MODULE, SUBSET, CONSTANTS = 16, 4, 16, 1
FRESH = 1_000
BATCH = 5_000


@dataclass(frozen=True, slots=True)
class Problem:
    """A target function: where it is sampled, the error that counts as success, and the reference's best figure.

    Attributes:
        inputs: How many.
        low: Of each input.
        high: Of each input.
        function: Of the columns.
        success: Normalised mean squared error.
        reference: The best ERT of the reference's prototypes, in millions.
        grid: Step of a grid instead of random points.
    """

    inputs: int
    low: float
    high: float
    function: Callable[[Sequence[Floats]], Floats]
    success: float
    reference: float
    grid: float | None = None


PROBLEMS: dict[str, Problem] = {
    "Poly-10": Problem(
        10,
        0,
        1,
        lambda x: x[0] * x[1] + x[2] * x[3] + x[4] * x[5] + x[0] * x[6] * x[8] + x[2] * x[5] * x[9],
        0.05,
        17.0,
    ),
    "Keijzer-4": Problem(
        1,
        0,
        10,
        lambda x: (
            x[0] ** 3
            * np.exp(-x[0])
            * np.cos(x[0])
            * np.sin(x[0])
            * (np.sin(x[0]) ** 2 * np.cos(x[0]) - 1)
        ),
        0.03,
        9.6,
    ),
    "Keijzer-11": Problem(
        2, -3, 3, lambda x: x[0] * x[1] + np.sin((x[0] - 1) * (x[1] - 1)), 0.02, 14.0
    ),
    "Keijzer-14": Problem(2, -3, 3, lambda x: 8 / (2 + x[0] ** 2 + x[1] ** 2), 0.005, 11.0),
    "Pagie-1": Problem(
        2, -5, 5, lambda x: 1 / (1 + x[0] ** -4) + 1 / (1 + x[1] ** -4), 0.01, 5.4, 0.4
    ),
    "Vladislavleva-1": Problem(
        2, 0.3, 4, lambda x: np.exp(-((x[0] - 1) ** 2)) / (1.2 + (x[1] - 2.5) ** 2), 0.03, 19.0
    ),
}


def plain(inputs: int, rows: int, seed: int) -> Strategy:
    """Return genetic programming in one population, on all rows."""
    return GeneticProgramming(_space(inputs, LENGTH), ERROR, seed)


def random_subset(inputs: int, rows: int, seed: int) -> Strategy:
    """Return genetic programming with 16 random rows for each generation."""
    return GeneticProgramming(_space(inputs, LENGTH), ERROR, seed, subset=SUBSET, rows=rows)


def predictors(inputs: int, rows: int, seed: int) -> Strategy:
    """Return genetic programming with 16 coevolved rows."""
    return FitnessPredictors(_space(inputs, LENGTH), ERROR, rows, seed, size=SUBSET)


def multi(inputs: int, rows: int, seed: int) -> Strategy:
    """Return the cooperative search's model class in one population."""
    return OnePopulation(_space(inputs, MODULE), ERROR, seed)


def cooperative(inputs: int, rows: int, seed: int) -> Strategy:
    """Return the default search."""
    return CooperativeCoevolution(_space(inputs, MODULE), ERROR, seed)


def cooperative_4(inputs: int, rows: int, seed: int) -> Strategy:
    """Return cooperative coevolution of at most four modules, as the reference's prototype had."""
    return CooperativeCoevolution(_space(inputs, MODULE), ERROR, seed, slots=4)


METHODS: dict[str, tuple[Callable[[int, int, int], Strategy], int]] = {
    "cooperative": (cooperative, MODULE),
    "multi": (multi, MODULE),
    "cooperative, 4 modules": (cooperative_4, MODULE),
    "plain": (plain, LENGTH),
    "random subset": (random_subset, LENGTH),
    "predictors": (predictors, LENGTH),
}


@dataclass(frozen=True, slots=True)
class Outcome:
    """One run.

    Attributes:
        problem: Its name.
        method: Its name.
        seed: Of search and points.
        budget: In point evaluations.
        work: Point evaluations until the target was reached, or all.
        reached: Whether it was.
        error: Least error on all training rows.
        fresh: The same candidate's error on fresh points.
        seconds: CPU time.
    """

    problem: str
    method: str
    seed: int
    budget: float
    work: float
    reached: bool
    error: float
    fresh: float
    seconds: float


def points(problem: Problem, seed: int, count: int) -> list[Floats]:
    """Return columns: the grid where the problem has one and no fresh points are wanted, else random points."""
    rng = np.random.default_rng([11, seed])
    if problem.grid is not None and count != FRESH:
        line = np.arange(problem.low, problem.high + 1e-9, problem.grid)
        return [one.ravel() for one in np.meshgrid(*[line] * problem.inputs)]
    return [rng.uniform(problem.low, problem.high, count) for _ in range(problem.inputs)]


def run(name: str, method: str, seed: int, budget: float) -> Outcome:
    """Search until the target is reached or the budget is spent."""
    problem, (make, length) = PROBLEMS[name], METHODS[method]
    columns = points(problem, seed, 512)
    target = problem.function(columns)
    rows = len(target)
    judge = NumericEvaluator(columns, target, KOZA)
    strategy = make(problem.inputs, rows, seed)
    started, work, number = time.process_time(), 0.0, 0
    best: Trial | None = None
    while work < budget and (best is None or ERROR.cost(best) > problem.success):
        trials = [Trial(number + place, one) for place, one in enumerate(strategy.ask(BATCH))]
        if not trials:
            break
        number += len(trials)
        for trial in trials:
            strategy.tell(trial)
        measured = dict(judge.evaluate(trials, never_stop))
        for trial in trials:
            done = finish(trial, measured[trial.number])
            strategy.tell(done)
            work += charged(done, rows, length)
            if done.is_comparable and (best is None or ERROR.cost(done) < ERROR.cost(best)):
                best = done
    seconds = time.process_time() - started
    if best is None:
        return Outcome(name, method, seed, budget, work, False, math.inf, math.inf, seconds)
    candidate, fresh = best.proposal.candidate, points(problem, seed + 10_000, FRESH)
    weights = fit_weights(candidate, columns, target, KOZA) or ()
    error = score(candidate, fresh, problem.function(fresh), weights, KOZA)
    reached = ERROR.cost(best) <= problem.success
    return Outcome(name, method, seed, budget, work, reached, ERROR.cost(best), error, seconds)


def charged(trial: Trial, rows: int, length: int) -> float:
    """Return a trial's work: of every new program, all its steps on its rows, in units of 16 steps."""
    if trial.measurement is None or not trial.measurement.cost.get("point_evaluations"):
        return 0.0
    cases = trial.proposal.cases
    judged = rows if cases is None else cases.count(",") + 1
    parts = sum(getattr(part, "length", 0) > 0 for _, part in trial.proposal.candidate.parts)
    return (len(trial.proposal.moves) or parts) * judged * length / 16


def ert(outcomes: Sequence[Outcome]) -> float:
    """Return the expected work to reach the target, in millions; infinity without a success."""
    successes = sum(one.reached for one in outcomes)
    return sum(one.work for one in outcomes) / successes / 1e6 if successes else math.inf


def interval(outcomes: Sequence[Outcome]) -> tuple[float, float]:
    """Return the 95 % bootstrap interval of the ERT over 2,000 resamples of the runs."""
    rng = np.random.default_rng(0)
    drawn = [
        ert([outcomes[index] for index in rng.integers(len(outcomes), size=len(outcomes))])
        for _ in range(2_000)
    ]
    low, high = np.quantile(drawn, [0.025, 0.975], method="nearest")
    return float(low), float(high)


def report(outcomes: Sequence[Outcome]) -> str:
    """Return the tables and what they show."""
    rows, verdicts = [], []
    for name in dict.fromkeys(one.problem for one in outcomes):
        by_method = {
            method: [one for one in outcomes if (one.problem, one.method) == (name, method)]
            for method in METHODS
        }
        for method, runs in by_method.items():
            if runs:
                rows.append(_row(name, method, runs, by_method.get("plain", [])))
        verdicts.append(_verdict(name, by_method))
    header = [
        "problem (error)",
        "method",
        "reached",
        "ERT, millions (95 %)",
        "fresh points, median",
        "CPU s a run",
        "against plain: A, p",
    ]
    notes = (
        f"Reference: the best prototype's ERT there. A is the Vargha-Delaney effect size: the chance that a run needs "
        f"less work than one of plain genetic programming (1 always, 0.5 no difference), p is Mann-Whitney's, two-sided. "
        f"Operations: {', '.join(one.component.name for one in KOZA)}; one constant a program; nothing is protected."
    )
    return f"{table(header, rows)}\n\n{notes}\n\n" + "\n".join(f"- {one}" for one in verdicts)


def _row(name: str, method: str, runs: Sequence[Outcome], controls: Sequence[Outcome]) -> list[str]:
    low, high = interval(runs)
    effect = ""
    if controls and method != "plain":
        mine = [one.work if one.reached else math.inf for one in runs]
        theirs = [one.work if one.reached else math.inf for one in controls]
        found = mannwhitneyu(theirs, mine)
        effect = f"{found.statistic / len(mine) / len(theirs):.2f}, {found.pvalue:.1g}"
    return [
        f"{name} ({PROBLEMS[name].success})",
        method,
        f"{sum(one.reached for one in runs)} of {len(runs)}",
        f"{_millions(ert(runs))} ({_millions(low)} - {_millions(high)})",
        f"{np.median([one.fresh for one in runs]):.3g}",
        f"{np.mean([one.seconds for one in runs]):.1f}",
        effect,
    ]


def _verdict(name: str, runs: dict[str, list[Outcome]]) -> str:
    found = {method: ert(one) if one else math.inf for method, one in runs.items()}
    default, reference = found["cooperative"], PROBLEMS[name].reference
    better = min(default, found["predictors"])
    words = [
        f"{name}: the better of cooperative and predictors {_millions(better)} "
        f"({'at most' if better <= reference else 'MORE THAN'} the reference's {reference:g}), the default alone "
        f"{_millions(default)} ({'within' if default <= 2 * reference else 'NOT within'} twice that)"
    ]
    if runs["multi"]:
        words.append(f"its model class in one population {_millions(found['multi'])}")
    if runs["predictors"] and runs["random subset"]:
        beats = found["predictors"] < found["random subset"]
        words.append(
            f"coevolved rows {'need less than' if beats else 'DO NOT beat'} random ones "
            f"({_millions(found['predictors'])} against {_millions(found['random subset'])})"
        )
    return "; ".join(words) + "."


def _millions(value: float) -> str:
    return "none" if value == math.inf else f"{value:.3g}"


def _space(inputs: int, length: int) -> ProgramSpace:
    return ProgramSpace(inputs, KOZA, length, constants=CONSTANTS)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--seeds", type=int, default=20)
    parser.add_argument("--budget", type=float, default=2e7)
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--problems", nargs="*", default=list(PROBLEMS), choices=list(PROBLEMS))
    parser.add_argument("--methods", nargs="*", default=list(METHODS), choices=list(METHODS))
    parser.add_argument("--results", type=Path, default=Path("runs/beyond.jsonl"))
    parser.add_argument("--no-publish", action="store_true")
    parser.add_argument("--report", action="store_true", help="publish what is kept, run nothing")
    given = parser.parse_args()
    given.results.parent.mkdir(parents=True, exist_ok=True)
    done = _read(given.results, given.budget)
    wanted = [
        (name, method, seed)
        for method in given.methods
        for name in given.problems
        for seed in range(given.seeds)
        if not given.report or (name, method, seed) in done
    ]
    with ProcessPoolExecutor(given.jobs) as pool:
        missing = [one for one in wanted if one not in done]
        futures = [pool.submit(run, *one, given.budget) for one in missing]
        for future in as_completed(futures):
            one = future.result()
            done[one.problem, one.method, one.seed] = one
            with given.results.open("a") as lines:
                lines.write(json.dumps(asdict(one)) + "\n")
    text = report([done[one] for one in wanted])
    command = (
        f"python -m benchmarks.beyond --seeds {given.seeds} --budget {given.budget:g} --methods "
    )
    command += " ".join(f"'{one}'" if " " in one else one for one in given.methods)
    if given.no_publish:
        print(text)
    else:
        publish("Coevolution beyond exact reach", command, text)


def _read(path: Path, budget: float) -> dict[tuple[str, str, int], Outcome]:
    found = [Outcome(**one) for one in kept(path)]
    return {(one.problem, one.method, one.seed): one for one in found if one.budget == budget}


if __name__ == "__main__":
    main()
