"""Every strategy on published tables of training results, beside the targets that the default one must reach.

Three parts: NAS-Bench-201 after 200 and after 12 epochs with copies sharing one result; the classics on the 12-epoch
tables without that cache, beside the golden figures of the reference (section B.6 i); and the tables on which nothing was
tuned (TransNAS-Bench-101, NAS-Bench-Macro). Tuning saw CIFAR-10 only.

Each search is kept as a line of JSON with its commit: an interrupted measurement goes on where it stopped, and
``--again NAME`` measures a strategy anew.

python -m benchmarks.strategies [--seeds 100] [--evaluations 100] [--strategy NAME ...] [--again NAME ...] [--part PART ...] [--report]
"""

import argparse
import json
import subprocess
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from benchmarks.runs import kept
from benchmarks.strategies_report import report
from coeval.evaluate.table_catalogue import CATALOGUE, load_benchmark
from coeval.evaluate.table_folder import TASKS
from coeval.evaluate.table_nasbench201 import DATASETS
from coeval.run.bench import Contest, Entrant, contest_truth, run_search
from coeval.run.bench_options import entrants
from coeval.run.bench_summary import first_within
from coeval.run.strategies import STRATEGIES, Need
from coeval.strategy.evolution import RegularisedEvolution

DATA = Path(__file__).parents[2] / "shared" / "data" / "nas"
KEPT = Path(__file__).parents[1] / "runs" / "strategies.jsonl"
MARKS = (10, 30, 50, 100, 150, 200, 300)
FULL = tuple(f"nasbench201-{one}" for one in DATASETS)
SHORT = tuple(f"{one}-12epochs" for one in FULL)
UNTOUCHED = (*(f"transnas-{task}" for task in TASKS), "nasbench-macro")
CLASSICS = ("random", "q-learning", "reinforce", "gaussian-process", "local")
PARTS = ("cache", "golden", "untouched")
GOLDEN_EVALUATIONS = 300
"""As many as the golden figures go."""


@dataclass(frozen=True, slots=True)
class Job:
    """One search: in which part of the benchmark, on which table, by which strategy."""

    part: str
    table: str
    strategy: str
    seed: int
    evaluations: int

    @property
    def key(self) -> tuple[str, str, str, int, int]:
        """Return what a kept line is known by."""
        return self.part, self.table, self.strategy, self.seed, self.evaluations


def evolution(population: int, sample: int) -> Entrant:
    """Return regularised evolution as the golden figures have it: no crossover, the population filled first."""
    make = partial(_evolution, population, sample)
    return Entrant(f"evolution P{population} S{sample}", make)


def _evolution(population, sample, space, objectives, seed):
    return RegularisedEvolution(space, objectives, seed, population=population, sample_size=sample)


GOLDEN = {one.name: one for one in (evolution(10, 3), evolution(30, 10))}


def contest(job: Job) -> Contest:
    """Return the rules of a search."""
    folder = DATA if CATALOGUE[job.table].file else None
    load = partial(load_benchmark, job.table, folder)
    return Contest(load, job.evaluations, canonical=job.part != "golden")


def entrant(job: Job) -> Entrant:
    """Return the strategy of a search."""
    if job.strategy in GOLDEN:
        return GOLDEN[job.strategy]
    rules = contest(job)
    ((found,), _) = entrants([job.strategy], rules.load(), contest_truth(rules).objectives)
    return found


def measure(job: Job) -> dict:
    """Run one search and return what is kept of it."""
    rules = contest(job)
    found = run_search(rules, entrant(job), job.seed)
    marks = [one for one in MARKS if one <= job.evaluations]
    return {
        "part": job.part,
        "table": job.table,
        "strategy": job.strategy,
        "seed": job.seed,
        "evaluations": job.evaluations,
        "regret": {str(one): found.regret[one - 1] for one in marks},
        "test": {str(one): found.test_regret[one - 1] for one in marks if found.test_regret},
        "near": min(first_within(found.regret, contest_truth(rules).within), 1e9),
        "seconds": found.seconds,
        "commit": commit(),
    }


def commit() -> str:
    """Return the commit that is checked out."""
    command = ["git", "rev-parse", "--short", "HEAD"]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()


def jobs(parts: Sequence[str], names: Sequence[str], seeds: int, evaluations: int) -> Iterator[Job]:
    """Yield every search, seed by seed, so that an interrupted measurement is even."""
    whole = [name for name in names if name in STRATEGIES and STRATEGIES[name].needs is None]
    several = [name for name in names if STRATEGIES.get(name) and needs_fidelity(name)]
    classics = [name for name in names if name in CLASSICS]
    golden = [*classics, *GOLDEN] if "evolution" in names else classics
    plan = (
        ("cache", FULL, [*whole, *several]),
        ("cache", SHORT, whole),
        ("golden", SHORT, golden),
        ("untouched", UNTOUCHED, whole),
    )
    for seed in range(seeds):
        for part, tables, able in plan:
            for table in tables if part in parts else ():
                for name in able:
                    yield Job(part, table, name, seed, length_of(part, evaluations))


def length_of(part: str, evaluations: int) -> int:
    """Return how many evaluations a search of a part has."""
    return GOLDEN_EVALUATIONS if part == "golden" else evaluations


def needs_fidelity(name: str) -> bool:
    """Return whether a strategy trains at several fidelities."""
    return STRATEGIES[name].needs is Need.FIDELITY


def forget(names: Sequence[str]) -> None:
    """Drop what was measured of some strategies."""
    rest = [one for one in kept(KEPT) if one["strategy"] not in names]
    KEPT.write_text("".join(json.dumps(one) + "\n" for one in rest))


def run(wanted: Sequence[Job], workers: int) -> None:
    """Run what is not there yet, and keep each search as it ends."""
    done = {
        (one["part"], one["table"], one["strategy"], one["seed"], one["evaluations"])
        for one in kept(KEPT)
    }
    left = [job for job in wanted if job.key not in done]
    print(f"{len(wanted) - len(left)} searches are there, {len(left)} to go", flush=True)
    KEPT.parent.mkdir(exist_ok=True)
    with ProcessPoolExecutor(workers) as pool, KEPT.open("a") as file:
        futures = [pool.submit(measure, job) for job in left]
        for place, future in enumerate(as_completed(futures), start=1):
            file.write(json.dumps(future.result()) + "\n")
            file.flush()
            if place % 500 == 0:
                print(f"{place} of {len(left)}", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=100)
    parser.add_argument("--evaluations", type=int, default=100)
    parser.add_argument("--strategy", nargs="+", default=list(STRATEGIES), choices=STRATEGIES)
    parser.add_argument("--again", nargs="+", default=[])
    parser.add_argument("--part", nargs="+", default=PARTS, choices=PARTS)
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--report", action="store_true", help="only write the tables")
    options = parser.parse_args()
    if options.again:
        forget(options.again)
    if not options.report:
        run(
            list(jobs(options.part, options.strategy, options.seeds, options.evaluations)),
            options.jobs,
        )
    lines = [
        one
        for one in kept(KEPT)
        if one["evaluations"] == length_of(one["part"], options.evaluations)
    ]
    report(lines, {"full": FULL, "short": SHORT, "untouched": UNTOUCHED}, expected)


def expected(table: str, evaluations: int) -> tuple[float, float]:
    """Return random search's exact expected regret and test regret (NaN without one) after so many evaluations."""
    from coeval.run.bench_random import expectation  # noqa: PLC0415

    rules = contest(Job("cache", table, "random", 0, evaluations))
    found = expectation(contest_truth(rules), evaluations)
    return found.regret[-1], found.test_regret[-1] if found.test_regret else float("nan")


if __name__ == "__main__":
    main()
