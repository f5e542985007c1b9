"""An evaluator's promise, enforced: every trial gets exactly one measurement, whatever happens.

The contract says that failure is a value and never an exception. People who write evaluators forget it,
and a search of hours must not end because of them.
"""

import traceback
from collections.abc import Iterator, Sequence

from coeval.evaluate.protocol import Evaluator, Report
from coeval.trial import Failure, Measurement, Reason, Trial

_LINES = 12


def evaluate(
    evaluator: Evaluator, trials: Sequence[Trial], report: Report
) -> Iterator[tuple[int, Measurement]]:
    """Yield one measurement for each trial; an exception fails those that have none yet."""
    open_numbers = {trial.number for trial in trials}
    trouble = failed(Reason.ERROR, "The evaluator ended without a measurement for this trial.")
    try:
        for number, measurement in evaluator.evaluate(trials, report):
            if number in open_numbers:
                open_numbers.remove(number)
                yield number, measurement
    except Exception as error:  # noqa: BLE001 - whatever it is, it belongs to this trial
        trouble = failed(_reason(error), _detail(error))
    for number in sorted(open_numbers):
        yield number, trouble


def failed(reason: Reason, detail: str) -> Measurement:
    """Return the measurement of a failed evaluation."""
    return Measurement(failure=Failure(reason, detail))


def _reason(error: Exception) -> Reason:
    # By name, because torch's error must be recognised where torch is not imported.
    names = {kind.__name__ for kind in type(error).__mro__}
    memory = names & {"MemoryError", "OutOfMemoryError"} or "can't allocate memory" in str(error)
    return Reason.OUT_OF_MEMORY if memory else Reason.ERROR


def _detail(error: Exception) -> str:
    lines = "".join(traceback.format_exception(error)).strip().splitlines()
    return "\n".join(lines[-_LINES:])
