"""How fast is the exact procedure, and how far does it reach? Beside peers where they are installed (``make peers``).

python -m benchmarks.exact [--quick]

Processor time on one thread throughout, the smallest of three. Koza's set: add, sub, mul, div, sin, cos, exp and
log over x and 1, at 20 points drawn from U(-1, 1) with seed 0.
"""

import os

os.environ["OMP_NUM_THREADS"] = os.environ["OPENBLAS_NUM_THREADS"] = "1"

import argparse
import sys
import time
from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt

from benchmarks.formula_peers import NAMES, ask
from benchmarks.runs import publish, table
from coeval.architecture.program import Operation
from coeval.component.library import SCALAR
from coeval.exact.kernels import direct
from coeval.exact.kernels.bounds import TestOrder
from coeval.exact.kernels.elementwise import best_application
from coeval.exact.kernels.models import Sweep
from coeval.exact.kernels.pairs import best_pair, best_two_features
from coeval.exact.solve import solve
from coeval.exact.tree import TreeSearch
from coeval.exact.vocabulary import make_vocabulary

Floats = npt.NDArray[np.float64]

KOZA = tuple(
    Operation(SCALAR[name], SCALAR[name].arity[0], SCALAR[name].complete({}))
    for name in ("add", "sub", "mul", "div", "sin", "cos", "exp", "log")
)
X = np.random.default_rng(0).uniform(-1, 1, 20)
NOISY = np.sin(2.3 * X) + X + 0.3 * np.random.default_rng(1).normal(size=20)
PROTOTYPE = {5: 934, 6: 5_358, 7: 31_664, 8: 191_276, 9: 1_172_156}
"""Distinct values that the reference's prototype found at other points."""
LEAST = {"float32": 2e8, "float64": 1e8}
LEAST_CANDIDATES, MOST_SECONDS = 5e5, 120.0
CANDIDATES, POINTS, TARGETS = 16_328, 512, 20


def timed(call: Callable[[], Any], repeats: int = 3) -> tuple[float, Any]:
    """Return the least processor time of a call, and its result."""
    best, result = np.inf, None
    for _ in range(repeats):
        started = time.process_time()
        result = call()
        best = min(best, time.process_time() - started)
    return float(best), result


def bank(x: Floats, sizes: int) -> TreeSearch:
    """Return the distinct values of all trees up to a size."""
    search = TreeSearch(make_vocabulary([x], KOZA, (1.0,)))
    for _ in range(search.covered, sizes):
        for _block in search.grow():
            pass
    return search


def one_by_one(rows: Floats) -> float:
    """Return models a second when every pair is fitted by itself: the baseline of the same run."""
    rng = np.random.default_rng(0)
    i, j = rng.integers(len(rows), size=(2, 100_000))
    seconds, _ = timed(lambda: direct.linear(rows[i], rows[j], NOISY))
    return len(i) / seconds


def pairs(rows: Floats) -> tuple[list[list[str]], list[str]]:
    """Return the table of models a second, and complaints."""
    sweeps: dict[str, Callable[..., Sweep]] = {
        "y ~ c0 + c1 f + c2 g": lambda one: best_two_features(rows, None, NOISY, precision=one),
    }
    for name, constants in (("mul", "none"), ("add", "none"), ("mul", "linear"), ("add", "linear")):
        label = f"{name}(f, g)" if constants == "none" else f"c0 + c1 {name}(f, g)"
        sweeps[label] = lambda one, name=name, constants=constants: best_pair(
            rows, None, NOISY, name, constants=constants, precision=one
        )
    baseline = one_by_one(rows)
    lines, complaints = [], []
    for label, sweep in sweeps.items():
        for precision in ("float32", "float64"):
            seconds, found = timed(lambda sweep=sweep, one=precision: sweep(one))
            rate = found.covered / seconds
            lines.append(
                [
                    label,
                    precision,
                    f"{found.covered:.2e}",
                    f"{rate:.2e}",
                    f"{rate / baseline:,.0f}",
                    f"{found.recomputed / found.covered:.2%}",
                ]
            )
            if label.count("c") == 3 and rate < LEAST[precision]:
                complaints.append(f"{label} in {precision}: {rate:.2e} models a second")
    return lines, complaints


def peers(own: float) -> list[list[str]]:
    """Return evaluations a second of other systems, and ours as a multiple."""
    lines = []
    for peer, count in zip(NAMES, (10_000, 500_000), strict=True):
        request = {"inputs": [X.tolist()], "target": NOISY.tolist(), "seed": 0}
        answer = ask(peer, {**request, "evaluations": count})
        if answer is None:
            lines.append([peer, "not installed", ""])
            continue
        rate = answer["evaluations"] / answer["seconds"]
        lines.append([peer, f"{rate:.2e}", f"{own / rate:,.0f}"])
    return lines


def enumeration(most: int) -> tuple[list[list[str]], float]:
    """Return the table of distinct values by size, and candidates a second."""
    seconds, search = timed(lambda: bank(X, most), repeats=1)
    lines = []
    for size in range(5, most + 1):
        found, tried = len(search.level(size)), search.bank.candidates[size - 1]
        lines.append([str(size), f"{tried:,}", f"{found:,}", f"{PROTOTYPE[size]:,}"])
    return lines, sum(search.bank.candidates) / seconds


def proof(length: int) -> tuple[list[list[str]], float]:
    """Return what it takes to prove the optimum of a noisy target, and the most seconds."""
    lines, most = [], 0.0
    for constants in ("none", "linear"):
        started = time.process_time()
        found = solve([X], NOISY, KOZA, length, numbers=(1.0,), constants=constants)
        seconds = time.process_time() - started
        if not found.certificate.is_proof:
            raise RuntimeError(found.certificate.describe())
        most = max(most, seconds)
        verdict = f"{found.certificate.sequences:.2e}"
        lines.append([str(length), constants, f"{seconds:.1f}", verdict, f"{found.error:.6f}"])
    return lines, most


def abandoning(targets: int) -> list[list[str]]:
    """Return points touched a candidate in a random and in the learnt order (reference, C.4), by noise."""
    x = np.random.default_rng(2).uniform(-3, 3, POINTS)
    rows = np.ascontiguousarray(bank(x, 7).values[:CANDIDATES])
    lines = []
    for level, stated in ((0.0, "248.7 → 45.1"), (0.3, "23.1 → 8.9"), (1.0, "190.9 → 90.0")):
        touched = []
        for number in np.linspace(CANDIDATES // 10, CANDIDATES - 1, targets).astype(int):
            noise = np.random.default_rng([3, number]).normal(size=POINTS) * rows[number].std()
            orders = (TestOrder(POINTS, 0, decay=1.0), TestOrder(POINTS, 0))
            target = rows[number] + level * noise
            found = [best_application(np.positive, (rows,), target, order=one) for one in orders]
            if found[0].best != found[1].best:
                raise RuntimeError(f"the order changed the answer to {found[1].best}")
            touched.append([one.touched / one.covered for one in found])
        before, after = np.mean(touched, axis=0)
        wins = np.mean([b < a for a, b in touched])
        lines.append([f"{level}", f"{before:.1f}", f"{after:.1f}", f"{wins:.0%}", stated])
    return lines


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="small sizes, nothing published")
    quick = parser.parse_args().quick
    rows = np.array(bank(X, 6 if quick else 7).values)
    models, complaints = pairs(rows)
    rate = float(models[1][3])
    counts, candidates = enumeration(7 if quick else 9)
    proofs, seconds = proof(8 if quick else 10)
    if candidates < LEAST_CANDIDATES:
        complaints.append(f"{candidates:.2e} candidates a second")
    if seconds > MOST_SECONDS:
        complaints.append(f"{seconds:.0f} seconds to the proof")
    parts = [
        f"All pairs of {len(rows):,} distinct values at {len(X)} points, processor time of one thread:",
        table(
            [
                "model",
                "filter",
                "models",
                "models a second",
                "times one by one",
                "computed one by one",
            ],
            models,
        ),
        "Other systems, evaluations a second on the same points (ours: three constants, float64):",
        table(["system", "evaluations a second", "ours, times theirs"], peers(rate)),
        f"The enumerator that keeps all distinct values: {candidates:.2e} candidates a second.",
        table(
            ["size", "candidates", "distinct values", "the reference's, at other points"], counts
        ),
        "Optimality proven on a noisy target:",
        table(
            ["most nodes", "constants", "processor seconds", "sequences covered", "least error"],
            proofs,
        ),
        f"Early abandoning: points touched a candidate, of {POINTS}, mean of {TARGETS} targets each among {CANDIDATES:,} "
        "candidates (the reference: one target each, other candidates); the answer is the same in either order.",
        table(
            ["noise", "random order", "learnt order", "learnt is better", "reference"],
            abandoning(2 if quick else TARGETS),
        ),
    ]
    text = "\n\n".join(parts)
    if quick:
        print(text)
    else:
        publish("Exact search", "python -m benchmarks.exact", text)
    if complaints and not quick:
        sys.exit("; ".join(complaints))


if __name__ == "__main__":
    main()
