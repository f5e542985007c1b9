"""The contract of strategies, as checks that an outsider can run on his own.

Example:
    >>> from coeval.strategy.random import RandomSearch
    >>> from coeval.testing.fakes import ladder_space
    >>> space = ladder_space()
    >>> check_strategy(lambda: RandomSearch(space, seed=1), space)
"""

import itertools
import random
from collections.abc import Callable, Sequence

import numpy as np

from coeval.evaluate.protocol import Evaluator
from coeval.seed import generator
from coeval.space.protocol import Candidate, Space
from coeval.strategy.protocol import Strategy
from coeval.testing.fakes import LadderEvaluator, drive
from coeval.testing.say import require
from coeval.testing.strategies_judges import FAILED, evaluated
from coeval.testing.strategies_results import (
    Make,
    check_infeasible_trials,
    check_infeasible_values_do_not_steer,
    check_other_trials_do_not_steer,
    check_running_may_be_left_out,
    check_trials_without_value,
)
from coeval.trial import Proposal, State, Trial, finish


def check_strategy(
    make: Make,
    space: Space[Candidate],
    evaluator: Evaluator | None = None,
    *,
    trials: int = 60,
    consecutive: bool = True,
    single_fidelity: bool = True,
    models_infeasible: bool = False,
    by_value: bool = True,
) -> None:
    """Check everything a strategy promises.

    Args:
        make: Returns a fresh strategy of the same configuration at each call.
        space: Where every proposal must lie.
        evaluator: Measures its candidates; a ``LadderEvaluator`` that fails now and then if not given.
        trials: How long the searches of the checks are.
        consecutive: Whether one ``ask(2)`` must ask what two ``ask(1)`` ask with RUNNING told in between.
        single_fidelity: Whether it learns from whole evaluations only; else values of low-fidelity trials, of
            trials on some cases and of repeats may steer it.
        models_infeasible: Whether it predicts the objectives from infeasible trials too (and feasibility
            apart); else only by how much they break limits may steer it.
        by_value: Whether it learns from values, so that a trial without one is no parent; False for one
            that learns from a measurement's data.

    Raises:
        AssertionError: A promise is broken; the message says which.
    """
    judge = evaluator or LadderEvaluator(failing=15)
    check_ask_changes_nothing(make, judge, trials)
    check_proposals_lie_in_the_space(make, space, judge, trials)
    check_replay_asks_the_same(make, judge, trials)
    check_any_completion_order(make, judge, trials)
    check_failures_only(make, trials)
    check_randomness_is_its_own(make, judge, trials)
    check_running_may_be_left_out(make, judge, trials)
    check_infeasible_trials(make, space, judge, trials)
    check_trials_without_value(make, space, judge, trials, by_value=by_value)
    if consecutive:
        check_batches_are_consecutive(make, judge, trials)
    if single_fidelity:
        check_other_trials_do_not_steer(make, space, judge, trials)
    if not models_infeasible:
        check_infeasible_values_do_not_steer(make, judge, trials)


def check_ask_changes_nothing(make: Make, evaluator: Evaluator, trials: int) -> None:
    """Check that asking twice asks the same, that it leaves no trace, and that ``count`` is a bound."""
    curious, modest = make(), make()
    require(curious.ask(0) == [], "ask(0) must return no proposals.")
    for number in range(trials):
        first, second = curious.ask(3), curious.ask(3)
        require(first == second, f"ask(3) at trial {number} asked something else the second time.")
        require(
            len(first) <= 3, f"ask(3) returned {len(first)} proposals; fewer are allowed, not more."
        )
        mine, other = curious.ask(1), modest.ask(1)
        require(mine == other, f"Asking more often changed the question of trial {number}.")
        if not mine:
            return
        for record in evaluated(Trial(number, mine[0]), evaluator):
            curious.tell(record)
            modest.tell(record)


def check_proposals_lie_in_the_space(
    make: Make, space: Space[Candidate], evaluator: Evaluator, trials: int
) -> None:
    """Check that candidates are members and that parents are finished trials."""
    finished: set[int] = set()
    for trial in drive(make(), evaluator, trials, batch=3):
        proposal = trial.proposal
        if trial.state is not State.RUNNING:
            finished.add(trial.number)
            continue
        require(
            space.contains(proposal.candidate),
            f"Trial {trial.number} ({proposal.origin}) is no member of the space: {proposal.candidate}.",
        )
        for name, number in (("parent", proposal.parent), ("continues", proposal.continues)):
            require(
                number is None or number in finished,
                f"Trial {trial.number} has {name} {number}, which is no finished trial.",
            )


def check_replay_asks_the_same(make: Make, evaluator: Evaluator, trials: int) -> None:
    """Check that a fresh strategy told the log asks, at every point, what the first one asked."""
    log = drive(make(), evaluator, trials, batch=2)
    live, replayed = make(), make()
    for record in log:
        live.tell(record)
    require(
        live.ask(4) == _told(make(), log).ask(4),
        "A fresh strategy told the same log asks otherwise.",
    )
    asked: list[Proposal] = []
    for position, record in enumerate(log):
        if record.state is State.RUNNING:
            batch = itertools.takewhile(lambda one: one.state is State.RUNNING, log[position:])
            asked = asked or replayed.ask(sum(1 for _ in batch))
            require(
                bool(asked) and asked.pop(0) == record.proposal,
                f"In a replay of the log, trial {record.number} is asked otherwise than live.",
            )
        replayed.tell(record)


def check_any_completion_order(make: Make, evaluator: Evaluator, trials: int) -> None:
    """Check that trials may finish in any order, and that telling a RUNNING trial again adds nothing."""

    def reverse(batch: list[Trial]) -> list[Trial]:
        return batch[::-1]

    log = drive(make(), evaluator, trials, batch=5, order=reverse)
    require(bool(log), "The strategy proposed nothing.")
    strategy = _told(make(), log)
    before = strategy.ask(2)
    for record in log[:2]:
        if record.state is State.RUNNING:
            strategy.tell(record)
    require(
        strategy.ask(2) == before,
        "Telling a RUNNING trial a second time changed the next question.",
    )


def check_failures_only(make: Make, trials: int) -> None:
    """Check that a strategy goes on when every evaluation fails."""
    strategy = make()
    for number in range(trials):
        proposals = strategy.ask(1)
        if not proposals:
            return
        trial = Trial(number, proposals[0])
        strategy.tell(trial)
        strategy.tell(finish(trial, FAILED))


def check_randomness_is_its_own(make: Make, evaluator: Evaluator, trials: int) -> None:
    """Check that global generators neither steer a strategy nor are advanced by it."""
    random.seed(1)
    np.random.seed(1)
    before = _global_state()
    first = drive(make(), evaluator, trials)
    after = _global_state()
    require(before == after, "The strategy draws from a global random generator.")
    random.seed(2)
    np.random.seed(2)
    require(
        drive(make(), evaluator, trials) == first,
        "Two equal strategies searched otherwise: something but seed and log steers them.",
    )


def check_batches_are_consecutive(make: Make, evaluator: Evaluator, trials: int) -> None:
    """Check that ``ask(2)`` asks what two ``ask(1)`` ask when RUNNING is told in between.

    Where the batch is shorter, only what it holds is compared.
    """
    strategy = make()
    number = 0
    while number < trials:
        together = strategy.ask(2)
        if not together:
            return
        running: list[Trial] = []
        for wanted in together:
            asked = strategy.ask(1)
            require(
                asked == [wanted],
                f"Trial {number} is asked otherwise in a batch than alone.",
            )
            running.append(Trial(number, wanted))
            strategy.tell(running[-1])
            number += 1
        for trial in running:
            strategy.tell(evaluated(trial, evaluator)[1])


def _global_state() -> str:
    return f"{random.getstate()}{np.random.get_state(legacy=False)}"


def _told(strategy: Strategy, log: Sequence[Trial]) -> Strategy:
    for record in log:
        strategy.tell(record)
    return strategy


def shuffled(seed: int) -> Callable[[list[Trial]], list[Trial]]:
    """Return a completion order for ``drive``, drawn at a seed."""

    def order(batch: list[Trial]) -> list[Trial]:
        rng = generator(seed, "order", *(trial.number for trial in batch))
        return [batch[int(index)] for index in rng.permutation(len(batch))]

    return order
