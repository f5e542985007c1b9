"""The contract of every evaluator."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Protocol

from coeval.trial import Failure, Measurement, Proposal, Reason, Trial

STOPPED = Failure(Reason.TIMED_OUT, "The evaluation was told to stop.")
"""The answer to a trial that a report stopped."""


class Report(Protocol):
    """Called by an evaluator while it works; the answer says whether to go on."""

    def __call__(self, number: int, progress: int, values: Mapping[str, float]) -> bool:
        """Take the values of trial ``number`` after step ``progress``; return False to stop it (deadline, memory)."""
        ...


class Evaluator(Protocol):
    """Says how good a trial is. Must be picklable: workers receive it once.

    Failure (NaN, out of memory, crash, time-out) is a measurement with a reason, never an exception. Values,
    violations and costs are numbers; a search records anything else as a failed trial.
    Same inputs, seed and batch give the same numbers.
    """

    def evaluate(
        self, trials: Sequence[Trial], report: Report
    ) -> Iterator[tuple[int, Measurement]]:
        """Yield each trial's number and measurement as it finishes."""
        ...

    def bucket(self, proposal: Proposal) -> str:
        """Return a key; proposals of equal keys may be evaluated in one batch."""
        ...


def never_stop(number: int, progress: int, values: Mapping[str, float]) -> bool:
    """Answer every report with "go on"."""
    return True
