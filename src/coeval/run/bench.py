"""Runs strategies on a table of training results: no clocks, no files, no processes, thousands of trials a second.

Every ask is an evaluation, a repeat too, and costs what its fidelity costs; the incumbent is the best feasible
trial by the values that the strategy sees, and its test score is looked up without the strategy ever seeing it
(the protocol of NAS-Bench-201, Dong & Yang 2020, arXiv:2001.00326, section 5, counting trainings instead of seconds).
"""

import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import as_completed
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from coeval.evaluate.limited import Limited
from coeval.evaluate.protocol import never_stop
from coeval.evaluate.table_catalogue import Benchmark
from coeval.evaluate.table_evaluator import TableEvaluator
from coeval.run.bench_truth import Standing, Truth, truth_of
from coeval.space.protocol import CandidateSpace
from coeval.strategy.protocol import Strategy
from coeval.trial import Limit, Objective, Trial, finish

Make = Callable[[CandidateSpace, Sequence[Objective], int], Strategy]
LEAST = 1e-3
"""Charged for an ask at least, as a share of an evaluation: a strategy that asks for what is free would never end."""


@dataclass(frozen=True, slots=True)
class Contest:
    """What all searches of a comparison share. Picklable if ``load`` is.

    Attributes:
        load: Returns the space and its table.
        evaluations: Trainings at full fidelity that a search may spend.
        objectives: What is optimised; empty for the table's own.
        limits: Hard limits on the table's values.
        canonical: Whether equal candidates share one row of the table.
    """

    load: Callable[[], Benchmark]
    evaluations: int
    objectives: tuple[Objective, ...] = ()
    limits: tuple[Limit, ...] = ()
    canonical: bool = True


@dataclass(frozen=True, slots=True)
class Entrant:
    """A strategy in a comparison; ``make`` must be picklable to run in several processes."""

    name: str
    make: Make


@dataclass(frozen=True, slots=True)
class Search:
    """One finished search.

    Attributes:
        strategy: Its name.
        seed: Of the strategy.
        regret: ``(evaluations,)`` after 1, 2, … evaluations: how far the incumbent is from the best member.
        test_regret: ``(evaluations,)`` how far its test score is from the best test score; empty without any.
        asked: Trials in all, those at low fidelity too.
        distinct: Architectures among them.
        seconds: CPU time of asking and telling.
    """

    strategy: str
    seed: int
    regret: tuple[float, ...]
    test_regret: tuple[float, ...]
    asked: int
    distinct: int
    seconds: float


@lru_cache(maxsize=8)
def contest_truth(contest: Contest) -> Truth:
    """Return what the table knows of a contest: its best members, and what random search can expect.

    Raises:
        SpaceError: The table lacks a value, or no member keeps the limits.
    """
    table = contest.load().table
    return truth_of(table, contest.objectives or (table.objective,), contest.limits)


def run_search(contest: Contest, entrant: Entrant, seed: int) -> Search:
    """Run one search to its end.

    Raises:
        SpaceError: The strategy cannot work on the space, or the table lacks what it asks for.
    """
    benchmark = contest.load()
    truth = contest_truth(contest)
    needed = [*(one.name for one in truth.objectives), *(one.name for one in contest.limits)]
    trained = TableEvaluator(benchmark.table, needed=needed, canonical=contest.canonical)
    evaluator = Limited(trained, tuple(contest.limits))
    strategy = entrant.make(benchmark.space, truth.objectives, seed)
    standing = Standing(truth, trained.test)
    spent, asked, seconds = 0.0, 0, 0.0
    moments: list[tuple[float, float, float]] = []
    while spent < contest.evaluations - LEAST / 2:
        began = time.process_time()
        proposals = strategy.ask(1)
        if not proposals:
            break
        running = Trial(asked, proposals[0])
        strategy.tell(running)
        seconds += time.process_time() - began
        (_, measurement), *_ = evaluator.evaluate([running], never_stop)
        done = finish(running, measurement)
        began = time.process_time()
        strategy.tell(done)
        seconds += time.process_time() - began
        asked += 1
        spent += max(LEAST, measurement.cost["evaluations"])
        moments.append((spent, *standing.after(done)))
    regret, test_regret = _curves(moments, standing.worst, contest.evaluations)
    tested = test_regret if truth.best_test is not None else ()
    return Search(entrant.name, seed, regret, tested, asked, trained.distinct, seconds)


def run_searches(
    contest: Contest, entrants: Sequence[Entrant], seeds: Sequence[int], workers: int = 1
) -> Iterator[Search]:
    """Run every entrant under every seed, and yield the searches as they finish, seed by seed.

    Args:
        contest: What they share.
        entrants: The strategies.
        seeds: Of the strategies.
        workers: Processes; with 1 everything runs in this one.

    Raises:
        SpaceError: A strategy cannot work on the space, or the table lacks what it asks for.
    """
    jobs = [(entrant, seed) for seed in seeds for entrant in entrants]
    if workers == 1 or len(jobs) < 2:
        for entrant, seed in jobs:
            yield run_search(contest, entrant, seed)
        return
    from coeval.run.forkserver import prestart  # noqa: PLC0415 - only for several processes
    from coeval.run.pool import Pool  # noqa: PLC0415

    prestart(workers, preload=("coeval.run.bench", "coeval.run.strategies"))
    pool = Pool(min(workers, len(jobs)))
    try:
        futures = [pool.submit(run_search, contest, *job) for job in jobs]
        for future in as_completed(futures):
            yield future.result()
    finally:
        pool.close()


def _curves(
    moments: Sequence[tuple[float, float, float]], worst: tuple[float, float], evaluations: int
) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """Return both regrets after 1, 2, … evaluations: those of the last trial that was paid by then."""
    ends = [spent for spent, _, _ in moments]
    table = np.array([worst, *[(regret, test) for _, regret, test in moments]])
    at = np.searchsorted(ends, np.arange(1, evaluations + 1) + LEAST / 2, side="right")
    found = table[at]
    return tuple(found[:, 0].tolist()), tuple(found[:, 1].tolist())
