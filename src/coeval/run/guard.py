"""An evaluator's promise, enforced: every trial gets exactly one measurement, whatever happens.

The contract says that failure is a value and never an exception. People who write evaluators forget it,
and a search of hours must not end because of them.
"""

import math
import traceback
from collections.abc import Iterator, Mapping, Sequence

import numpy as np

from coeval.evaluate.protocol import Evaluator, Report
from coeval.trial import Failure, Measurement, Reason, Trial

_LINES = 12
_NUMBERS = (int, float, np.integer, np.floating, np.bool_)


def evaluate(
    evaluator: Evaluator, trials: Sequence[Trial], report: Report
) -> Iterator[tuple[int, Measurement]]:
    """Yield one measurement for each trial; an exception fails those that have none yet.

    What is no measurement of numbers is a failure too: once in the journal, a text among the values would end this
    search and every resume of it.
    """
    open_numbers = {trial.number for trial in trials}
    trouble = failed(Reason.ERROR, "The evaluator ended without a measurement for this trial.")
    try:
        for number, measurement in evaluator.evaluate(trials, report):
            if number in open_numbers:
                open_numbers.remove(number)
                wrong = _wrong(measurement)
                yield number, failed(Reason.ERROR, wrong) if wrong else measurement
    except Exception as error:  # noqa: BLE001 - whatever it is, it belongs to this trial
        trouble = failed(_reason(error), _detail(error))
    for number in sorted(open_numbers):
        yield number, trouble


def failed(reason: Reason, detail: str) -> Measurement:
    """Return the measurement of a failed evaluation."""
    return Measurement(failure=Failure(reason, detail))


def _wrong(found: object) -> str:
    """Return what keeps it from being a measurement; nothing where it is one."""
    if not isinstance(found, Measurement):
        return (
            f"The evaluator must yield (number, Measurement), got {type(found).__name__} "
            f"as the measurement: {found!r:.80}."
        )
    if found.failure is not None and not isinstance(found.failure, Failure):
        return (
            f"A measurement's failure must be a Failure(reason, detail), got {found.failure!r:.80}."
        )
    kinds = {"values": found.values, "violations": found.violations, "cost": found.cost}
    for kind, numbers in kinds.items():
        if not isinstance(numbers, Mapping):
            return f"A measurement's {kind} must map names to numbers, got {numbers!r:.80}."
        for name, value in numbers.items():
            if not isinstance(value, _NUMBERS):
                return (
                    f"A measurement's {kind} must be numbers, got {name} = {value!r:.80} "
                    f"({type(value).__name__}). Convert it with float(...)."
                )
            if kind == "violations" and math.isnan(value):
                return f"A measurement must say whether it keeps the limit on {name}, got NaN."
    return ""


def _reason(error: Exception) -> Reason:
    # By name, because torch's error must be recognised where torch is not imported.
    names = {kind.__name__ for kind in type(error).__mro__}
    memory = names & {"MemoryError", "OutOfMemoryError"} or "can't allocate memory" in str(error)
    return Reason.OUT_OF_MEMORY if memory else Reason.ERROR


def _detail(error: Exception) -> str:
    lines = "".join(traceback.format_exception(error)).strip().splitlines()
    # Names of files may hold bytes that are no text, and no journal can hold those.
    return "\n".join(lines[-_LINES:]).encode(errors="backslashreplace").decode()
