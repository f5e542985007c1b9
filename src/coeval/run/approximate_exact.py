"""The exact part of an approximation: its cost told first, then as far as the budget reaches."""

import dataclasses
import math

from coeval.evaluate.machine import physical_memory
from coeval.exact.clock import Progress
from coeval.exact.cost import calibrate, predict
from coeval.exact.score import make_target
from coeval.exact.solve import Solution, solve
from coeval.run.approximate_components import Constants
from coeval.run.approximate_plan import EXACT, EXACT_SHARE, FORECAST_SHARE, SEED_SHARE, Stage, Work


def memory_bytes() -> int:
    """Return how much an exact search may keep: half of what this machine has."""
    return (physical_memory() or 4 * 10**9) // 2


def search_exactly(work: Work) -> Solution:
    """Tell what the length would cost, then search exactly as far as the budget reaches.

    Args:
        work: What to search on.

    Raises:
        KeyboardInterrupt: Ctrl-C came before anything was found.
        SpaceError: As ``solve``.
    """
    plan = work.plan
    constants = work.material.constants
    solution = _solve(work, constants, FORECAST_SHARE * plan.seconds)
    if solution.why not in ("time", "memory"):
        return solution
    scaled = work.material.is_weighted
    target = make_target(work.points.target, work.points.rows, scaled=scaled)
    rates = calibrate(solution.bank, target, nonlinear=constants == "nonlinear")
    work.watch.forecast(predict(solution.bank, rates, plan.length))
    seconds = min(work.left, math.inf if plan.exact else EXACT_SHARE * plan.seconds)
    return _solve(work, constants, seconds, solution) if seconds > 0 else solution


def short_sequences(work: Work) -> Solution:
    """Return the exact search with constants at the root only: seeds for a search with constants anywhere."""
    return _solve(work, "linear", min(work.left, SEED_SHARE * work.plan.seconds))


def _solve(
    work: Work, constants: Constants, seconds: float, before: Solution | None = None
) -> Solution:
    plan = work.plan

    def progress(now: Progress) -> None:
        said = f"length {now.length}, {now.evaluated:,} evaluated, {now.distinct:,} distinct"
        work.watch.stage(Stage(EXACT, said, now.error / work.total))

    try:
        with work.interrupt.waiting():
            return solve(
                work.points.columns,
                work.points.target,
                work.material.operations,
                plan.length,
                numbers=work.material.numbers,
                semantics=plan.semantics,
                constants=constants,
                seconds=seconds,
                memory_bytes=memory_bytes(),
                bank=None if before is None else before.bank,
                ties=plan.ties,
                progress=progress,
            )
    except KeyboardInterrupt:  # it came before there was anything new
        if before is None:
            raise
        stopped = dataclasses.replace(before.certificate, stopped="Interrupted.")
        return dataclasses.replace(before, why="interrupted", certificate=stopped)
