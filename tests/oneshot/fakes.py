"""An evaluator of ticks that computes instead of training: for the contract of strategies."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from coeval.evaluate.protocol import Report
from coeval.oneshot.tick import Kind, tick_of
from coeval.space.digest import candidate_digest
from coeval.testing.strategies_judges import DigestEvaluator
from coeval.trial import Failure, Measurement, Proposal, Reason, Trial


@dataclass(frozen=True)
class FakeOneShot:
    """Ticks answer with options that follow from the step; candidates with a loss from their digest.

    Attributes:
        sizes: Options of each slot.
        failing: Of 100 candidates, how many fail.
        step_seconds: What a step is said to take.
        rises: Whether the curvature rises in the second half.
        most: Steps after which the clock ends every slice.
    """

    sizes: tuple[int, ...] = (5,) * 6
    failing: int = 0
    step_seconds: float = 0.01
    rises: bool = False
    most: int = 10**9

    def evaluate(
        self, trials: Sequence[Trial], report: Report
    ) -> Iterator[tuple[int, Measurement]]:
        for trial in trials:
            yield trial.number, self._measure(trial, report)

    def bucket(self, proposal: Proposal) -> str:
        return "all"

    def _measure(self, trial: Trial, report: Report) -> Measurement:
        tick = tick_of(trial.proposal)
        if tick is None:
            if int(candidate_digest(trial.proposal.candidate)[:8], 16) % 100 < self.failing:
                return Measurement(failure=Failure(Reason.DIVERGED, "chosen by its digest"))
            ((_, found),) = DigestEvaluator().evaluate([trial], report)
            return found
        share, last = tick.last / max(tick.total, 1), min(tick.last, self.most)
        data = {
            "picks": [(last + slot) % size for slot, size in enumerate(self.sizes)],
            "epoch_steps": 20,
            "step_seconds": self.step_seconds,
            "score_seconds": 0.5,
            "steps": {"done": last, "total": tick.total},
            "eigenvalue": 3.0 if self.rises and share > 0.5 else 1.0,
            "skips": 0.0,
        }
        if tick.kind is Kind.CHOOSE:
            paths = [[(one + slot) % 5 for slot in range(len(self.sizes))] for one in range(5)]
            data["best"] = [[path, 0.1 * place] for place, path in enumerate(paths)]
        seconds = self.step_seconds * (last - tick.first)
        return Measurement(data=data, cost={"seconds": seconds})
