"""Are known formulas found again? Twelve targets, 20 seconds each on one thread; peers where installed.

python -m benchmarks.recovery [--seconds 20] [--targets 12] [--seed 0] [--peers]

Nguyen-1 to 8 at 20 points and four formulas of Feynman's lectures at 200, all with Koza's set and sqrt, of at
most 25 nodes. Recovered: R² > 1 - 1e-9 on 1,000 fresh points of the same ranges. A search sees the points to fit
and the time limit, nothing else. Ours is held to wall clock, which on a busy machine is less than processor time.
"""

import os

os.environ["OMP_NUM_THREADS"] = os.environ["OPENBLAS_NUM_THREADS"] = "1"

import argparse
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from benchmarks.formula_peers import NAMES, ask
from benchmarks.runs import publish, table
from coeval.run.approximate import approximate
from coeval.run.approximate_components import material
from coeval.run.approximate_plan import Plan
from coeval.task.points import make_points

Floats = npt.NDArray[np.float64]
COMPONENTS = ("add", "sub", "mul", "div", "sin", "cos", "exp", "log", "sqrt", "const")
LENGTH, FRESH, NEAR = 25, 1_000, 1e-9


@dataclass(frozen=True, slots=True, eq=False)
class Formula:
    """A target: a function of columns, the range of each, and how many points are to be fitted."""

    name: str
    text: str
    function: Callable[..., Floats]
    ranges: tuple[tuple[float, float], ...]
    points: int = 20

    def draw(self, count: int, seed: int) -> tuple[list[Floats], Floats]:
        """Return columns drawn uniformly from the ranges, and the target there."""
        rng = np.random.default_rng([seed, count])
        columns = [rng.uniform(low, high, count) for low, high in self.ranges]
        return columns, self.function(*columns)


ONE, WIDE = ((-1.0, 1.0),), (1.0, 3.0)
GAUSS = (2 * np.pi) ** -0.5
FORMULAS = (
    Formula("Nguyen-1", "x³ + x² + x", lambda x: x**3 + x**2 + x, ONE),
    Formula("Nguyen-2", "x⁴ + x³ + x² + x", lambda x: x**4 + x**3 + x**2 + x, ONE),
    Formula("Nguyen-3", "x⁵ + … + x", lambda x: x**5 + x**4 + x**3 + x**2 + x, ONE),
    Formula("Nguyen-4", "x⁶ + … + x", lambda x: sum(x**k for k in range(1, 7)), ONE),
    Formula("Nguyen-5", "sin(x²) cos(x) - 1", lambda x: np.sin(x * x) * np.cos(x) - 1, ONE),
    Formula("Nguyen-6", "sin(x) + sin(x + x²)", lambda x: np.sin(x) + np.sin(x + x * x), ONE),
    Formula(
        "Nguyen-7",
        "log(x + 1) + log(x² + 1)",
        lambda x: np.log(x + 1) + np.log(x * x + 1),
        ((0.0, 2.0),),
    ),
    Formula("Nguyen-8", "√x", np.sqrt, ((0.0, 4.0),)),
    Formula(
        "Feynman I.6.2a",
        "exp(-t²/2) / √(2π)",
        lambda t: np.exp(-t * t / 2) * GAUSS,
        (WIDE,),
        200,
    ),
    Formula(
        "Feynman I.6.2",
        "exp(-(t/s)²/2) / (√(2π) s)",
        lambda t, s: np.exp(-((t / s) ** 2) / 2) * GAUSS / s,
        (WIDE, WIDE),
        200,
    ),
    Formula(
        "Feynman I.9.18-like",
        "m M / (x² + y² + z²)",
        lambda m, n, x, y, z: m * n / (x * x + y * y + z * z),
        ((1.0, 5.0),) * 5,
        200,
    ),
    Formula(
        "Feynman I.12.2",
        "q₁ q₂ / (4 π ε r²)",
        lambda p, q, e, r: p * q / (4 * np.pi * e * r * r),
        ((1.0, 5.0),) * 4,
        200,
    ),
)


def unexplained(found: Floats, target: Floats) -> float:
    """Return 1 - R², infinite where the answer is undefined on a point."""
    if not np.isfinite(found).all():
        return np.inf
    rest = target - found
    around = target - target.mean()
    return float(rest @ rest) / float(around @ around)


def ours(one: Formula, seconds: float, seed: int) -> list[str]:
    """Return what ``approximate`` finds: 1 - R² on fresh points, time, length, who found it, the formula."""
    columns, target = one.draw(one.points, seed)
    fresh, truth = one.draw(FRESH, seed + 1)
    plan = Plan(length=LENGTH, seconds=seconds, hold_out=0.0, seed=seed)
    started = time.process_time()
    found = approximate(make_points(columns, target), material(COMPONENTS), plan)
    spent = time.process_time() - started
    rest = unexplained(np.asarray(found.predict(fresh)), truth)
    text = found.formula if len(found.formula) <= 100 else f"{found.formula[:97]}…"
    return [f"{rest:.1e}", f"{spent:.1f}", str(found.length), found.origin, f"`{text}`"]


def peer(name: str, one: Formula, seconds: float, seed: int) -> str:
    """Return a peer's 1 - R² on the same fresh points."""
    columns, target = one.draw(one.points, seed)
    fresh, truth = one.draw(FRESH, seed + 1)
    request = {
        "inputs": [column.tolist() for column in columns],
        "target": target.tolist(),
        "fresh": [column.tolist() for column in fresh],
        "seconds": seconds,
        "seed": seed,
    }
    answer = ask(name, request)
    if answer is None:
        return "not installed"
    return f"{unexplained(np.array(answer['found']), truth):.1e}"


def recovered(rests: list[str]) -> str:
    """Return how many of the numbers are near enough to zero."""
    if "not installed" in rests:
        return "not installed"
    return f"{sum(float(one) < NEAR for one in rests)} of {len(rests)}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=20.0)
    parser.add_argument("--targets", type=int, default=len(FORMULAS), help="only the first")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--peers", action="store_true", help="run gplearn and pyoperon as well")
    chosen = parser.parse_args()
    lines: list[list[str]] = []
    for one in FORMULAS[: chosen.targets]:
        mine = ours(one, chosen.seconds, chosen.seed)
        others = [peer(name, one, chosen.seconds, chosen.seed) for name in NAMES if chosen.peers]
        lines.append([one.name, one.text, *mine, *others])
        print(" | ".join(lines[-1]), flush=True)
    names = NAMES if chosen.peers else ()
    counts = {"coeval": recovered([line[2] for line in lines])}
    counts |= {name: recovered([line[7 + k] for line in lines]) for k, name in enumerate(names)}
    header = [
        "target",
        "formula",
        "1 - R² on fresh points",
        "processor seconds",
        "nodes",
        "found by",
        "answer",
    ]
    text = "\n\n".join(
        [
            table([*header, *(f"{name}: 1 - R²" for name in names)], lines),
            f"Recovered (1 - R² < {NEAR:.0e}): "
            + ", ".join(f"{name} {count}" for name, count in counts.items())
            + f"; {chosen.seconds:g} seconds each, seed {chosen.seed}.",
        ]
    )
    if chosen.targets == len(FORMULAS):
        options = " --peers" if chosen.peers else ""
        publish("Recovery of formulas", f"python -m benchmarks.recovery{options}", text)
        if counts["coeval"] != f"{len(FORMULAS)} of {len(FORMULAS)}":
            sys.exit(f"recovered {counts['coeval']}")
    else:
        print(text)


if __name__ == "__main__":
    main()
