"""One-shot strategies in a run: their share of the budget, and what goes on after them."""

from coeval.oneshot.strategy import TICKS, OneShot
from coeval.space.protocol import CandidateSpace
from coeval.strategy.protocol import Strategy

SHARE_OF_TRIALS = 0.5
"""Where trials are counted."""
SHARE = 0.35
"""Of the budget's time that ticks get; the rest trains what they found, whatever plain evolution makes of it, and the winner."""


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
        budget_seconds: The whole run's, of which ticks get ``SHARE``; ``None`` without a limit.
        budget_trials: The same in trials, of which they get half.

    Raises:
        SpaceError: The space has no choices.
    """
    seconds = None if budget_seconds is None else SHARE * budget_seconds
    ticks = TICKS
    if budget_trials is not None:  # two more measure and choose
        ticks = max(1, min(TICKS, int(SHARE_OF_TRIALS * budget_trials) - 2))
    return OneShot(space, name, after=after, seconds=seconds, ticks=ticks)
