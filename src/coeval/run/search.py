"""The search loop: ask, record, tell, evaluate, record, tell.

Every event reaches the journal before the strategy hears of it, so a search that is killed at any moment
can be continued: the strategy is told the same events in the same order, and trials that were running
are evaluated again under their own numbers. With one worker and a budget in trials, the continued
journal equals that of an undisturbed search, times apart.
"""

import math
import time
from collections.abc import Callable, Sequence
from contextlib import nullcontext
from typing import Any

from coeval.evaluate.protocol import Evaluator
from coeval.run.budget import Budget
from coeval.run.interrupt import Interrupt
from coeval.run.loop import Loop, OnEvent, Stops
from coeval.run.protocol import Executor, Problem
from coeval.run.run import Run
from coeval.run.serial import SerialExecutor
from coeval.run.sitting import begin
from coeval.space.protocol import CandidateSpace
from coeval.store.memory import MemoryStore
from coeval.store.protocol import Store
from coeval.strategy.objectives import Objectives
from coeval.strategy.protocol import Strategy
from coeval.task.task import Task
from coeval.trial import Objective


def search(
    task: Problem,
    space: CandidateSpace,
    strategy: Strategy,
    evaluator: Evaluator,
    budget: Budget,
    *,
    objective: Objective | Sequence[Objective] | None = None,
    store: Store | None = None,
    executor: Executor | None = None,
    batch: int = 1,
    on_event: OnEvent | None = None,
    deadline: float | None = None,
    stop: Callable[[], bool] | None = None,
    seed: int = 0,
    interrupt: Interrupt | None = None,
    finish: Callable[[Run], Any] | None = None,
) -> Run:
    """Search until the budget ends, and return what was found.

    Args:
        task: What to solve. A ``Task``'s metric is the objective unless another is given.
        space: What the strategy may propose.
        strategy: A fresh strategy; a journal's earlier events are told to it first.
        evaluator: Measures trials.
        budget: Time over all sittings, trials, or both.
        objective: What ``Run.best`` compares; of several the first, and ``Run.front`` compares all.
        store: The journal; in memory if not given. The caller closes it.
        executor: Where to evaluate; in this process if not given. The caller closes it.
        batch: Trials that are evaluated and recorded together in this process, at most, where the evaluator
            allows it (``bucket``) and no executor is given: for evaluations that take less time than a record.
        on_event: Called with every record after it was written and told.
        deadline: ``time.monotonic`` seconds by which the search must have ended, for a caller who reserves
            a share of the budget's time; the earlier of this and the budget counts.
        stop: Asked often; True ends the search and leaves what is running to a later resume.
        seed: Recorded, so that a resume under another seed is refused.
        interrupt: Catches signals already, and goes on to when the search has ended.
        finish: Makes the final model in ``Run.model``.

    Returns:
        The run. The first Ctrl-C or SIGTERM also ends in a return.

    Raises:
        RunError: The journal cannot be written, belongs to another task or seed, or no worker can start.
        TypeError: The strategy returns something else than a list of proposals.
        ValueError: ``batch`` is less than 1, neither an objective nor a task with a metric is given, or the strategy
            proposes more than it was asked for.
        SpaceError: The strategy proposes candidates of another space.
    """
    objectives = _objectives(task, objective)
    store = store if store is not None else MemoryStore()
    events, spent = begin(store, task, budget, seed)
    began = time.monotonic()
    limit = min(
        math.inf if deadline is None else deadline,
        began + budget.seconds_left(spent),
    )
    with Interrupt() if interrupt is None else nullcontext(interrupt) as caught:
        stops = Stops(budget, limit, stop, caught)
        runner = (
            SerialExecutor(evaluator, stops.on_request, batch=batch)
            if executor is None
            else executor
        )
        loop = Loop(
            fingerprint=task.fingerprint,
            parts=tuple(space.parts),
            bucket=evaluator.bucket,
            strategy=strategy,
            store=store,
            executor=runner,
            stops=stops,
            on_event=on_event,
        )
        try:
            loop.replay(events)
            why = loop.run()
        finally:
            if executor is None:
                runner.close()
        loop.end(why)
    trials = tuple(loop.trials[number] for number in sorted(loop.trials))
    seconds = spent + time.monotonic() - began
    return Run(trials, objectives[0], why, seconds, finish, objectives[1:])


def _objectives(
    task: Problem, given: Objective | Sequence[Objective] | None
) -> tuple[Objective, ...]:
    if given:
        return Objectives(given).all
    if not isinstance(task, Task):
        raise ValueError(
            f"A search of a {type(task).__name__} needs an objective: it has no metric of its own. "
            "Pass objective=Objective(name of a measured value)."
        )
    return (Objective(task.metric.name, task.metric.maximise),)
