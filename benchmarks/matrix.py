"""Methods x targets: no component set, at equal effort, is best for every target (docs/theory.md, conclusion 1).

Every set is searched exactly, to the greatest length whose sequences number at most ``--sequences``: a small set
reaches longer sequences than a large one. Beside them stand a linear model and gradient boosting. Every method
sees the same 60 points; the error is that on 1,000 fresh ones.

python -m benchmarks.matrix
"""

import argparse
import itertools
from collections.abc import Callable

import numpy as np
from sklearn.ensemble import HistGradientBoostingRegressor
from sklearn.linear_model import LinearRegression

from benchmarks.runs import publish, table
from coeval.architecture.program import Operation
from coeval.build.numeric.evaluate import bind, values
from coeval.component.library import SCALAR
from coeval.exact.size import LONGEST, count
from coeval.exact.solve import Solution, solve
from coeval.seed import generator

ARITHMETIC = ("add", "sub", "mul")
SETS = {
    "+ - ·": ARITHMETIC,
    "+ - · /": (*ARITHMETIC, "div"),
    "+ - · sin cos": (*ARITHMETIC, "sin", "cos"),
    "+ · exp log": ("add", "mul", "exp", "log"),
    "+ - · / sin cos exp log": (*ARITHMETIC, "div", "sin", "cos", "exp", "log"),
}
TARGETS: dict[str, Callable[[np.ndarray], np.ndarray]] = {
    "x⁶ + x⁵ + x⁴ + x³ + x² + x": lambda x: sum(x**k for k in range(1, 7)),
    "(x + 1)³ / (x² - x + 1)": lambda x: (x + 1) ** 3 / (x**2 - x + 1),
    "sin x + sin(x + x²)": lambda x: np.sin(x) + np.sin(x + x**2),
    "log(x + 1) + log(x² + 1)": lambda x: np.log(x + 1) + np.log(x**2 + 1),
    "exp(-(x - 1)²)": lambda x: np.exp(-((x - 1) ** 2)),
    "x² where x < 1, else min(x, 2)": lambda x: np.where(x < 1, x**2, np.minimum(x, 2)),
    "floor(4 x)": lambda x: np.floor(4 * x),
}
Predict = Callable[[np.ndarray], np.ndarray]


def operations(names: tuple[str, ...]) -> list[Operation]:
    return [Operation(SCALAR[name], SCALAR[name].arity[0]) for name in names]


def longest(names: tuple[str, ...], sequences: int) -> int:
    """Return the greatest length whose trees over x and 1 number at most ``sequences``."""
    known = operations(names)
    lengths = itertools.takewhile(
        lambda n: count("tree", n, 2, known) <= sequences, range(1, LONGEST)
    )
    return max(lengths)


def predictor(solution: Solution) -> Predict:
    """Return the solution as a function; NaN where it is undefined."""
    functions = [bind(one) for one in solution.operations]

    def predict(x: np.ndarray) -> np.ndarray:
        features = [values(one, [x], solution.operations, functions) for one in solution.programs]
        if any(one is None for one in features):
            return np.full(len(x), np.nan)
        total = np.full(len(x), solution.weights[0])
        for weight, feature in zip(solution.weights[1:], features, strict=True):
            total += weight * feature
        return total

    return predict


def methods(x: np.ndarray, y: np.ndarray, sequences: int) -> dict[str, Predict]:
    """Return every method fitted on the points."""
    fitted: dict[str, Predict] = {}
    for name, names in SETS.items():
        length = longest(names, sequences)
        solved = solve([x], y, operations(names), length, numbers=(1.0,), constants="linear")
        fitted[f"{name}, length {length}"] = predictor(solved)
    for name, model in (
        ("linear model", LinearRegression()),
        ("gradient boosting", HistGradientBoostingRegressor(min_samples_leaf=3, random_state=0)),
    ):
        trained = model.fit(x[:, None], y)
        fitted[name] = lambda fresh, trained=trained: trained.predict(fresh[:, None])
    return fitted


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--sequences", type=int, default=200_000)
    sequences = parser.parse_args().sequences
    errors: dict[str, list[float]] = {}
    for number, target in enumerate(TARGETS.values()):
        x = generator(0, "matrix", number).uniform(0, 2, 60)
        fresh = generator(1, "matrix", number).uniform(0, 2, 1000)
        for name, predict in methods(x, target(x), sequences).items():
            left = predict(fresh) - target(fresh)
            error = float(np.mean(left**2) / np.var(target(fresh)))
            errors.setdefault(name, []).append(error if np.isfinite(error) else np.inf)
    least = np.min(list(errors.values()), axis=0)
    rows = [
        [name, *(_cell(error, best) for error, best in zip(row, least, strict=True))]
        for name, row in errors.items()
    ]
    every = np.array(list(errors.values()))
    dominating = [n for n, row in errors.items() if bool((np.array(row) <= every).all())]
    verdict = f"{' and '.join(dominating)} dominates." if dominating else "No row dominates."
    publish(
        "Methods and targets",
        f"python -m benchmarks.matrix --sequences {sequences}",
        table(["normalised mean squared error on fresh points", *TARGETS], rows)
        + f"\n\n{verdict} Bold: the least of its column. Every set was searched exactly, at most {sequences:,} sequences each.",
    )


def _cell(error: float, least: float) -> str:
    text = "0" if error < 1e-20 else f"{error:.2g}" if np.isfinite(error) else "undefined"
    return f"**{text}**" if error <= max(least * 1.01, 1e-20) else text


if __name__ == "__main__":
    main()
