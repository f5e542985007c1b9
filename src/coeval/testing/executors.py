"""The contract of executors, as checks that an outsider can run on his own."""

import time
from collections.abc import Callable, Sequence

from coeval.evaluate.protocol import Evaluator, never_stop
from coeval.run.protocol import Executor
from coeval.seed import generator
from coeval.space.protocol import Candidate, Space
from coeval.testing.fakes import LadderEvaluator, ladder_space
from coeval.testing.say import require
from coeval.trial import Measurement, Proposal, Trial


def check_executor(
    make: Callable[[Evaluator], Executor], *, trials: int = 12, patience: float = 60.0
) -> None:
    """Check everything an executor promises, with the fakes of this package.

    Args:
        make: Returns an executor of a (picklable) evaluator.
        trials: How many evaluations the checks run.
        patience: Seconds after which a missing measurement is an error.

    Raises:
        AssertionError: A promise is broken; the message says which.
    """
    evaluator = LadderEvaluator(failing=20)
    executor = make(evaluator)
    try:
        require(executor.slots >= 1, f"An executor needs a slot, got {executor.slots}.")
        require(executor.batch >= 1, f"A batch holds a trial at least, got {executor.batch}.")
        require(
            list(executor.completed(0.0)) == [],
            "Something completed before anything was submitted.",
        )
        made = _trials(ladder_space(), trials)
        batches = [made[:3], *([one] for one in made[3:])]
        _check_results(executor, evaluator, batches, patience)
        wide = _trials(ladder_space(), executor.batch, first=trials)
        _check_results(executor, evaluator, [wide], patience)
        late = _trials(ladder_space(), 2, first=trials + executor.batch)
        _check_deadline(executor, late, patience)
    finally:
        executor.close()
    abandoned = make(evaluator)
    abandoned.submit(_trials(ladder_space(), 2))
    abandoned.close()


def _check_results(
    executor: Executor, evaluator: Evaluator, batches: Sequence[list[Trial]], patience: float
) -> None:
    """Check that each trial of some batches comes back once, as evaluated here."""
    trials = [trial for batch in batches for trial in batch]
    expected = {
        number: measurement
        for trial in trials
        for number, measurement in evaluator.evaluate([trial], never_stop)
    }
    found: dict[int, Measurement] = {}
    waiting, pending = list(batches), 0
    end = time.monotonic() + patience
    while len(found) < len(trials):
        while waiting and pending < executor.slots:
            executor.submit(waiting.pop(0))
            pending += 1
        for number, measurement in executor.completed(0.1):
            require(number in expected, f"Trial {number} completed, which was never submitted.")
            require(number not in found, f"Trial {number} completed twice.")
            found[number] = measurement
        pending = sum(
            any(one.number not in found for one in batch)
            for batch in batches[: len(batches) - len(waiting)]
        )
        require(
            time.monotonic() < end,
            f"{len(trials) - len(found)} trials did not complete in {patience:g} s.",
        )
    for number, measurement in expected.items():
        require(
            dict(found[number].values) == dict(measurement.values)
            and (found[number].failure is None) == (measurement.failure is None),
            f"Trial {number} was measured as {found[number]}, expected {measurement}.",
        )


def _check_deadline(executor: Executor, trials: Sequence[Trial], patience: float) -> None:
    """Check that trials whose deadline has passed come back as failures."""
    executor.submit(trials, deadline=time.monotonic() - 1.0)
    found: dict[int, Measurement] = {}
    end = time.monotonic() + patience
    while len(found) < len(trials) and time.monotonic() < end:
        found.update(executor.completed(0.1))
    for trial in trials:
        require(trial.number in found, f"Trial {trial.number}, late, never came back.")
        require(
            found[trial.number].failure is not None,
            f"Trial {trial.number} was evaluated although its deadline had passed.",
        )


def _trials(space: Space[Candidate], count: int, first: int = 0) -> list[Trial]:
    return [
        Trial(number, Proposal(space.sample(generator(0, "executor", number))))
        for number in range(first, first + count)
    ]
