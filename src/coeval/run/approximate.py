"""Approximation of a function by a sequence of known functions: exact as far as the budget reaches, then coevolution.

The exact search covers one length after another and proves what it covers. Where it ends short of the length
that was asked for, coevolution goes on from its best programs. The answer is the one of least error on the points
fitted, with an honest label: what is proven, and who found it.
"""

import dataclasses
import math
import os
import time
from dataclasses import dataclass

from coeval.build.numeric.answer import Answer
from coeval.build.numeric.formula import symbols
from coeval.exact.certificate import UNITS, Semantics
from coeval.exact.clock import Progress
from coeval.exact.cost import Prediction, calibrate, predict
from coeval.exact.front import Found as Exact
from coeval.exact.score import make_target
from coeval.exact.solve import Solution, solve
from coeval.run.approximate_components import Material
from coeval.run.approximate_result import Approximation, Errors, Point, errors
from coeval.run.approximate_search import Found, coevolve, length_of, seeds_of
from coeval.run.approximate_simplify import tidied
from coeval.run.interrupt import Interrupt
from coeval.store.protocol import Note, Store
from coeval.task.points import Points, check_constants, split
from coeval.trial import State, Trial

EXACT, COEVOLUTION = "exact search", "coevolution"
EXACT_SHARE = 0.3
"""Share of the budget that the exact search may take where coevolution follows."""
FORECAST_SHARE = 0.01
"""Share of it that is spent before the cost of the whole length is told."""
FLOOR = 1e-28
"""Of the target's sum of squares: a relative error of 1e-14 at every point is rounding."""
MARGIN = 0.03
"""Share of the budget that is kept for the way back: weights fitted and rounded, errors measured."""
LEAST_SECONDS = 0.2
"""With less left, coevolution is not begun."""
_FITTED = {"none": 0, "grid": 0, "linear": 2, "nonlinear": 3}
"""Constants that are fitted whatever the sequence."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What a user asks for.

    Attributes:
        length: Most nodes of a tree, leaves included; most steps of a chain or DAG.
        seconds: Wall clock of the whole.
        exact: Only search exactly.
        semantics: What a sequence is.
        hold_out: Share of the points that are not fitted but judge the result.
        seed: Source of chance.
    """

    length: int = 9
    seconds: float = 60.0
    exact: bool = False
    semantics: Semantics = "tree"
    hold_out: float = 0.2
    seed: int = 0


@dataclass(frozen=True, slots=True)
class Stage:
    """Where an approximation stands.

    Attributes:
        phase: ``"exact search"`` or ``"coevolution"``.
        said: What was done so far, in a few words.
        error: Least normalised mean squared error so far.
    """

    phase: str
    said: str
    error: float


class Watch:
    """Follows an approximation. This one is blind."""

    def forecast(self, cost: Prediction) -> None:
        """Hear what covering the whole length would cost, before it is begun."""

    def stage(self, stage: Stage) -> None:
        """Hear where the search stands."""


@dataclass(frozen=True, slots=True)
class _Work:
    """What the phases share."""

    points: Points
    material: Material
    plan: Plan
    watch: Watch
    began: float
    interrupt: Interrupt

    @property
    def total(self) -> float:
        around = self.points.target - self.points.target.mean()
        return float(around @ around)

    @property
    def floor(self) -> float:
        """Return the sum of squared errors that rounding alone explains."""
        return FLOOR * float(self.points.target @ self.points.target)

    @property
    def left(self) -> float:
        return self.plan.seconds - (time.monotonic() - self.began)


def approximate(
    points: Points,
    material: Material,
    plan: Plan,
    *,
    store: Store | None = None,
    watch: Watch | None = None,
) -> Approximation:
    """Return the sequence of least error found within the budget, and what is proven of it.

    Ctrl-C ends the search, not the program: the best so far is returned.

    Args:
        points: The function's values.
        material: What sequences are made of.
        plan: What to spend on which sequences.
        store: The journal of coevolution; in memory if not given.
        watch: Follows the search.

    Raises:
        DataError: There are fewer points than constants to fit.
        BudgetError: The budget is not positive.
        SpaceError: The length cannot be used, or no sequence is defined on all points.
    """
    began = time.monotonic()
    halves = split(points, plan.hold_out, plan.seed)
    check_constants(halves.fit, _FITTED[material.constants] + 1, "scale and offset, and one more")
    with Interrupt() as interrupt:
        work = _Work(halves.fit, material, plan, watch or Watch(), began, interrupt)
        solution = _exact(work)
        found = _coevolution(work, solution, store) if _goes_on(work, solution) else None
        front, origin = _front(work, solution, found)
    best, held_out = front[-1], halves.held_out
    return Approximation(
        answer=best.answer,
        length=best.length,
        unit=UNITS[plan.semantics],
        names=tuple(symbols(points.names)),
        target_name=points.target_name,
        fit=_errors(best.answer, halves.fit),
        held_out=None if held_out is None else _errors(best.answer, held_out),
        certificate=solution.certificate,
        origin=origin,
        front=front,
        next_cost=solution.next_cost,
        monitored=(),
        trials=0 if found is None else len(found.run.trials),
        seconds=time.monotonic() - began,
        why="solved" if best.sse <= work.floor else _why(work, solution, found),
    )


def _front(work: _Work, solution: Solution, found: Found | None) -> tuple[tuple[Point, ...], str]:
    """Return the best answer of each length, with simple weights, and who found the last."""
    front, origin = [_point(one, solution, work) for one in solution.front], EXACT
    if found is not None and found.answer is not None and found.sse < front[-1].sse:
        length = length_of(found.answer, work.plan.semantics)
        front = [one for one in front if one.length < length]
        front.append(Point(length, found.sse, found.answer))
        origin = COEVOLUTION
    tidy = [
        dataclasses.replace(one, answer=tidied(one.answer, work.points, one.sse)) for one in front
    ]
    return tuple(tidy), origin


def _why(work: _Work, solution: Solution, found: Found | None) -> str:
    if work.interrupt.requested or (found is not None and found.run.why == "interrupted"):
        return "interrupted"
    return solution.why if found is None else "time"


def _errors(answer: Answer, points: Points) -> Errors:
    return errors(answer.predict(points.columns), points.target)


def memory_bytes() -> int:
    """Return how much an exact search may keep: half of what this machine has."""
    if not hasattr(os, "sysconf"):
        return 2 * 10**9
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") // 2


def _exact(work: _Work) -> Solution:
    """Tell what the length would cost, then search exactly as far as the budget reaches."""
    plan = work.plan
    solution = _solve(work, FORECAST_SHARE * plan.seconds, None)
    if solution.why not in ("time", "memory"):
        return solution
    scaled = work.material.constants == "linear"
    target = make_target(work.points.target, work.points.rows, scaled=scaled)
    rates = calibrate(solution.bank, target)
    work.watch.forecast(predict(solution.bank, rates, plan.length))
    seconds = min(work.left, math.inf if plan.exact else EXACT_SHARE * plan.seconds)
    return _solve(work, seconds, solution) if seconds > 0 else solution


def _solve(work: _Work, seconds: float, before: Solution | None) -> Solution:
    plan, total = work.plan, work.total

    def progress(now: Progress) -> None:
        said = f"length {now.length}, {now.evaluated:,} evaluated, {now.distinct:,} distinct"
        work.watch.stage(Stage(EXACT, said, now.error / total))

    try:
        with work.interrupt.waiting():
            return solve(
                work.points.columns,
                work.points.target,
                work.material.operations,
                plan.length,
                numbers=work.material.numbers,
                semantics=plan.semantics,
                constants=work.material.constants,
                seconds=seconds,
                memory_bytes=memory_bytes(),
                bank=None if before is None else before.bank,
                progress=progress,
            )
    except KeyboardInterrupt:  # it came before there was anything new
        if before is None:
            raise
        stopped = dataclasses.replace(before.certificate, stopped="Interrupted.")
        return dataclasses.replace(before, why="interrupted", certificate=stopped)


def _point(one: Exact, solution: Solution, work: _Work) -> Point:
    answer = Answer(one.programs, one.weights, solution.operations, len(work.points.columns))
    return Point(one.length, one.error, answer)


def _goes_on(work: _Work, solution: Solution) -> bool:
    """Return whether coevolution may still improve on the exact search; it searches no chains."""
    if (
        work.interrupt.requested
        or work.plan.exact
        or work.plan.semantics == "chain"
        or solution.error <= work.floor
    ):
        return False
    return solution.why in ("time", "memory") and work.left > LEAST_SECONDS


def _coevolution(work: _Work, solution: Solution, store: Store | None) -> Found:
    plan, follower = work.plan, _Follower(work)
    return coevolve(
        work.points,
        work.material,
        plan.length,
        plan.semantics,
        seconds=work.left - MARGIN * plan.seconds,
        seed=plan.seed,
        seeds=seeds_of(solution, work.points),
        store=store,
        on_event=follower.record,
        stop=follower.is_solved,
    )


class _Follower:
    """Turns the journal's records into stages, and sees when nothing is left to improve."""

    def __init__(self, work: _Work) -> None:
        self._watch = work.watch
        self._floor = work.floor / work.total
        self._done, self._best = 0, math.inf

    def record(self, record: Trial | Note) -> None:
        """Take a record into account."""
        if isinstance(record, Note) or record.state is State.RUNNING:
            return
        self._done += 1
        if record.is_comparable and record.measurement is not None:
            self._best = min(self._best, record.measurement.values["nmse"])
        if self._done % 500 == 0:
            self._watch.stage(Stage(COEVOLUTION, f"{self._done:,} teams", self._best))

    def is_solved(self) -> bool:
        """Return whether the error is no more than rounding."""
        return self._best <= self._floor
