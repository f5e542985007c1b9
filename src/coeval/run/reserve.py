"""How much of a budget is kept for the end: retraining the finalists, the refit, export and scoring."""

import math
import time

from coeval.export.finalists import choose_finalists, final_seconds
from coeval.run.budget import Budget
from coeval.run.site import Site
from coeval.store.protocol import Note
from coeval.trial import State, Trial

EXPORT_SECONDS = 4.0
"""Writing, verifying and scoring a model, measured: 2 to 4 s with the imports they need."""
LEAST_TRAINING, MOST_TRAINING = 0.1, 0.25
"""Shares of the budget that the final training gets at least, and at most."""
COMPARED = 3
"""Finalists that the reserve is counted for; more are trained if time is left."""


class Reserve:
    """Follows the trials and says when the search has to end."""

    def __init__(self, site: Site) -> None:
        self._site = site
        self._trials: dict[int, Trial] = {}
        self._seconds = math.nan

    def record(self, record: Trial | Note) -> None:
        """Take a trial into account."""
        if isinstance(record, Trial) and record.state is State.DONE:
            self._trials[record.number] = record
            self._seconds = math.nan

    @property
    def finished(self) -> tuple[Trial, ...]:
        """Return the trials that are done."""
        return tuple(self._trials.values())

    def seconds(self) -> float:
        """Return the seconds to keep for the end."""
        if math.isnan(self._seconds):
            site = self._site
            finalists = choose_finalists(
                self._trials.values(), site.space, site.objective, COMPARED
            )
            needed = final_seconds(finalists, site.task, workers=site.workers)
            self._seconds = EXPORT_SECONDS + bounded(needed, site.budget)
        return self._seconds

    def is_due(self) -> bool:
        """Return whether the search has to end now."""
        return time.monotonic() + self.seconds() >= self._site.end


def bounded(seconds: float, budget: Budget) -> float:
    """Return the seconds of final training between the least and the most that a budget gives it."""
    if budget.seconds is None:
        return seconds
    return min(max(seconds, LEAST_TRAINING * budget.seconds), MOST_TRAINING * budget.seconds)
