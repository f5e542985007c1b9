"""How far from the exact optimum does a search end, and how many sequences does it need to reach it?

Twenty targets whose minimum-error tree is known, with its certificate: ten formulas of 6 to 10 nodes over Koza's
set, each without noise and with noise of 0.1 of its root mean square. Every method searches the very set that the
exact procedure covers: trees of at most so many nodes, scale and offset fitted at the root. Its budget is 1 % of
the ordered trees of that many nodes where these exceed ten million, and 20 % where they are fewer.

Coevolution starts from the exact bank's distinct values of at most five nodes, which the exact procedure has anyway;
they are not counted as tried. The controls start from samples, as they would alone; a sequence counts as tried on a
subset of the points as well.

Each outcome is kept as a line of JSON: an interrupted measurement goes on where it stopped.

python -m benchmarks.gap [--seeds 20] [--control-seeds 3] [--seeds-at-10 5] [--jobs 2]
"""

import argparse
import functools
import json
import math
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from benchmarks.runs import kept, publish, table
from coeval.architecture.program import Operation, Program
from coeval.component.library import SCALAR
from coeval.evaluate.numeric import NumericEvaluator
from coeval.evaluate.protocol import never_stop
from coeval.exact.search import Search
from coeval.exact.solve import solve
from coeval.space.programs import ProgramSpace
from coeval.strategy.cooperative_parts import SEED, PartsCoevolution
from coeval.strategy.genetic import GeneticProgramming
from coeval.strategy.genetic_breeding import Breeding
from coeval.strategy.protocol import Strategy
from coeval.trial import Objective, Trial, finish

Floats = npt.NDArray[np.float64]

POINTS, NOISE, SEEDED = 20, 0.1, 5
KOZA = tuple(
    Operation(SCALAR[name], SCALAR[name].arity[0], SCALAR[name].complete({}))
    for name in ("add", "sub", "mul", "div", "sin", "cos", "exp", "log")
)
FORMULAS: tuple[tuple[int, str, Callable[[Floats], Floats]], ...] = (
    (6, "log(x + x²)", lambda x: np.log(x + x * x)),
    (6, "x + sin(x²)", lambda x: x + np.sin(x * x)),
    (7, "x³ + x", lambda x: x * x * x + x),
    (7, "cos(x) sin(x²)", lambda x: np.cos(x) * np.sin(x * x)),
    (8, "exp(cos x) sin(x²)", lambda x: np.exp(np.cos(x)) * np.sin(x * x)),
    (8, "x / (1 + exp(x²))", lambda x: x / (1 + np.exp(x * x))),
    (9, "sin(x) + sin(x + x²)", lambda x: np.sin(x) + np.sin(x + x * x)),
    (9, "log(x + 1) + cos(x²)", lambda x: np.log(x + 1) + np.cos(x * x)),
    (10, "sin(x) exp(cos(x) - x²)", lambda x: np.sin(x) * np.exp(np.cos(x) - x * x)),
    (10, "(x³ + x) / exp(x)", lambda x: (x * x * x + x) / np.exp(x)),
)
ERROR = Objective("nmse")


@dataclass(frozen=True, slots=True, eq=False)
class Target:
    """A problem and what is known of it.

    Attributes:
        name: The formula, and its noise.
        nodes: Most nodes of a tree.
        values: ``(points,)``.
        optimum: The least error of any tree of so many nodes, in the evaluator's unit.
        raw: Ordered trees of exactly so many nodes.
    """

    name: str
    nodes: int
    values: Floats
    optimum: float
    raw: int

    @property
    def budget(self) -> int:
        """Return how many sequences a search may try."""
        return self.raw // 100 if self.raw > 10_000_000 else self.raw // 5

    def is_reached(self, error: float) -> bool:
        """Return whether an error is the optimum but for rounding."""
        return error <= self.optimum * (1 + 1e-9) + 1e-12


def ordered_trees(nodes: int) -> int:
    """Return how many trees of exactly so many nodes there are, the order of operands counted."""
    counts = [0, 2]
    for size in range(2, nodes + 1):
        pairs = sum(counts[left] * counts[size - 1 - left] for left in range(1, size - 1))
        counts.append(sum(counts[-1] if one.arity == 1 else pairs for one in KOZA))
    return counts[nodes]


def columns() -> list[Floats]:
    """Return the points and the constant 1: the two leaves."""
    points = np.sort(np.random.default_rng(0).uniform(0.2, 3.0, POINTS))
    return [points, np.ones(POINTS)]


def make_targets(count: int) -> list[Target]:
    """Return the first targets, each solved exactly; one bank of values serves all."""
    found: list[Target] = []
    bank: Search | None = None
    for index, (nodes, name, formula) in enumerate(FORMULAS):
        exact = formula(columns()[0])
        scale = NOISE * math.sqrt(float(np.mean(exact * exact)))
        noise = scale * np.random.default_rng([1, index]).normal(size=POINTS)
        for label, values in ((name, exact), (f"{name} + noise", exact + noise)):
            if len(found) == count:
                return found
            answer = solve(columns(), values, KOZA, nodes, constants="linear", bank=bank)
            if not answer.certificate.is_proof:
                raise RuntimeError(f"{label}: {answer.certificate.describe()}")
            bank = answer.bank
            optimum = answer.error / (POINTS * float(np.var(values)))
            found.append(Target(label, nodes, values, optimum, ordered_trees(nodes)))
    return found


@dataclass(frozen=True, slots=True)
class Outcome:
    """One run: its last error, and how many sequences it tried until that was the optimum, or at all."""

    error: float
    tried: int
    reached: bool
    seconds: float


def run(target: Target, strategy: Strategy) -> Outcome:
    """Search until the optimum is reached or the budget is spent."""
    judge = NumericEvaluator(columns(), target.values, KOZA)
    best, tried, number, started = math.inf, 0, 0, time.process_time()
    while tried < target.budget:
        proposals = strategy.ask(target.budget - tried)
        if not proposals:
            break
        trials = [Trial(number + place, one) for place, one in enumerate(proposals)]
        number += len(trials)
        for trial in trials:
            strategy.tell(trial)
        measured = dict(judge.evaluate(trials, never_stop))
        for trial in trials:
            done = finish(trial, measured[trial.number])
            strategy.tell(done)
            tried += trial.proposal.origin != SEED
            if done.is_comparable:
                best = min(best, ERROR.cost(done))
            if target.is_reached(best):
                return Outcome(best, tried, True, time.process_time() - started)
    return Outcome(best, tried, False, time.process_time() - started)


def _space(target: Target) -> ProgramSpace:
    return ProgramSpace(2, KOZA, target.nodes - 1, size_limit=target.nodes)


@functools.cache
def bank_programs() -> tuple[Program, ...]:
    """Return the programs of all distinct values of 2 to ``SEEDED`` nodes."""
    shape = np.random.default_rng(2).normal(
        size=POINTS
    )  # any target: the bank does not depend on it
    bank = solve(columns(), shape, KOZA, 2 * SEEDED, constants="linear").bank
    return tuple(
        block.program(row)
        for nodes in range(2, SEEDED + 1)
        for block in bank.kept(nodes)
        for row in range(len(block.values))
    )


def coevolution(target: Target, seed: int) -> Strategy:
    """Return wholes and parts that coevolve, from the bank's seeds."""
    seeds = bank_programs()
    return PartsCoevolution(_space(target), ERROR, seed, seeds=seeds, complete=SEEDED)


def genetic(target: Target, seed: int) -> Strategy:
    """Return plain genetic programming."""
    return GeneticProgramming(_space(target), ERROR, seed)


def random_subset(target: Target, seed: int) -> Strategy:
    """Return genetic programming on eight random points for each generation."""
    return GeneticProgramming(_space(target), ERROR, seed, subset=8, rows=POINTS)


def random_draws(target: Target, seed: int) -> Strategy:
    """Return a search whose every candidate is a sample of the space."""
    return GeneticProgramming(_space(target), ERROR, seed, breeding=Breeding(fresh=1.0))


METHODS: dict[str, Callable[[Target, int], Strategy]] = {
    "coevolution": coevolution,
    "genetic programming": genetic,
    "random subset": random_subset,
    "random": random_draws,
}


def rows_of(target: Target, outcomes: dict[str, Sequence[Outcome]]) -> list[list[str]]:
    """Return a table row for each method."""
    found = []
    for name, runs in outcomes.items():
        needed = float(np.median([one.tried if one.reached else math.inf for one in runs]))
        excess = float(np.median([one.error - target.optimum for one in runs]))
        reached = sum(one.reached for one in runs)
        found.append(
            [
                target.name,
                str(target.nodes),
                f"{target.optimum:.3g}",
                f"{target.raw:,}",
                name,
                f"{reached} of {len(runs)}",
                f"{needed:,.0f}" if needed < math.inf else "more",
                f"{excess / target.optimum:.1%}" if target.optimum > 1e-9 else f"{excess:.1e}",
                f"{np.mean([one.seconds for one in runs]):.1f}",
            ]
        )
    return found


HEADER = [
    "target",
    "nodes",
    "least error",
    "sequences",
    "method",
    "reached",
    "median needed",
    "excess error",
    "CPU s",
]


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--seeds", type=int, default=20)
    options.add_argument("--seeds-at-10", type=int, help="of coevolution on the longest targets")
    options.add_argument("--control-seeds", type=int, help="of each control")
    options.add_argument("--targets", type=int, default=20)
    options.add_argument("--jobs", type=int, default=2)
    options.add_argument("--methods", nargs="*", default=list(METHODS), choices=list(METHODS))
    options.add_argument("--results", type=Path, default=Path("runs/gap.jsonl"))
    options.add_argument("--report", action="store_true", help="publish what is measured so far")
    chosen = options.parse_args()
    chosen.results.parent.mkdir(parents=True, exist_ok=True)
    targets = make_targets(chosen.targets)
    if not chosen.report:
        measure(targets, chosen)
    known = load(chosen.results)
    rows: list[list[str]] = []
    every: dict[str, list[Outcome]] = {name: [] for name in METHODS}
    frugal = 0  # runs that reach it within the budget even when the bank's seeds count as tried
    for target in targets:
        outcomes = {
            name: [one for key, one in sorted(known.items()) if key[:2] == (target.name, name)]
            for name in METHODS
        }
        rows += rows_of(target, {name: runs for name, runs in outcomes.items() if runs})
        for name, runs in outcomes.items():
            every[name] += runs
        room = target.budget - len(bank_programs())
        frugal += sum(one.reached and one.tried <= room for one in outcomes["coevolution"])
    text = (
        table(HEADER, rows) + "\n\n" + "\n".join(summary(*one) for one in every.items() if one[1])
    )
    text += f"\n- coevolution, its {len(bank_programs()):,} seeds counted as tried: {frugal} runs."
    publish("Distance to the exact optimum", "python -m benchmarks.gap", text)


def measure(targets: Sequence[Target], chosen: argparse.Namespace) -> None:
    """Run what is not measured yet, coevolution first, and keep each outcome as a line of JSON."""
    known = load(chosen.results)
    wanted = [
        (target, name, seed)
        for name in chosen.methods
        for target in targets
        for seed in range(_seeds(target, name, chosen))
        if (target.name, name, seed) not in known
    ]
    with ProcessPoolExecutor(chosen.jobs) as pool, chosen.results.open("a") as file:
        running = {pool.submit(run_method, *one): one for one in wanted}
        for done in as_completed(running):
            target, name, seed = running[done]
            line = {"target": target.name, "method": name, "seed": seed, **asdict(done.result())}
            print(json.dumps(line), file=file, flush=True)


def load(path: Path) -> dict[tuple[str, str, int], Outcome]:
    """Return what was measured: target, method and seed -> outcome."""
    found = {}
    for one in kept(path):
        key = (one.pop("target"), one.pop("method"), one.pop("seed"))
        found[key] = Outcome(**one)
    return found


def _seeds(target: Target, name: str, chosen: argparse.Namespace) -> int:
    if name != "coevolution":
        return int(chosen.control_seeds or chosen.seeds)
    return int((target.nodes == 10 and chosen.seeds_at_10) or chosen.seeds)


def run_method(target: Target, name: str, seed: int) -> Outcome:
    """Run one method; in a process of its own."""
    return run(target, METHODS[name](target, seed))


def summary(name: str, runs: Sequence[Outcome]) -> str:
    """Return in how many runs a method reached the optimum."""
    reached = sum(one.reached for one in runs)
    return f"- {name}: the optimum in {reached} of {len(runs)} runs ({reached / len(runs):.1%})."


if __name__ == "__main__":
    main()
