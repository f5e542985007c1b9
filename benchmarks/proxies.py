"""Proxy tasks and zero-cost scores: how well each ranks candidates that were then trained whole, and what it costs.

    python -m benchmarks.proxies [--candidates 40] [--jobs 2] [--report]

Candidates are drawn from the space of each table as a search draws them, and trained at half of the usual effort. Each
proxy is a fidelity of the same evaluator; fewer epochs are read off the curve of the whole training, whose prefix they
are, bit for bit. Seconds are a process's own processor time. Forty candidates take twenty minutes on two quiet cores, ten five
minutes, what is kept is not measured again.
"""

import argparse
import math
import time
from collections.abc import Callable, Mapping
from functools import cache, partial
from pathlib import Path

import numpy as np

from benchmarks.runs import DATA, keep_missing, kept, publish, table
from coeval.evaluate.protocol import never_stop
from coeval.evaluate.training import TrainingEvaluator
from coeval.seed import generator
from coeval.space.digest import candidate_digest
from coeval.space.tabular import space_for
from coeval.statistics import spearman
from coeval.strategy.curves import LEAST_POINTS, extrapolate
from coeval.task.read import read
from coeval.trial import Fidelity, Proposal, Trial

TABLES = {"abalone": "rings", "phoneme": "target", "satimage": "target", "wine_quality": "quality"}
EFFORT = 0.5
KEPT = Path(__file__).parents[1] / "runs" / "proxies.jsonl"
TRAININGS: Mapping[str, Fidelity] = {
    "whole": Fidelity(),
    "signals": Fidelity(epochs=0.0),
    "another seed": Fidelity(),
    "rows 1/3": Fidelity(rows=1 / 3),
    "rows 1/9": Fidelity(rows=1 / 9),
    "width 1/2": Fidelity(width=1 / 2),
    "width 1/4": Fidelity(width=1 / 4),
}
SIGNALS = ("parameters", "macs", "synflow", "naswot", "jacov", "grad_norm", "snip", "zen")
Found = tuple[float, float] | None
"""What a proxy says, more being better, and the seconds it takes; ``None`` where it says nothing."""


@cache
def world(name: str):
    """Return a table's task and space."""
    task = read(DATA / f"{name}.parquet", target=TABLES[name])
    return task, space_for(task, models="neural", effort=EFFORT)


def measure(name: str, number: int, training: str) -> dict:
    """Train one candidate at one fidelity; return what was found as a line."""
    task, space = world(name)
    candidate = space.sample(generator(0, "proxies", name, number))
    # A trial's number addresses its draws: proxies share those of the whole training, as a promotion does.
    address = number + (10_000 if training == "another seed" else 0)
    trial = Trial(address, Proposal(candidate, TRAININGS[training]))
    evaluator = TrainingEvaluator(task, space, signals=training == "signals")
    started = time.process_time()
    ((_, found),) = evaluator.evaluate([trial], never_stop)
    return {
        "table": name,
        "candidate": number,
        "training": training,
        "digest": candidate_digest(candidate),
        "seconds": time.process_time() - started,
        "score": found.values.get(task.metric.name),
        "maximise": task.metric.maximise,
        "curve": [float(f"{one:.6g}") for one in found.curve.get(task.metric.name, ())],
        "schedule": found.data.get("schedule_epochs"),
        "cost": dict(found.cost),
        "signals": found.data.get("signals", {}),
        "failure": None if found.failure is None else found.failure.detail[:200],
    }


def trained(training: str, lines: Mapping[str, dict]) -> Found:
    """Return the score of a training; a failed one is worst."""
    line = lines.get(training)
    if line is None:
        return None
    score = line["score"]
    gain = -math.inf if score is None else score if line["maximise"] else -score
    return gain, line["seconds"]


def early(training: str, share: float, lines: Mapping[str, dict]) -> Found:
    """Return the best score of a training's first epochs, as a trial paused there would have it."""
    line = lines.get(training)
    if line is None:
        return None
    curve, sign = line["curve"], 1 if line["maximise"] else -1
    if not curve:
        return trained(training, lines)
    reached = max(round(share * line["schedule"]), 1)
    seen = np.array(curve[:reached]) * sign
    return float(np.nanmax(seen)), line["seconds"] * min(reached / len(curve), 1.0)


def extrapolated(share: float, lines: Mapping[str, dict]) -> Found:
    """Return what the whole training's first epochs let expect of its last."""
    line, plain = lines["whole"], early("whole", share, lines)
    count = max(round(share * line["schedule"]), LEAST_POINTS)
    prefix = np.array(line["curve"][:count])
    if plain is None or len(prefix) < count or np.isfinite(prefix).sum() < LEAST_POINTS:
        return plain
    mean, _ = extrapolate(prefix, line["schedule"])
    return mean if line["maximise"] else -mean, plain[1]


def signal(name: str, lines: Mapping[str, dict]) -> Found:
    """Return a score of the untrained network, or a count."""
    line = lines.get("signals")
    value = None if line is None else line["cost"].get(name, line["signals"].get(name))
    if line is None or value is None:
        return None
    return value, line["seconds"] if name in line["signals"] else 0.0


PROXIES: Mapping[str, Callable[[Mapping[str, dict]], Found]] = {
    "whole, another seed": partial(trained, "another seed"),
    **{
        f"epochs {label}": partial(early, "whole", share)
        for label, share in (("1/3", 1 / 3), ("1/9", 1 / 9))
    },
    "epochs 1/3, extrapolated": partial(extrapolated, 1 / 3),
    "epochs 1/9, extrapolated": partial(extrapolated, 1 / 9),
    **{name: partial(trained, name) for name in TRAININGS if name.startswith(("rows", "width"))},
    "width 1/2, epochs 1/3": partial(early, "width 1/2", 1 / 3),
    "width 1/4, epochs 1/3": partial(early, "width 1/4", 1 / 3),
    **{name: partial(signal, name) for name in SIGNALS},
}


def report(lines: list[dict]) -> str:
    """Return the table: rank agreement with the whole training, on each table and over all, and the share of its compute."""
    worlds = {name: by_candidate(lines, name) for name in TABLES}
    rows = []
    for label, proxy in PROXIES.items():
        pairs = {name: paired(proxy, known) for name, known in worlds.items()}
        pairs = {name: one for name, one in pairs.items() if len(one) >= 5}
        if not pairs:
            continue
        found = [spearman(one[:, 0], one[:, 1]) for one in pairs.values()]
        low, high = np.quantile(resampled(list(pairs.values())), [0.025, 0.975])
        share = sum(one[:, 2].sum() for one in pairs.values())
        share /= sum(one[:, 3].sum() for one in pairs.values())
        top = np.nanmean([kendall(best_fifth(one)) for one in pairs.values()])
        count = sum(len(one) for one in pairs.values())
        row = [label, f"{100 * share:.1f} %", f"{np.mean(found):.2f} ({low:.2f} to {high:.2f})"]
        row += [f"{found[list(pairs).index(name)]:.2f}" if name in pairs else "" for name in TABLES]
        rows.append([*row, f"{top:.2f}", str(count)])
    header = ["proxy", "compute", "Spearman (95 %)", *TABLES, "Kendall in the top fifth", "pairs"]
    return table(header, rows)


def by_candidate(lines: list[dict], name: str) -> list[dict[str, dict]]:
    """Return a table's lines by training, for each candidate whose whole training has a score."""
    found: dict[int, dict[str, dict]] = {}
    for line in lines:
        if line["table"] == name:
            found.setdefault(line["candidate"], {})[line["training"]] = line
    return [one for one in found.values() if one.get("whole", {}).get("score") is not None]


def paired(proxy: Callable, known: list[dict[str, dict]]) -> np.ndarray:
    """Return ``(candidates, 4)``: proxy, whole score, seconds of both; more is better."""
    rows = []
    for lines in known:
        said, whole = proxy(lines), trained("whole", lines)
        if said is not None and whole is not None:
            rows.append((said[0], whole[0], said[1], whole[1]))
    return np.array(rows).reshape(-1, 4)


def resampled(pairs: list[np.ndarray], resamples: int = 500) -> list[float]:
    """Return the mean rank correlation over tables for resampled candidates."""
    rng = generator(0, "proxies", "bootstrap")
    found = []
    for _ in range(resamples):
        drawn = [one[rng.integers(len(one), size=len(one))] for one in pairs]
        found.append(float(np.nanmean([spearman(one[:, 0], one[:, 1]) for one in drawn])))
    return found


def best_fifth(pairs: np.ndarray) -> np.ndarray:
    """Return the fifth of the candidates that is best when trained whole, three at least."""
    return pairs[np.argsort(-pairs[:, 1], kind="stable")[: max(3, len(pairs) // 5)]]


def kendall(pairs: np.ndarray) -> float:
    """Return Kendall's rank correlation: pairs in order less pairs in reverse, a tie counting for neither."""
    first, second = (np.sign(np.subtract.outer(one, one)) for one in pairs[:, :2].T)
    return float((first * second).sum() / (len(pairs) * (len(pairs) - 1)))


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--candidates", type=int, default=40)
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--report", action="store_true", help="only write the table")
    given = parser.parse_args()
    known = {(one["table"], one["candidate"], one["training"]) for one in kept(KEPT)}
    wanted = [
        (name, number, training)
        for number in range(given.candidates)
        for training in TRAININGS
        for name in TABLES
    ]
    if not given.report:
        keep_missing(KEPT, measure, wanted, known, jobs=given.jobs)
    publish("Proxy tasks and zero-cost scores", "python -m benchmarks.proxies", report(kept(KEPT)))


if __name__ == "__main__":
    main()
