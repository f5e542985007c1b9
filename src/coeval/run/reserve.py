"""How much of a budget is kept for the end: retraining the finalists, the refit, export and scoring."""

import math
import time

from coeval.export.finalists import choose_finalists, final_seconds, refit_seconds
from coeval.run.site import Site
from coeval.store.protocol import Note
from coeval.trial import State, Trial

EXPORT_SECONDS = 4.0
"""Writing, verifying and scoring a model, measured: 2 to 4 s with the imports they need."""
CONTEST_SHARE = 0.25
"""Share of the budget that a contest of finalists may take; where it takes more, the best on validation wins."""
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
            self._seconds = EXPORT_SECONDS + self._training()
        return self._seconds

    def _training(self) -> float:
        """Return what the final training takes: a contest of as many finalists as are worth it, or the refit alone."""
        site, most = self._site, math.inf
        finalists = choose_finalists(self._trials.values(), site.space, site.objective, COMPARED)
        if not finalists:
            return 0.0
        if site.budget.seconds is not None:
            most = CONTEST_SHARE * site.budget.seconds
        for count in range(len(finalists), 1, -1):
            needed = final_seconds(finalists[:count], site.task, workers=site.workers)
            if needed <= most:
                return needed
        return refit_seconds(finalists[0], site.task)

    def is_due(self) -> bool:
        """Return whether the search has to end now."""
        return time.monotonic() + self.seconds() >= self._site.end
