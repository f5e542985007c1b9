"""One-shot strategies in a run: their share of the budget, and what goes on after them."""

from collections.abc import Mapping
from dataclasses import dataclass

from coeval.oneshot.method import METHODS, Choice
from coeval.oneshot.strategy import CHOOSING, TICKS, OneShot
from coeval.oneshot.tick import Kind
from coeval.space.protocol import CandidateSpace
from coeval.strategy.protocol import Strategy

SHARE_OF_TRIALS = 0.5
"""Where trials are counted."""
ASIDE_SECONDS, LEAST_DIVIDED = 20.0, 0.3
"""What reading, starting and exporting pictures take of any budget, measured 14 to 18 s; a short one is divided all the same."""
TICKS_SHARE, TRIAL_SHARE, FINAL_SHARE = 0.3, 0.17, 0.33
"""Of the rest: of all ticks, of any one training, and of the final one. Two trainings are counted: with one worker the first
seed is trained before the ticks; and after them, what they found."""
SLACK, SLACK_SECONDS = 1.1, 2.0
"""A training told to end is still scored and stored."""


@dataclass(frozen=True, slots=True)
class Division:
    """How the seconds of a budget are divided where a one-shot method searches.

    Attributes:
        ticks: Of all ticks together.
        trial: That one training may take.
        final: That are kept for the long final training at most.
    """

    ticks: float
    trial: float
    final: float

    @property
    def after_ticks(self) -> float:
        """Return the seconds between the last tick and the export: what was found is trained alone, then for long."""
        return self.final + SLACK * self.trial + SLACK_SECONDS


def divide(seconds: float) -> Division:
    """Return how a budget is divided between ticks, what they find and the final training.

    Args:
        seconds: The whole run's.
    """
    rest = max(seconds - ASIDE_SECONDS, LEAST_DIVIDED * seconds)
    return Division(TICKS_SHARE * rest, TRIAL_SHARE * rest, FINAL_SHARE * rest)


def tick_deadlines(name: str, end: float, seconds: float) -> Mapping[Kind, float]:
    """Return when ticks of each kind end, wherever they are.

    Args:
        name: The method's, in ``METHODS``.
        end: ``time.monotonic()`` seconds at which the last of them ends.
        seconds: That all ticks together may take, of which reading paths off the supernet keeps its share.
    """
    is_read = METHODS[name].choice is Choice.LARGEST
    training = end if is_read else end - CHOOSING * seconds
    return {Kind.MEASURE: training, Kind.TRAIN: training, Kind.CHOOSE: end}


def one_shot(
    name: str,
    space: CandidateSpace,
    after: Strategy | None,
    budget_seconds: float | None = None,
    budget_trials: int | None = None,
) -> Strategy:
    """Return a one-shot method as a strategy.

    Args:
        name: In ``METHODS``.
        space: Whose architecture is decided by choices.
        after: What goes on when it is done.
        budget_seconds: The whole run's, of which ticks get their share; ``None`` without a limit.
        budget_trials: The same in trials, of which they get half.

    Raises:
        SpaceError: The space has no choices.
    """
    seconds = None if budget_seconds is None else divide(budget_seconds).ticks
    ticks = TICKS
    if budget_trials is not None:  # two more measure and choose
        ticks = max(1, min(TICKS, int(SHARE_OF_TRIALS * budget_trials) - 2))
    return OneShot(space, name, after=after, seconds=seconds, ticks=ticks)
