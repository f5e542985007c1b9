"""What the contract of strategies says about results: infeasible ones, missing ones, those of other trials.

Example:
    >>> from coeval.strategy.random import RandomSearch
    >>> from coeval.testing.fakes import ladder_space
    >>> space = ladder_space()
    >>> check_vector_results(lambda objectives: RandomSearch(space), space, learns=False)
"""

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace

from coeval.evaluate.protocol import Evaluator
from coeval.seed import generator
from coeval.space.protocol import Candidate, Space
from coeval.strategy.protocol import Strategy
from coeval.testing.fakes import drive
from coeval.testing.say import require
from coeval.testing.strategies_judges import (
    HUGE,
    NO_VALUE,
    DigestEvaluator,
    Disturbed,
    evaluated,
)
from coeval.trial import Fidelity, Measurement, Objective, Proposal, State, Trial, finish

Make = Callable[[], Strategy]
MakeFor = Callable[[Sequence[Objective]], Strategy]
COST = Objective("cost")
SCORE = Objective("score", maximise=True)
BOTH = DigestEvaluator(("cost", "score"))


def check_vector_results(
    make: MakeFor, space: Space[Candidate], *, trials: int = 60, learns: bool = True
) -> None:
    """Check what a strategy promises for several objectives and hard limits.

    Args:
        make: Returns a fresh strategy of the same configuration for the given objectives at each call.
        space: Where every proposal must lie; any, as values are drawn from the candidates' digests.
        trials: How long the searches of the checks are.
        learns: Whether results steer it within so many trials; random and exhaustive search never learn.

    Raises:
        AssertionError: A promise is broken; the message says which.
    """
    for objectives in ([COST, SCORE], [COST, replace(SCORE, goal=0.2)]):
        check_infeasible_trials(lambda: make(objectives), space, BOTH, trials)  # noqa: B023 - called at once
        check_trials_without_value(lambda: make(objectives), space, BOTH, trials)  # noqa: B023
    check_signs_are_turned(make, trials)
    if learns:
        check_every_objective_counts(make, trials)


def check_infeasible_trials(
    make: Make, space: Space[Candidate], evaluator: Evaluator, trials: int
) -> None:
    """Check that a strategy goes on, and replays, where most trials or all of them are infeasible."""
    undisturbed = drive(make(), evaluator, trials)
    for infeasible in (0.7, 1.0):
        log = drive(make(), Disturbed(evaluator, infeasible=infeasible), trials)
        what = f"{infeasible:.0%} of the trials infeasible"
        _require_sound(make, space, undisturbed, log, what, by_value=True)


def check_infeasible_values_do_not_steer(make: Make, evaluator: Evaluator, trials: int) -> None:
    """Check that the objectives' values of infeasible trials decide nothing, only by how much limits are broken.

    A penalty mixed into the objective would: it teaches that small is good.
    """
    _require_equal_questions(
        make,
        Disturbed(evaluator, infeasible=0.6),
        Disturbed(evaluator, infeasible=0.6, shift=-1e6),
        trials,
        "the values of infeasible trials. A limit is no penalty: rank by coeval.strategy.objectives",
    )


def check_trials_without_value(
    make: Make,
    space: Space[Candidate],
    evaluator: Evaluator,
    trials: int,
    *,
    by_value: bool = True,
) -> None:
    """Check that failures and DONE trials without a finite value do not end a search, and are no parents.

    With ``by_value`` False any finished trial may be a parent: its other data decide what it is worth.
    """
    undisturbed = drive(make(), evaluator, trials)
    for value in (*NO_VALUE, HUGE):
        judge = Disturbed(evaluator, strange=0.5, values=(value,), failing=0.2)
        what = f"half of the trials DONE with the value {value} and a fifth FAILED"
        _require_sound(
            make, space, undisturbed, drive(make(), judge, trials), what, by_value=by_value
        )
    mixed = Disturbed(evaluator, strange=1.0)
    what = "every trial DONE without a finite value of some objective"
    _require_sound(make, space, undisturbed, drive(make(), mixed, trials), what, by_value=by_value)


def check_other_trials_do_not_steer(
    make: Make, space: Space[Candidate], evaluator: Evaluator, trials: int
) -> None:
    """Check that values of low-fidelity trials, of some cases only and of repeats, all proposed by others, decide nothing.

    They are told in between, as a wrapper does; a value from a tenth of the training is no result of the whole.
    """
    good, bad = make(), make()
    number = 0
    while number < trials:
        proposals = good.ask(1)
        require(
            proposals == bad.ask(1),
            f"Values of low-fidelity trials, of trials on some cases, or of repeats that others proposed "
            f"changed the question of trial {number}. Learn from Objectives.is_judged trials only.",
        )
        if not proposals:
            return
        records = evaluated(Trial(number, proposals[0]), evaluator)
        number += 1
        names = () if records[1].measurement is None else tuple(records[1].measurement.values)
        for strategy, value in ((good, -1e6), (bad, 1e6)):
            foreign = _foreign(space, number, dict.fromkeys(names, value))
            for record in (*records, *foreign):
                strategy.tell(record)
        number += 1


def check_running_may_be_left_out(make: Make, evaluator: Evaluator, trials: int) -> None:
    """Check that who evaluates one trial at a time may tell only how it finished."""
    announced, silent = make(), make()
    for number in range(trials):
        proposals = announced.ask(1)
        require(
            proposals == silent.ask(1),
            f"Trial {number} is asked otherwise where earlier trials were not told as RUNNING.",
        )
        if not proposals:
            return
        running, done = evaluated(Trial(number, proposals[0]), evaluator)
        announced.tell(running)
        announced.tell(done)
        silent.tell(done)


def check_signs_are_turned(make: MakeFor, trials: int) -> None:
    """Check that maximising a value asks what minimising its negative asks."""
    turned = DigestEvaluator(BOTH.names, turned=(SCORE.name,))
    up = drive(make([COST, SCORE]), BOTH, trials)
    down = drive(make([COST, replace(SCORE, maximise=False)]), turned, trials)
    require(
        _questions(up) == _questions(down),
        "Maximising a value asks otherwise than minimising its negative. Use Objective.cost.",
    )


def check_every_objective_counts(make: MakeFor, trials: int) -> None:
    """Check that each of two objectives steers the search where the other is the same for all."""
    for name, other in (BOTH.names, BOTH.names[::-1]):
        plain = DigestEvaluator(BOTH.names, constant=(other,))
        turned = replace(plain, turned=(name,))
        objectives = [COST, SCORE]
        require(
            _questions(drive(make(objectives), plain, trials))
            != _questions(drive(make(objectives), turned, trials)),
            f"The objective {name!r} does not change a single question of {trials} trials. "
            "Where a strategy does not learn, say learns=False.",
        )


def _require_sound(
    make: Make,
    space: Space[Candidate],
    undisturbed: Sequence[Trial],
    log: Sequence[Trial],
    what: str,
    *,
    by_value: bool,
) -> None:
    """Require members, live parents, the same questions in a replay, and as many as in an undisturbed search."""
    valued: set[int] = set()
    replayed = make()
    for record in log:
        if record.state is State.RUNNING:
            parent = record.proposal.parent
            require(
                space.contains(record.proposal.candidate),
                f"With {what}, trial {record.number} is no member of the space.",
            )
            require(
                parent is None or parent in valued,
                f"With {what}, trial {record.number} has parent {parent}, which has no finite value.",
            )
            require(
                replayed.ask(1) == [record.proposal],
                f"With {what}, trial {record.number} is asked otherwise in a replay.",
            )
        elif _has_value(record) or not by_value:
            valued.add(record.number)
        replayed.tell(record)
    require(
        len(log) >= len(undisturbed),
        f"With {what}, the strategy stopped after {len(log) // 2} trials; otherwise it asks for "
        f"{len(undisturbed) // 2}.",
    )


def _has_value(trial: Trial) -> bool:
    values = trial.measurement.values if trial.measurement is not None else {}
    return any(map(math.isfinite, values.values()))


def _require_equal_questions(
    make: Make, first: Evaluator, second: Evaluator, trials: int, what: str
) -> None:
    one, other = drive(make(), first, trials), drive(make(), second, trials)
    for mine, theirs in zip(_questions(one), _questions(other), strict=False):
        require(mine == theirs, f"A question depends on {what}.")
    require(len(one) == len(other), f"The end depends on {what}.")


def _questions(log: Sequence[Trial]) -> list[Proposal]:
    return [record.proposal for record in log if record.state is State.RUNNING]


def _foreign(space: Space[Candidate], number: int, values: dict[str, float]) -> Iterator[Trial]:
    """Yield the records of a trial that another proposed, by turns of low fidelity, on some cases, and a repeat."""
    candidate = space.sample(generator(0, "foreign", number))
    proposal = (
        Proposal(candidate, Fidelity(epochs=0.1)),
        Proposal(candidate, cases="0" * 32),
        Proposal(candidate, Fidelity(rows=0.5)),
        Proposal(candidate, repeat=1),
    )[number // 2 % 4]
    trial = Trial(number, proposal)
    yield trial
    yield finish(trial, Measurement(values))
