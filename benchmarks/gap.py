"""How far from the exact optimum does a search end, and how many sequences does it need to reach it?

Twenty targets whose minimum-error tree is known, with its certificate: ten formulas of 6 to 10 nodes over Koza's
set, each without noise and with noise of 0.1 of its root mean square. Every method searches the very set that the
exact procedure covers: trees of at most so many nodes, scale and offset fitted at the root. Its budget is 1 % of
the ordered trees of that many nodes where these exceed ten million, and 20 % where they are fewer.

python -m benchmarks.gap [--seeds 20] [--targets 20]
"""

import argparse
import math
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from benchmarks.runs import publish, table
from coeval.architecture.program import Operation
from coeval.component.library import SCALAR
from coeval.evaluate.numeric import NumericEvaluator
from coeval.evaluate.protocol import never_stop
from coeval.exact.search import Search
from coeval.exact.solve import solve
from coeval.space.programs import ProgramSpace
from coeval.strategy.cooperative import CooperativeCoevolution
from coeval.strategy.genetic_breeding import Breeding
from coeval.strategy.protocol import Strategy
from coeval.trial import Objective, Trial, finish

Floats = npt.NDArray[np.float64]

POINTS, NOISE = 20, 0.1
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
    best, tried, started = math.inf, 0, time.process_time()
    while tried < target.budget:
        proposals = strategy.ask(target.budget - tried)
        if not proposals:
            break
        trials = [Trial(tried + place, one) for place, one in enumerate(proposals)]
        for trial in trials:
            strategy.tell(trial)
        measured = dict(judge.evaluate(trials, never_stop))
        for trial in trials:
            done = finish(trial, measured[trial.number])
            strategy.tell(done)
            tried += 1
            if done.is_comparable:
                best = min(best, ERROR.cost(done))
            if target.is_reached(best):
                return Outcome(best, tried, True, time.process_time() - started)
    return Outcome(best, tried, False, time.process_time() - started)


def one_population(target: Target, seed: int) -> Strategy:
    """Return genetic programming in one population."""
    space = ProgramSpace(2, KOZA, target.nodes - 1, size_limit=target.nodes)
    return CooperativeCoevolution(space, ERROR, seed, slots=1, start=1, population=200)


def random_draws(target: Target, seed: int) -> Strategy:
    """Return a search whose every child is a sample of the space."""
    space = ProgramSpace(2, KOZA, target.nodes - 1, size_limit=target.nodes)
    breeding = Breeding(fresh=1.0)
    return CooperativeCoevolution(
        space, ERROR, seed, slots=1, start=1, population=200, breeding=breeding
    )


METHODS: dict[str, Callable[[Target, int], Strategy]] = {
    "one population": one_population,
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
    options.add_argument("--targets", type=int, default=20)
    chosen = options.parse_args()
    rows: list[list[str]] = []
    for target in make_targets(chosen.targets):
        outcomes = {
            name: [run(target, make(target, seed)) for seed in range(chosen.seeds)]
            for name, make in METHODS.items()
        }
        rows += rows_of(target, outcomes)
        print(*rows[-len(METHODS) :], sep="\n", flush=True)
    command = f"python -m benchmarks.gap --seeds {chosen.seeds} --targets {chosen.targets}"
    publish("Distance to the exact optimum", command, table(HEADER, rows))


if __name__ == "__main__":
    main()
