"""Learning-curve extrapolation: does it foretell the end better than the last value, and do its intervals hold?

    python -m benchmarks.curves

Published curves of 2,000 cells of SpikeNAS-Bench (100 epochs), and the whole trainings that ``benchmarks.proxies`` kept, where the
end is the best score, as a trial is scored.
"""

import time
from pathlib import Path

import numpy as np

from benchmarks.proxies import KEPT, TABLES
from benchmarks.runs import kept, publish, table
from coeval.seed import generator
from coeval.statistics import spearman
from coeval.strategy.curves import LEAST_POINTS, extrapolate, extrapolate_all

CURVES = Path(__file__).parents[2] / "shared" / "data" / "nas" / "spikenasbench_cifar10_curves.npz"
INSIDE = 1.2816
"""Deviations to each side that hold 80 % of a normal distribution."""
HEADER = [
    "curves", "known", "Spearman: extrapolated", "best so far", "last value",
    "error, of best so far's", "inside 80 %", "number",
]  # fmt: skip


def row(name: str, label: str, found: np.ndarray) -> list[str]:
    """Return a row of the table.

    Args:
        name: Of the curves.
        label: How much of them is known.
        found: ``(curves, 5)``: mean, deviation, best and last known value, end.
    """
    mean, deviation, best, last, end = found.T
    error = np.median(np.abs(mean - end)) / max(np.median(np.abs(best - end)), 1e-12)
    inside = np.mean(np.abs(end - mean) <= INSIDE * deviation)
    ranks = [f"{spearman(one, end):.2f}" for one in (mean, best, last)]
    return [name, label, *ranks, f"{error:.2f}", f"{100 * inside:.0f} %", str(len(found))]


def published() -> list[list[str]]:
    """Return the rows of SpikeNAS-Bench; cells without a path from input to output are left out."""
    curves = np.load(CURVES)["val_correct_per_25000"][:, :100].astype(np.float64) / 250
    curves = curves[(curves <= 100).all(axis=1) & (curves[:, -1] > 20)]
    curves = curves[generator(0).choice(len(curves), 2000, replace=False)]
    rows = []
    for count in (10, 25, 50):
        known = curves[:, :count]
        mean, deviation = extrapolate_all(known, 100)
        found = np.stack([mean, deviation, known.max(1), known[:, -1], curves[:, -1]], axis=1)
        rows.append(row("SpikeNAS-Bench, CIFAR-10", f"{count} of 100", found))
    return rows


def ours(lines: list[dict]) -> list[list[str]]:
    """Return the rows of our own trainings; those that ended before are left out."""
    rows = []
    for name in TABLES:
        for label, share in (("1/9", 1 / 9), ("1/3", 1 / 3)):
            found = []
            for line in lines:
                if line["table"] != name or line["training"] not in ("whole", "another seed"):
                    continue
                count = max(round(share * line["schedule"]), LEAST_POINTS) if line["curve"] else 0
                curve = np.array(line["curve"]) * (1 if line["maximise"] else -1)
                if len(curve) > count >= LEAST_POINTS and np.isfinite(curve[:count]).all():
                    mean, deviation = extrapolate(curve[:count], line["schedule"])
                    known = curve[:count]
                    found.append((mean, deviation, known.max(), known[-1], np.nanmax(curve)))
            if len(found) >= 5:
                rows.append(row(name, label, np.array(found)))
    return rows


def milliseconds() -> float:
    """Return the processor time of one extrapolation from 50 of 100 epochs."""
    curve = 1 + generator(0).normal(size=50) / 10 + 1 / np.arange(1.0, 51.0)
    found = []
    for _ in range(50):
        started = time.thread_time()
        extrapolate(curve, 100)
        found.append(time.thread_time() - started)
    return 1000 * float(np.median(found))


def main() -> None:
    text = table(HEADER, [*published(), *ours(kept(KEPT))])
    text += f"\n\nOne extrapolation takes {milliseconds():.1f} ms."
    publish("Learning-curve extrapolation", "python -m benchmarks.curves", text)


if __name__ == "__main__":
    main()
