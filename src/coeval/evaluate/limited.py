"""Hard limits around any evaluator: what a trial exceeds is measured, and told apart from how good it is."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from coeval.evaluate.protocol import Evaluator, Report
from coeval.trial import Limit, Measurement, Proposal, Trial, measured


@dataclass(frozen=True, slots=True)
class Limited:
    """An evaluator whose measurements say by how much each limit is exceeded.

    Attributes:
        inner: What measures.
        limits: On its scores and costs. A trial without a value of that name is not held to the limit.
    """

    inner: Evaluator
    limits: tuple[Limit, ...]

    def evaluate(
        self, trials: Sequence[Trial], report: Report
    ) -> Iterator[tuple[int, Measurement]]:
        """Yield the inner evaluator's measurements with their violations."""
        for number, measurement in self.inner.evaluate(trials, report):
            yield number, self._held(measurement)

    def bucket(self, proposal: Proposal) -> str:
        """Return the inner evaluator's key."""
        return self.inner.bucket(proposal)

    def _held(self, measurement: Measurement) -> Measurement:
        found = {one.name: measured(measurement, one.name) for one in self.limits}
        excess = {
            one.name: one.violation(value)
            for one in self.limits
            if (value := found[one.name]) is not None
        }
        return replace(measurement, violations={**measurement.violations, **excess})
