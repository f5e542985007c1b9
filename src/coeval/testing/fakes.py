"""A small world for tests: a space of numbers, an evaluator that computes, a search loop without clocks.

All are fast, deterministic and picklable.
"""

import itertools
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from coeval.architecture.component import Setting
from coeval.evaluate.protocol import Evaluator, Report, never_stop
from coeval.space.choices import ChoiceSpace
from coeval.space.digest import candidate_digest
from coeval.space.product import ProductSpace
from coeval.space.protocol import Candidate
from coeval.strategy.protocol import Strategy
from coeval.trial import Failure, Measurement, Objective, Proposal, Reason, Trial, finish

LOSS = Objective("loss")


def ladder_space(settings: int = 6, choices: int = 8, parts: int = 2) -> ProductSpace:
    """Return a space of whole numbers: ``parts`` parts of ``settings`` settings of ``choices`` choices."""
    values = tuple(range(choices))
    each = {
        f"part{index}": ChoiceSpace(
            tuple(Setting(f"x{place}", values, 0) for place in range(settings)), f"part{index}"
        )
        for index in range(parts)
    }
    return ProductSpace(each)


@dataclass(frozen=True, slots=True)
class LadderEvaluator:
    """Squared distance to a target, with a penalty where neighbouring settings disagree: smooth, yet coupled.

    Attributes:
        target: What every number should be.
        failing: Of 100 candidates, how many fail (chosen by their digest).
    """

    target: int = 5
    failing: int = 0

    def evaluate(
        self, trials: Sequence[Trial], report: Report
    ) -> Iterator[tuple[int, Measurement]]:
        """Yield each trial's loss; a trial that ``report`` stops is a failure."""
        for trial in trials:
            yield trial.number, self._measure(trial, report)

    def bucket(self, proposal: Proposal) -> str:
        """Return one key for all."""
        return "all"

    def _measure(self, trial: Trial, report: Report) -> Measurement:
        candidate = trial.proposal.candidate
        if int(candidate_digest(candidate)[:8], 16) % 100 < self.failing:
            return Measurement(failure=Failure(Reason.DIVERGED, "chosen by its digest"))
        loss = ladder_loss(candidate, self.target)
        if not report(trial.number, 1, {"loss": loss}):
            return Measurement(failure=Failure(Reason.TIMED_OUT, "told to stop"))
        return Measurement({"loss": loss}, cost={"seconds": 0.0})


def ladder_loss(candidate: Candidate, target: int) -> float:
    """Return the evaluator's loss of a candidate of whole numbers; 0 is the least."""
    numbers = [
        int(value) for _, part in candidate.parts if isinstance(part, tuple) for _, value in part
    ]
    distance = sum((number - target) ** 2 for number in numbers)
    discord = sum(abs(a - b) for a, b in itertools.pairwise(numbers))
    return float(distance + discord)


def drive(
    strategy: Strategy,
    evaluator: Evaluator,
    trials: int,
    *,
    batch: int = 1,
    order: Callable[[list[Trial]], list[Trial]] | None = None,
) -> list[Trial]:
    """Run a search loop without clock, processes or files.

    Args:
        strategy: Asked and told as by ``coeval.run``: RUNNING first, then DONE or FAILED.
        evaluator: Evaluates one trial at a time.
        trials: How many to finish at most.
        batch: Proposals asked for at a time; all run before any finishes.
        order: In which order a batch finishes.

    Returns:
        Every record in the order in which it was told.
    """
    log: list[Trial] = []
    number = 0
    while number < trials:
        proposals = strategy.ask(min(batch, trials - number))
        if not proposals:
            break
        running = [Trial(number + place, one) for place, one in enumerate(proposals)]
        number += len(running)
        for trial in running:
            strategy.tell(trial)
            log.append(trial)
        for trial in order(list(running)) if order else running:
            measured: Mapping[int, Measurement] = dict(evaluator.evaluate([trial], never_stop))
            done = finish(trial, measured[trial.number])
            strategy.tell(done)
            log.append(done)
    return log
