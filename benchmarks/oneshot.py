"""One-shot methods on NAS-Bench-201's cells with Fashion-MNIST: what shared weights know, what is found, what collapses.

    python -m benchmarks.oneshot --table                                  60 cells, about 15 s each; benchmarks/oneshot_cells.csv
    python -m benchmarks.oneshot [--seconds 180] [--seeds 3] [--methods darts spos] [--report]

Images halved to 14 by 14, three stages of one cell, 8 features wide at first; 10,000 rows teach and 5,000 judge. Each search
is the ordinary one (ticks, then what they found, trained whole by the ordinary evaluator) on one core. Afterwards its supernet
scores the 60 cells of the table. Random search gets the wall clock of ticks and trainings together, in drawings from the
table. Finished searches are kept in runs/oneshot.jsonl and not repeated, cells trained on the way in runs/oneshot_cells.jsonl.
"""

import argparse
import csv
import json
import time
from functools import cache
from pathlib import Path

import numpy as np
import torch
from scipy.stats import kendalltau, spearmanr

from benchmarks.oneshot_world import space, task
from benchmarks.runs import kept, publish, table
from coeval.architecture.inference import infer
from coeval.evaluate.folds import prepare_fold
from coeval.evaluate.training import TrainingEvaluator
from coeval.oneshot.collapse import share_of_skips, skip_options
from coeval.oneshot.evaluator import OneShotEvaluator
from coeval.oneshot.history import history
from coeval.oneshot.method import METHODS
from coeval.oneshot.slices import Slicing, start
from coeval.oneshot.strategy import OneShot
from coeval.oneshot.tick import Kind, tick_of
from coeval.run.budget import Budget
from coeval.run.search import search
from coeval.seed import entropy, generator
from coeval.space.nasbench201 import from_string, official_string
from coeval.space.open import open_space
from coeval.store.artifacts import MemoryArtifacts
from coeval.train.device import configure
from coeval.trial import Proposal, Trial

HERE = Path(__file__).parent
CSV = HERE / "oneshot_cells.csv"
KEPT = HERE.parent / "runs" / "oneshot.jsonl"
CELLS = HERE.parent / "runs" / "oneshot_cells.jsonl"
COLUMNS = ("cell", "accuracy", "log_loss", "seconds", "parameters", "macs")
SAMPLED = 60
COURSE = (0.25, 0.5, 0.75, 1.0)
"""Shares of a search after which the architecture that it would answer is trained stand-alone."""
PERMUTATIONS = 2000


@cache
def opened():
    return open_space(space())


def sampled() -> list[str]:
    """Return the cells of the table: independent samples, each once."""
    part, found = space().parts["cell"], {}
    for number in range(10 * SAMPLED):
        found.setdefault(official_string(part.sample(generator(0, "cells", number))))
        if len(found) == SAMPLED:
            break
    return list(found)


def known() -> dict[str, dict]:
    """Return what was trained stand-alone so far, by cell."""
    rows = list(csv.DictReader(CSV.open())) if CSV.exists() else []
    lines = [*kept(CELLS), *rows]
    return {
        one["cell"]: {k: v if k == "cell" else float(v) for k, v in one.items()} for one in lines
    }


def standalone(cell: str) -> dict:
    """Train a cell's network from scratch, or look up what it reached."""
    found = known().get(cell)
    if found is not None:
        return found
    candidate = opened().candidate(opened().picks(_candidate(cell)))
    judge = TrainingEvaluator(task(), space(), signals=False, engine="eager")
    ((_, measured),) = judge.evaluate([Trial(0, Proposal(candidate))], lambda *_: True)
    if measured.failure is not None:
        raise RuntimeError(f"{cell}: {measured.failure}")
    cost = infer(space().architecture(candidate)).cost
    line = {
        "cell": cell,
        "accuracy": measured.values["accuracy"],
        "log_loss": round(measured.values["log_loss"], 6),
        "seconds": round(measured.cost["seconds"], 2),
        "parameters": float(cost.parameters),
        "macs": float(cost.macs),
    }
    CELLS.parent.mkdir(exist_ok=True)
    with CELLS.open("a") as file:
        print(json.dumps(line), file=file)
    return line


def make_table() -> None:
    """Train the 60 cells that are not in the table yet, and write them all, in the order of their drawing."""
    for place, cell in enumerate(sampled()):
        line = standalone(cell)
        print(
            f"{place + 1}/{SAMPLED} {line['accuracy']:.4f} {line['seconds']:.0f} s {cell}",
            flush=True,
        )
    trained = known()
    with CSV.open("w", newline="") as file:
        writer = csv.DictWriter(file, COLUMNS)
        writer.writeheader()
        for cell in sampled():
            row = trained[cell]
            whole = {name: int(row[name]) for name in ("parameters", "macs")}
            writer.writerow({**{name: row[name] for name in COLUMNS}, **whole})


def measure(method: str, seed: int, seconds: float) -> dict:
    """Run one search; return what it found, what its shared weights know, and its course."""
    artifacts, began = MemoryArtifacts(), time.monotonic()
    inner = TrainingEvaluator(task(), space(), seed=seed, signals=False, engine="eager")
    evaluator = OneShotEvaluator(inner, task(), space(), seed=seed, artifacts=artifacts)
    strategy = OneShot(space(), method, seconds=seconds)
    run = search(task(), space(), strategy, evaluator, Budget(None, 200), seed=seed)
    spent = time.monotonic() - began
    if run.why != "exhausted":  # interrupted: begun anew next time
        raise SystemExit(f"{method}, seed {seed}: the search ended before its end: {run.why}.")
    failed = [one for one in run.trials if one.measurement.failure is not None]
    if failed:
        raise RuntimeError(f"{method}: {failed[0].measurement.failure}")
    derived = [_cell(one) for one in run.trials if tick_of(one.proposal) is None]
    for one in run.trials:
        if tick_of(one.proposal) is None:
            _remember(one)
    slices = [one for one in run.trials if _kind(one) is Kind.TRAIN]
    said = history(method, run.trials)
    shared = _shared_scores(method, seed, slices[-1], artifacts)
    best = max(derived, key=lambda cell: standalone(cell)["accuracy"])
    return {
        "method": method,
        "seed": seed,
        "seconds": seconds,
        "spent": round(spent, 1),
        "ticks": round(said.seconds, 1),
        "steps": said.done,
        "architecture_steps": said.performed,
        "published_steps": said.published,
        "lr": said.lr,
        "found": best,
        "accuracy": standalone(best)["accuracy"],
        "skips": share_of_skips(skip_options(opened().architecture), _picks(best)),
        "collapsed": said.is_collapsed,
        "eigenvalues": [round(one, 5) for one in said.eigenvalues],
        "course": _course(method, slices),
        "shared": shared,
    }


def _course(method: str, slices: list[Trial]) -> list[list]:
    """Return [share of the search, share of skips, stand-alone accuracy] along the way, where weights are learnt."""
    if not METHODS[method].learns_weights:
        return []
    found = []
    for share in COURSE:
        trial = slices[max(round(share * len(slices)) - 1, 0)]
        picks = tuple(trial.measurement.data["picks"])
        cell = official_string(opened().candidate(picks).part("cell"))
        found.append([share, trial.measurement.data["skips"], standalone(cell)["accuracy"]])
    return found


def _shared_scores(method: str, seed: int, last: Trial, artifacts: MemoryArtifacts) -> list[float]:
    """Return the accuracy of the table's cells with the weights of a finished supernet."""
    configure(1)
    # The choice continues the last slice but does not delete it: only a run's keeper does.
    state = artifacts.get(last.measurement.artifacts["state"])
    fold = prepare_fold(task(), (), 0, seed=seed)
    slicing = Slicing(
        task(), fold, opened(), entropy(seed, "one-shot", method), None, lambda: False
    )
    found, judge = start(slicing, method, tick_of(last.proposal).total)
    found.load(state)
    with torch.no_grad():
        return [judge.path(_picks(cell)) for cell in sampled()]


def _candidate(cell: str):
    base = opened().base
    return type(base)(tuple((n, from_string(cell) if n == "cell" else p) for n, p in base.parts))


def _picks(cell: str) -> tuple[int, ...]:
    return opened().picks(_candidate(cell))


def _cell(trial: Trial) -> str:
    return official_string(trial.proposal.candidate.part("cell"))


def _kind(trial: Trial) -> Kind | None:
    tick = tick_of(trial.proposal)
    return None if tick is None else tick.kind


def _remember(trial: Trial) -> None:
    """Keep what the search itself trained, so that it is not trained again; the table's own training counts first."""
    cell = _cell(trial)
    if cell in known():
        return
    cost = infer(space().architecture(trial.proposal.candidate)).cost
    line = {
        "cell": cell,
        "accuracy": trial.measurement.values["accuracy"],
        "log_loss": round(trial.measurement.values["log_loss"], 6),
        "seconds": round(trial.measurement.cost["seconds"], 2),
        "parameters": float(cost.parameters),
        "macs": float(cost.macs),
    }
    CELLS.parent.mkdir(exist_ok=True)
    with CELLS.open("a") as file:
        print(json.dumps(line), file=file)


def random_search(seconds: float) -> float:
    """Return the mean best accuracy of random search in so many seconds, in drawings from the table."""
    rows = [known()[cell] for cell in sampled()]
    accuracy = np.array([one["accuracy"] for one in rows])
    cost = np.array([one["seconds"] for one in rows])
    rng, best = generator(0, "random search"), []
    for _ in range(PERMUTATIONS):
        order = rng.permutation(len(rows))
        count = max(int(np.searchsorted(np.cumsum(cost[order]), seconds)), 1)
        best.append(accuracy[order[:count]].max())
    return float(np.mean(best))


def report(lines: list[dict], seconds: float) -> str:
    """Return the tables of searches of one length: what each method knows and finds, and how its skips went."""
    truth = [known()[cell]["accuracy"] for cell in sampled()]
    rows, courses = [], []
    for method in METHODS:
        own = [one for one in lines if (one["method"], one["seconds"]) == (method, seconds)]
        if not own:
            continue
        spearman = [spearmanr(one["shared"], truth).statistic for one in own]
        kendall = [kendalltau(one["shared"], truth).statistic for one in own]
        found = [100 * one["accuracy"] for one in own]
        chance = [100 * random_search(one["spent"]) for one in own]
        skips = [one["skips"] for one in own]
        performed = f"{own[0]['architecture_steps']:,} / {own[0]['published_steps']:,}"
        rows.append(
            [
                method,
                *(f"{np.mean(one):.2f} ± {np.std(one):.2f}" for one in (spearman, kendall)),
                f"{np.mean(found):.2f} ± {np.std(found):.2f}",
                f"{np.mean(chance):.2f}",
                f"{np.mean(found) - np.mean(chance):+.2f}",
                f"{np.mean(skips):.0%}",
                str(sum(one["collapsed"] for one in own)),
                performed,
                f"{own[0]['lr']:.3g}",
                f"{np.mean([one['spent'] for one in own]):.0f}",
                str(len(own)),
            ]
        )
        courses += _course_rows(method, own)
    header = [
        "method",
        "Spearman",
        "Kendall",
        "found, %",
        "random search, %",
        "gain",
        "skips",
        "collapsed",
    ]
    header += ["architecture steps, performed / published", "lr", "seconds", "seeds"]
    best = 100 * max(truth)
    sizes = [known()[cell]["parameters"] for cell in sampled()]
    about = (
        f"{seconds:g} seconds of ticks on one core. Of the {SAMPLED} cells the best reaches {best:.2f} %, the mean "
        f"{100 * np.mean(truth):.2f} %, the worst {100 * min(truth):.2f} %. Rank correlations are between shared weights and "
        f"stand-alone training; that of the mere number of parameters is {spearmanr(sizes, truth).statistic:.2f} (Spearman)."
    )
    course = table(
        ["method", *(f"after {share:.0%}: skips, stand-alone %" for share in COURSE)], courses
    )
    return f"{about}\n\n{table(header, rows)}\n\n{course}"


def _course_rows(method: str, own: list[dict]) -> list[list[str]]:
    if not own[0]["course"]:
        return []
    cells = [method]
    for place in range(len(COURSE)):
        skips = np.mean([one["course"][place][1] for one in own])
        accuracy = 100 * np.mean([one["course"][place][2] for one in own])
        cells.append(f"{skips:.0%}, {accuracy:.2f}")
    return [cells]


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--table", action="store_true", help="only train the 60 cells")
    parser.add_argument("--seconds", type=float, default=180.0, help="of a search's ticks")
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--methods", nargs="+", default=list(METHODS), choices=METHODS)
    parser.add_argument("--report", action="store_true", help="only write the tables")
    given = parser.parse_args()
    configure(1)
    if not given.report:
        make_table()
    if given.table:
        return
    KEPT.parent.mkdir(exist_ok=True)
    done = {(one["method"], one["seed"], one["seconds"]) for one in kept(KEPT)}
    wanted = [(one, seed, given.seconds) for seed in range(given.seeds) for one in given.methods]
    for one in [] if given.report else [each for each in wanted if each not in done]:
        line = measure(*one)
        with KEPT.open("a") as file:
            print(json.dumps(line), file=file)
        print(f"{one} {line['accuracy']:.4f} skips {line['skips']:.0%}", flush=True)
    lengths = sorted({one["seconds"] for one in kept(KEPT)})
    text = "\n\n".join(report(kept(KEPT), seconds) for seconds in lengths)
    publish("One-shot methods", "python -m benchmarks.oneshot", text)


if __name__ == "__main__":
    main()
