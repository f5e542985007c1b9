"""Approximation of a function by a sequence of known functions: exact as far as the budget reaches, then coevolution.

The exact search covers one length after another and proves what it covers. Where it ends short of the length
that was asked for, coevolution goes on from its best programs. The answer is the one of least error on the points
fitted, with an honest label: what is proven, and who found it.
"""

import dataclasses
import math
import time
from collections.abc import Sequence

from coeval.build.numeric.answer import Answer
from coeval.build.numeric.formula import symbols
from coeval.exact.certificate import UNITS
from coeval.exact.front import Found as Exact
from coeval.exact.solve import Solution
from coeval.run.approximate_components import Material
from coeval.run.approximate_exact import search_exactly, short_sequences
from coeval.run.approximate_fit import polished
from coeval.run.approximate_inverse import worked_back
from coeval.run.approximate_monitor import watched
from coeval.run.approximate_plan import (
    COEVOLUTION,
    EXACT,
    LEAST_SECONDS,
    MARGIN,
    SETS_SHARE,
    WHOLE_SHARE,
    Plan,
    Stage,
    Watch,
    Work,
)
from coeval.run.approximate_result import Approximation, Errors, Point, errors
from coeval.run.approximate_search import Found, coevolve, length_of, modules, seeds_of
from coeval.run.approximate_sets import search_sets
from coeval.run.approximate_simplify import tidied
from coeval.run.interrupt import Interrupt
from coeval.store.protocol import Note, Store
from coeval.task.points import Points, check_constants, split
from coeval.trial import State, Trial

_FITTED = {"none": 0, "grid": 0, "linear": 2, "nonlinear": 3}
"""Constants that are fitted whatever the sequence."""


def approximate(
    points: Points,
    material: Material,
    plan: Plan,
    *,
    store: Store | None = None,
    watch: Watch | None = None,
) -> Approximation:
    """Return the sequence of least error found within the budget, and what is proven of it.

    Ctrl-C ends the search, not the program: the best so far is returned. Equal seeds give equal results where the
    budget does not end the search; where it does, how far each phase comes depends on the machine.

    Args:
        points: The function's values.
        material: What sequences are made of.
        plan: What to spend on which sequences.
        store: The journal of the teams' coevolution (of genetic programming where there are none); in memory
            if not given.
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
        work = Work(halves.fit, material, plan, watch or Watch(), began, interrupt)
        solution = search_exactly(work)
        found = _beyond(work, solution, store) if _goes_on(work, solution) else []
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
        monitored=tuple(line for one in found for line in watched(one)),
        trials=sum(len(one.run.trials) for one in found if one.run is not None),
        seconds=time.monotonic() - began,
        why="solved" if best.sse <= work.floor else _why(work, solution, found),
    )


def _front(work: Work, solution: Solution, found: Sequence[Found]) -> tuple[tuple[Point, ...], str]:
    """Return the best answer of each length, with simple weights, and who found the last."""
    front, origin = [_point(one, solution, work) for one in solution.front], EXACT
    best = min(found, key=lambda one: one.sse, default=None)
    if best is not None and best.answer is not None and best.sse < front[-1].sse:
        length = length_of(best.answer, work.plan.semantics)
        front = [one for one in front if one.length < length]
        front.append(Point(length, best.sse, best.answer))
        origin = best.origin
    return tuple(_tidied(one, work) for one in front), origin


def _tidied(one: Point, work: Work) -> Point:
    anywhere = work.material.constants == "nonlinear"
    answer = tidied(one.answer, work.points, one.sse, constants_fitted=anywhere)
    return dataclasses.replace(one, answer=answer)


def _why(work: Work, solution: Solution, found: Sequence[Found]) -> str:
    if work.interrupt.requested or any(
        one.run is not None and one.run.why == "interrupted" for one in found
    ):
        return "interrupted"
    return "time" if found else solution.why


def _errors(answer: Answer, points: Points) -> Errors:
    return errors(answer.predict(points.columns), points.target)


def _point(one: Exact, solution: Solution, work: Work) -> Point:
    answer = Answer(one.programs, one.weights, solution.operations, len(work.points.columns))
    return Point(one.length, one.error, answer)


def _goes_on(work: Work, solution: Solution) -> bool:
    """Return whether coevolution may still improve on the exact search; it searches no chains."""
    if (
        work.interrupt.requested
        or work.plan.exact
        or work.plan.semantics == "chain"
        or solution.error <= work.floor
    ):
        return False
    return solution.why in ("time", "memory") and work.left > LEAST_SECONDS


def _beyond(work: Work, solution: Solution, store: Store | None) -> list[Found]:
    """Work backwards, search small sets of the components exactly, breed whole sequences, then coevolve teams."""
    met = worked_back(work, solution.operations)
    if met is not None:
        return [met]
    found = search_sets(work, solution.operations, SETS_SHARE * work.left)
    if work.material.constants == "nonlinear":
        found = [_polished(one, work) for one in found]
    if work.interrupt.requested or any(one.sse <= work.floor for one in found):
        return found
    return found + _coevolution(work, solution, found, store)


def _polished(one: Found, work: Work) -> Found:
    """Return an answer with the ones in its programs fitted as constants, as far as there is time."""
    if one.answer is None or work.left <= MARGIN * work.plan.seconds or work.interrupt.requested:
        return one
    answer, sse = polished(one.answer, work.points, one.sse)
    return dataclasses.replace(one, answer=answer, sse=sse)


def _coevolution(
    work: Work, solution: Solution, before: Sequence[Found], store: Store | None
) -> list[Found]:
    plan, follower = work.plan, _Follower(work)
    known = [program for one in before if one.answer is not None for program in one.answer.programs]
    seeds = [*known, *seeds_of(solution, work.points)]
    if work.material.constants == "nonlinear":
        seeds += seeds_of(short_sequences(work), work.points)
    teams = modules(plan.length) if work.material.is_weighted else 1
    shares = {1: 1.0} if teams == 1 else {1: WHOLE_SHARE, teams: 1.0}
    found: list[Found] = []
    for slots, share in shares.items():
        if found and (follower.is_solved() or work.interrupt.requested):
            break
        found.append(
            coevolve(
                work.points,
                work.material,
                plan.length,
                plan.semantics,
                slots=slots,
                seconds=max(LEAST_SECONDS, share * (work.left - MARGIN * plan.seconds)),
                seed=plan.seed,
                seeds=seeds,
                store=store if slots == teams else None,
                on_event=follower.record,
                stop=follower.is_solved,
            )
        )
    return found


class _Follower:
    """Turns the journal's records into stages, and sees when nothing is left to improve."""

    def __init__(self, work: Work) -> None:
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
            self._watch.stage(Stage(COEVOLUTION, f"{self._done:,} tried", self._best))

    def is_solved(self) -> bool:
        """Return whether the error is no more than rounding."""
        return self._best <= self._floor
