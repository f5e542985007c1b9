"""Screening by cheap signals behind the trust gauge: what true ones save, and what noise, a flipped or a turning sign costs.

    python -m benchmarks.screening [--seeds 100] [--jobs 2] [--report]

Published: NAS-Bench-201, CIFAR-10, 200 epochs, with four scores of NAS-Bench-Suite-Zero (Krishnakumar et al. 2022,
arXiv:2210.03230); counted are evaluations of regularised evolution until it is within 0.25 of the best. Trained here: the candidates
that ``benchmarks.proxies`` drew from the spaces of four tables and trained whole, with their own zero-cost scores; counted are draws from
among them, with replacement, until one of the best two was drawn.
"""

import argparse
import json
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ProcessPoolExecutor, as_completed
from functools import cache, partial
from pathlib import Path

import numpy as np
import pandas as pd

from benchmarks.proxies import KEPT as TRAINED
from benchmarks.runs import kept, publish, table
from benchmarks.signals import PROXIES
from coeval.evaluate.table_catalogue import load_benchmark
from coeval.run.bench import Contest, Entrant, contest_truth, run_search
from coeval.run.bench_summary import first_within
from coeval.seed import generator
from coeval.space.nasbench201 import index
from coeval.space.protocol import Candidate
from coeval.strategy.evolution import RegularisedEvolution
from coeval.strategy.screened import Screened
from coeval.trial import Measurement, Objective, Proposal, Trial, finish

KEPT = Path(__file__).parents[1] / "runs" / "screening.jsonl"
EVALUATIONS, TURN = 150, 37
COLUMNS = ("c10_synflow", "c10_nwot", "c10_params", "c10_flops")
SCORE = Objective("score", maximise=True)
KINDS: Mapping[str, tuple[str, bool]] = {
    "no screening": ("none", False),
    "surrogate alone": ("none", True),
    "signals": ("true", False),
    "signals and surrogate": ("true", True),
    "noise for signals": ("noise", False),
    "signs flipped": ("flipped", False),
    "signs turn after 37 trials": ("turning", False),
}
"""What stands in the signals' place, and whether the surrogate is a signal too."""


@cache
def published() -> Mapping[str, Mapping[int, float]]:
    """Return the scores by name and row of the table; degenerate cells have none."""
    frame = pd.read_parquet(PROXIES).set_index("idx")
    return {name: frame[name].dropna().to_dict() for name in COLUMNS}


class Teller:
    """Signals of a kind, some of which know how many candidates they were asked about.

    Args:
        kind: ``"true"``, ``"noise"``, ``"flipped"`` or ``"turning"``.
        seed: Of the noise.
        turn: Trials after which turning signals turn.
    """

    def __init__(self, kind: str, seed: int, turn: int) -> None:
        self.kind, self.seed, self.turn = kind, seed, turn
        self.trials = 0

    def say(self, name: str, key: int, value: float | None) -> float | None:
        """Return what a signal of the kind says where the true one says ``value``."""
        if value is None or not np.isfinite(value):
            return None
        if self.kind == "noise":
            return float(generator(self.seed, "noise", name, key).random())
        is_turned = self.kind == "turning" and self.trials >= self.turn
        return -value if self.kind == "flipped" or is_turned else value


class Counting:
    """A strategy that tells its teller how many trials there were."""

    def __init__(self, inner: Screened, teller: Teller) -> None:
        self.inner, self.teller = inner, teller

    def ask(self, count: int) -> list[Proposal]:
        """Return the inner strategy's proposals."""
        return self.inner.ask(count)

    def tell(self, trial: Trial) -> None:
        """Count, and pass it on."""
        self.teller.trials = max(self.teller.trials, trial.number)
        self.inner.tell(trial)


def search_published(label: str, seed: int) -> int:
    """Return after how many evaluations evolution is near the best cell."""
    kind, surrogate = KINDS[label]
    teller = Teller(kind, seed, TURN)
    contest = Contest(partial(load_benchmark, "nasbench201"), EVALUATIONS)

    def signal(name: str, candidate: Candidate) -> float | None:
        row = index(candidate.part("cell"))
        return teller.say(name, row, published()[name].get(row))

    def make(space, objectives, number):
        inner = RegularisedEvolution(space, objectives, number, population=16, sample_size=6)
        if label == "no screening":
            return inner
        names = COLUMNS if kind != "none" else ()
        signals = {name: partial(signal, name) for name in names}
        found = Screened(inner, objectives, number, signals=signals, surrogate=surrogate)
        return Counting(found, teller)

    found = run_search(contest, Entrant(label, make), seed)
    return min(first_within(found.regret, contest_truth(contest).within), EVALUATIONS + 1)


@cache
def trained() -> Mapping[str, list[tuple[float, Mapping[str, float]]]]:
    """Return by table each candidate's score, more is better, and its zero-cost scores and counts."""
    found: dict[str, dict[int, tuple[float, Mapping[str, float]]]] = {}
    lines = kept(TRAINED)
    said = {(one["table"], one["candidate"]): one for one in lines if one["training"] == "signals"}
    for one in lines:
        place = one["table"], one["candidate"]
        if one["training"] == "whole" and one["score"] is not None and place in said:
            score = one["score"] if one["maximise"] else -one["score"]
            cost = {name: one["cost"][name] for name in ("parameters", "macs")}
            signals = {**said[place]["signals"], **cost}
            found.setdefault(one["table"], {})[one["candidate"]] = score, signals
    return {name: [rows[key] for key in sorted(rows)] for name, rows in found.items()}


class Draws:
    """Random search among trained candidates, with replacement: each is drawn by its number."""

    def __init__(self, count: int, seed: int) -> None:
        self.count, self.seed, self.told = count, seed, 0

    def ask(self, count: int) -> list[Proposal]:
        """Return draws."""
        numbers = range(self.told, self.told + count)
        drawn = [int(generator(self.seed, "draw", one).integers(self.count)) for one in numbers]
        return [Proposal(Candidate((("row", (("number", one),)),))) for one in drawn]

    def tell(self, trial: Trial) -> None:
        """Count."""
        self.told = max(self.told, trial.number + 1)


def search_trained(name: str, label: str, seed: int) -> int:
    """Return after how many draws one of the best two candidates of a table was drawn."""
    rows = trained()[name]
    kind, _ = KINDS[label]
    teller = Teller(kind, seed, TURN)

    def signal(which: str, candidate: Candidate) -> float | None:
        number = row_of(candidate)
        return teller.say(which, number, rows[number][1].get(which))

    names = sorted({which for _, said in rows for which in said}) if kind != "none" else []
    signals = {which: partial(signal, which) for which in names}
    inner = Draws(len(rows), seed)
    screened = Screened(inner, SCORE, seed, signals=signals, surrogate=False)
    strategy = Counting(screened, teller)
    goal = sorted((score for score, _ in rows), reverse=True)[1]
    for number in range(EVALUATIONS):
        (proposal,) = strategy.ask(1)
        score = rows[row_of(proposal.candidate)][0]
        running = Trial(number, proposal)
        strategy.tell(running)
        strategy.tell(finish(running, Measurement({"score": score})))
        if score >= goal:
            return number + 1
    return EVALUATIONS + 1


def row_of(candidate: Candidate) -> int:
    """Return the number of a trained candidate."""
    return int(candidate.settings("row")["number"])


def jobs(seeds: int) -> Iterator[tuple[Callable[..., int], tuple]]:
    """Yield every search, the same seeds for all."""
    for seed in range(seeds):
        for label, (_, surrogate) in KINDS.items():
            yield search_published, (label, seed)
            if not surrogate:
                for name in trained():
                    yield search_trained, (name, label, seed)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--seeds", type=int, default=100)
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--report", action="store_true", help="only write the table")
    given = parser.parse_args()
    known = {(one["world"], one["kind"], one["seed"]) for one in kept(KEPT)}
    KEPT.parent.mkdir(exist_ok=True)
    if not given.report:
        with ProcessPoolExecutor(given.jobs) as pool, KEPT.open("a") as file:
            running = {}
            for search, asked in jobs(given.seeds):
                name = ("nasbench201", *asked) if search is search_published else asked
                if name not in known:
                    running[pool.submit(search, *asked)] = name
            for done in as_completed(running):
                line = dict(zip(("world", "kind", "seed"), running[done], strict=True))
                print(json.dumps({**line, "near": done.result()}), file=file, flush=True)
    publish("Screening by cheap signals", "python -m benchmarks.screening", report(kept(KEPT)))


def report(lines: list[dict]) -> str:
    """Return the table: mean and median evaluations, and the mean's ratio to the same search without screening."""
    rows = []
    for world in dict.fromkeys(one["world"] for one in lines):
        found = {
            kind: [one["near"] for one in lines if (one["world"], one["kind"]) == (world, kind)]
            for kind in KINDS
        }
        plain = float(np.mean(found["no screening"]))
        for kind, near in found.items():
            if near:
                numbers = [f"{np.mean(near):.1f}", f"{np.median(near):g}"]
                rows.append([world, kind, *numbers, f"{np.mean(near) / plain:.2f}", str(len(near))])
    header = ["candidates", "signals", "mean evaluations", "median", "ratio of means", "seeds"]
    return table(header, rows)


if __name__ == "__main__":
    main()
