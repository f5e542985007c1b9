"""How well programs compute a Boolean function: which of its inputs each gets right.

The values mean what those of ``LanguageEvaluator`` mean, so the same competitive search serves both.
"""

import time
from collections.abc import Iterator, Sequence

import numpy as np
import numpy.typing as npt

from coeval.architecture.program import Operation, Program
from coeval.errors import SpaceError
from coeval.evaluate.language import chosen_cases
from coeval.evaluate.numeric_values import ProgramValues
from coeval.evaluate.protocol import STOPPED, Report
from coeval.task.boolean import BooleanFunction
from coeval.trial import Failure, Measurement, Proposal, Reason, Trial

KIND = "rows"
"""What ``cases`` begins with."""
_UNDEFINED = Failure(Reason.REFUSED, "A step is undefined or overflows on some row.")


class BooleanEvaluator:
    """Counts the inputs whose bit a program gets wrong; it answers 1 where its value is above 1/2.

    Values: ``error_rate``, and ``worst``, 1 where any input is wrong, else 0. Cost: ``point_evaluations``, rows x
    live steps. Data: ``passed``, one bit a row in the order of the cases, packed and in hexadecimal.

    Args:
        function: What is computed.
        operations: What operation codes stand for.
        part: The candidates' part that holds the program.

    Raises:
        SpaceError: An operation has no numeric function, or iterates without a step budget.
    """

    def __init__(
        self, function: BooleanFunction, operations: Sequence[Operation], part: str = "program"
    ) -> None:
        self._function, self._operations, self._part = function, tuple(operations), part
        self._values = ProgramValues(function.columns, self._operations)

    def __reduce__(
        self,
    ) -> tuple[type["BooleanEvaluator"], tuple[BooleanFunction, tuple[Operation, ...], str]]:
        return BooleanEvaluator, (self._function, self._operations, self._part)

    def evaluate(
        self, trials: Sequence[Trial], report: Report
    ) -> Iterator[tuple[int, Measurement]]:
        """Yield each trial's measurement; equal steps of a batch are computed once."""
        began = time.perf_counter()
        programs: dict[int, Program] = {}
        for trial in trials:
            genotype = trial.proposal.candidate.part(self._part)
            if isinstance(genotype, Program):
                programs[trial.number] = genotype
        known = self._values.of(programs.values())
        seconds = (time.perf_counter() - began) / max(1, len(trials))
        for trial in trials:
            program = programs.get(trial.number)
            if program is None:
                wrong = Failure(Reason.ERROR, f"Expected a program in the part {self._part!r}.")
                yield trial.number, Measurement(failure=wrong)
            elif program not in known.values:
                yield trial.number, Measurement(cost={"seconds": seconds}, failure=_UNDEFINED)
            else:
                found = self._judge(trial, known.values[program], known.lengths[program], seconds)
                if found.failure is None and not report(trial.number, 1, found.values):
                    found = Measurement(cost=found.cost, failure=STOPPED)
                yield trial.number, found

    def bucket(self, proposal: Proposal) -> str:
        """Return one key for all."""
        return "boolean"

    def _judge(
        self, trial: Trial, value: npt.NDArray[np.float64], steps: int, seconds: float
    ) -> Measurement:
        try:
            chosen = chosen_cases(trial.proposal.cases, len(value), KIND)
        except SpaceError as error:
            return Measurement(failure=Failure(Reason.ERROR, str(error)))
        passed = (value[chosen] > 0.5) == self._function.target[chosen]
        rate = 1.0 - float(passed.mean())
        return Measurement(
            {"error_rate": rate, "worst": float(rate > 0)},
            cost={"point_evaluations": float(len(chosen) * steps), "seconds": seconds},
            data={"passed": np.packbits(passed).tobytes().hex()},
        )
