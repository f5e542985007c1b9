"""The seeds on the development tables, and the order that ``space.portfolio`` makes of it.

    python -m benchmarks.portfolio [--seconds 280] [--rows 3000] [--report]

Each seed is trained once on each development table: the first fold only, on at most ``--rows`` rows, one core, seed 0. That is
thin: one training a cell says little about seeds that are close, so only the order of tries is learnt from it, never whether a
seed is tried. What is kept is not measured again, unless a seed has changed; ``--seconds`` ends a sitting. The other tables of the benchmark are never looked
at. The losses are written to ``src/coeval/space/portfolio.json``.
"""

import argparse
import json
import math
import statistics
import time
from dataclasses import asdict, replace
from functools import cache
from pathlib import Path

from benchmarks.runs import DATA, kept, publish, table
from coeval.evaluate.protocol import never_stop
from coeval.evaluate.training import TrainingEvaluator
from coeval.space.digest import candidate_digest
from coeval.space.portfolio import FILE, Known, Looks, looks_of, order
from coeval.space.tabular import space_for
from coeval.task.read import read
from coeval.trial import Fidelity, Proposal, Trial

DEVELOPMENT = {
    "abalone": "rings",
    "cpu_act": "target",
    "credit_g": "class",
    "magic": "target",
    "nursery": "target",
    "phoneme": "target",
    "satimage": "target",
    "wine_quality": "quality",
}
"""Tables that earlier choices were made on already (seeds' learning rates, proxies), and two of categories: 16 of 24 stay unseen."""
KEPT = Path(__file__).parents[1] / "runs" / "portfolio.jsonl"
SECTION = "Seeds on the development tables"


@cache
def world(name: str):
    """Return a table's task, its first fold alone, and the space of all models."""
    task = read(DATA / f"{name}.parquet", target=DEVELOPMENT[name])
    task = replace(task, folds=task.folds[:1])
    return task, space_for(task, models="all")


def measure(name: str, seed: str, rows: int) -> dict:
    """Train one seed on one table; return what was found as a line."""
    task, space = world(name)
    share = min(1.0, rows / len(task.folds[0][0]))
    trial = Trial(0, Proposal(space.seeds()[seed], Fidelity(rows=share)))
    evaluator = TrainingEvaluator(task, space, signals=False)
    started = time.process_time()
    ((_, found),) = evaluator.evaluate([trial], never_stop)
    score = found.values.get(task.metric.name)
    return {
        "table": name,
        "seed": seed,
        "digest": candidate_digest(space.seeds()[seed]),
        "rows": rows,
        "score": score,
        "maximise": task.metric.maximise,
        "metric": task.metric.name,
        "seconds": time.process_time() - started,
        "failure": None if found.failure is None else found.failure.detail[:200],
        "looks": asdict(looks_of(task)),
    }


def losses_of(lines: list[dict]) -> dict[str, float]:
    """Return what each seed lost on one table: 0 the best, 1/2 the median, 1 twice that, worse, and who failed."""
    gains = {
        one["seed"]: -math.inf
        if one["score"] is None
        else one["score"] * (1 if one["maximise"] else -1)
        for one in lines
    }
    gaps = {seed: max(gains.values()) - one for seed, one in gains.items()}
    usual = max(statistics.median(gaps.values()), 1e-12)
    return {seed: round(min(1.0, gap / (2 * usual)), 4) for seed, gap in gaps.items()}


def learnt(lines: list[dict]) -> list[dict]:
    """Return the tables of the file: those on which every seed was measured that was measured anywhere."""
    every = {one["seed"] for one in lines}
    found = []
    for name in DEVELOPMENT:
        mine = [one for one in lines if one["table"] == name]
        if mine and {one["seed"] for one in mine} == every:
            found.append({"name": name, "looks": mine[0]["looks"], "losses": losses_of(mine)})
    return found


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--seconds", type=float, default=math.inf)
    parser.add_argument("--rows", type=int, default=3000)
    parser.add_argument("--report", action="store_true", help="only write the table and the file")
    given = parser.parse_args()
    end = time.monotonic() + given.seconds
    known = {(one["table"], one["digest"], one["rows"]) for one in kept(KEPT)}
    KEPT.parent.mkdir(exist_ok=True)
    for name in () if given.report else DEVELOPMENT:
        if time.monotonic() > end:
            break
        for seed, candidate in world(name)[1].seeds().items():
            asked = (name, candidate_digest(candidate), given.rows)
            if asked in known or time.monotonic() > end:
                continue
            with KEPT.open("a") as file:
                print(json.dumps(measure(name, seed, given.rows)), file=file)
    measured = [one for one in kept(KEPT) if one["rows"] == given.rows]
    lines = list({(one["table"], one["seed"]): one for one in measured}.values())  # the last counts
    tables = learnt(lines)
    if not tables:
        return
    made = {"made by": "python -m benchmarks.portfolio", "rows": given.rows, "tables": tables}
    FILE.write_text(json.dumps(made, indent=1) + "\n")
    publish(SECTION, "python -m benchmarks.portfolio", report(lines, tables))


def report(lines: list[dict], tables: list[dict]) -> str:
    """Return what each seed lost on each table, its seconds, and the order that the other tables give."""
    seeds = list(dict.fromkeys(one["seed"] for one in lines))
    rows = []
    for one in tables:
        cells = [f"{one['losses'][seed]:.2f}" for seed in seeds]
        others = [
            Known(Looks(**other["looks"]), other["losses"]) for other in tables if other is not one
        ]
        tried = order(seeds, Looks(**one["looks"]), others)
        tries = min(tried.index(seed) for seed in seeds if one["losses"][seed] == 0)
        rows.append([one["name"], *cells, str(tries + 1)])
    seconds = {
        seed: sum(line["seconds"] for line in lines if line["seed"] == seed) for seed in seeds
    }
    counts = [sum(line["seed"] == seed for line in lines) for seed in seeds]
    rows.append(
        ["*seconds*", *(f"{seconds[s] / n:.1f}" for s, n in zip(seeds, counts, strict=True)), ""]
    )
    note = (
        "What a seed lost on validation, from 0 (the best of them) to 1 (twice the median's loss, or more), one training each; and which try finds the "
        "best where the order is learnt on the other tables alone."
    )
    return table(["table", *seeds, "best at try"], rows) + "\n\n" + note


if __name__ == "__main__":
    main()
