"""The numeric evaluator: programs and teams of programs against the values of a target function.

A program is scored with the best scale and offset, a team by least squares on its modules (reference
"Theory and algorithms", D.5). Whole batches are scored at once: trials that share partners cost one
matrix product together.
"""

import math
import time
from collections import OrderedDict
from collections.abc import Iterator, Sequence
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from coeval.architecture.program import Operation
from coeval.errors import DataError
from coeval.evaluate.numeric_batch import Entry, charges, contexts, entry, facts, indices
from coeval.evaluate.numeric_linear import added_errors, make_context
from coeval.evaluate.numeric_values import Known, ProgramValues
from coeval.evaluate.protocol import STOPPED, Report
from coeval.trial import Failure, Measurement, Proposal, Reason, Trial

Floats = npt.NDArray[np.float64]
Constants = Literal["linear", "none"]

UNDEFINED = Failure(Reason.REFUSED, "A step is undefined or overflows on some row.")
_TOO_LARGE = Failure(Reason.REFUSED, "The error overflows.")
_TEAM = Failure(Reason.REFUSED, "A team needs weights: constants='none' takes one program.")
_CHUNK = 2**22  # numbers in the table of values that is in work: what a deadline waits for
_SUBSETS = 16  # of rows whose values are kept


class _Rows:
    """What is fitted on some rows.

    Attributes:
        values: Of programs.
        target: ``(rows,)``, divided by the whole target's largest magnitude so that squares stay finite.
        total: What sums of its squared errors are divided by.
    """

    def __init__(
        self,
        columns: Sequence[Floats],
        target: Floats,
        variance: float,
        operations: Sequence[Operation],
    ) -> None:
        self.values = ProgramValues(columns, operations)
        self.target = target
        self.total = variance * len(target)


class NumericEvaluator:
    """Scores programs (one part) and teams (a part a module) by their normalised mean squared error.

    ``values["nmse"]`` is the sum of squared errors over rows · var(target): under ``constants="linear"`` with
    the least-squares weights of [1, f1 … fK], under ``"none"`` of the bare program. Beside it:

    - ``cost["point_evaluations"]``: rows x live steps of the programs that are new, which are those in the
      parts named by ``Proposal.moves``, or all where there are no moves; each counts once in a batch.
    - ``data["key"]``: the semantic key (``numeric_score.semantic_keys``) of the varied module, which is the
      last part that the moves name, or the last that has steps. Trials that share all others cost little.
    - ``data["weights"]``: (c0, c1 … cK), for the best of each batch.
    - ``data["errors"]``: squared errors by row, where the origin begins with ``"trainer"``.

    With ``cases="rows:3,17"`` a trial is fitted, scored and charged on these rows only, in the same unit of
    errors, and ``data`` stays empty. A candidate that is undefined on some row fails with ``UNDEFINED``.

    Args:
        columns: One ``(rows,)`` array of finite numbers for each input.
        target: ``(rows,)`` finite numbers, not all equal.
        operations: What operation codes stand for.
        constants: ``"linear"``: weights by least squares; ``"none"``: one program as it is.

    Raises:
        DataError: The target does not vary, or a number is not finite.
        SpaceError: An operation has no numeric function, or iterates without a step budget.
    """

    def __init__(
        self,
        columns: Sequence[npt.ArrayLike],
        target: npt.ArrayLike,
        operations: Sequence[Operation],
        constants: Constants = "linear",
    ) -> None:
        self._columns = tuple(np.ascontiguousarray(one, dtype=np.float64) for one in columns)
        self._target = np.ascontiguousarray(target, dtype=np.float64)
        self._operations = tuple(operations)
        self._constants = constants
        _check(self._columns, self._target)
        self._peak = float(np.abs(self._target).max())
        self._variance = float(np.var(self._target / self._peak))
        self._subsets: OrderedDict[str | None, _Rows] = OrderedDict()
        self._rows(None)

    def __reduce__(self) -> tuple[Any, ...]:
        # What is computed stays behind: a worker starts with nothing known.
        return NumericEvaluator, (self._columns, self._target, self._operations, self._constants)

    def evaluate(
        self, trials: Sequence[Trial], report: Report
    ) -> Iterator[tuple[int, Measurement]]:
        """Yield each trial's number and measurement."""
        groups: dict[str | None, list[Trial]] = {}
        for trial in trials:
            groups.setdefault(trial.proposal.cases, []).append(trial)
        for cases, group in groups.items():
            try:
                rows = self._rows(cases)
                entries = [entry(trial) for trial in group]
            except ValueError as error:
                wrong = Measurement(failure=Failure(Reason.ERROR, str(error)))
                yield from ((trial.number, wrong) for trial in group)
                continue
            width = max(1, _CHUNK // len(rows.target))
            for start in range(0, len(entries), width):
                chunk = entries[start : start + width]
                if report(chunk[0].number, 0, {}):
                    yield from self._measure(chunk, rows, is_whole=cases is None)
                else:
                    yield from ((one.number, Measurement(failure=STOPPED)) for one in chunk)

    def bucket(self, proposal: Proposal) -> str:
        """Return one key for all: a batch is sorted out here."""
        return "numeric"

    def _rows(self, cases: str | None) -> _Rows:
        """Return what is fitted on the rows that ``cases`` names.

        Raises:
            ValueError: It names none, or rows that do not exist.
        """
        if cases not in self._subsets:
            chosen = slice(None) if cases is None else indices(cases, len(self._target))
            self._subsets[cases] = _Rows(
                [one[chosen] for one in self._columns],
                self._target[chosen] / self._peak,
                self._variance,
                self._operations,
            )
            if len(self._subsets) > 1 + _SUBSETS:
                del self._subsets[next(name for name in self._subsets if name is not None)]
        return self._subsets[cases]

    def _measure(
        self, chunk: Sequence[Entry], rows: _Rows, *, is_whole: bool
    ) -> Iterator[tuple[int, Measurement]]:
        began = time.perf_counter()
        known = rows.values.of(program for one in chunk for program in one.programs)
        errors = self._errors(chunk, known, rows)
        spent = charges(chunk, known, len(rows.target))
        is_linear = self._constants == "linear"
        data = (
            facts(chunk, known, errors, self._target, is_linear=is_linear)
            if is_whole
            else [{} for _ in chunk]
        )
        seconds = round((time.perf_counter() - began) / len(chunk), 7)
        for one, error, points, told in zip(chunk, errors.tolist(), spent, data, strict=True):
            cost = {"point_evaluations": points, "seconds": seconds}
            if not math.isnan(error):
                yield one.number, Measurement({"nmse": error}, cost=cost, data=told)
            else:
                yield one.number, Measurement(cost=cost, failure=self._why(one, known))

    def _errors(self, chunk: Sequence[Entry], known: Known, rows: _Rows) -> Floats:
        """Return each candidate's normalised mean squared error; NaN where there is none."""
        errors = np.full(len(chunk), np.nan)
        for partners, places in contexts(chunk, known.values):
            varied = np.stack(
                [known.values[chunk[one].programs[chunk[one].varied]] for one in places]
            )
            if self._constants == "linear":
                shared = [known.values[one] for one in partners]
                found = added_errors(varied, make_context(shared, rows.target))
            elif partners:
                continue
            else:
                with np.errstate(over="ignore"):
                    left = varied / self._peak - rows.target
                    found = np.einsum("ij,ij->i", left, left)
            errors[places] = found / rows.total
        errors[~np.isfinite(errors)] = np.nan
        return errors

    def _why(self, one: Entry, known: Known) -> Failure:
        if not all(program in known.values for program in one.programs):
            return UNDEFINED
        return _TEAM if len(one.programs) > 1 and self._constants == "none" else _TOO_LARGE


def _check(columns: Sequence[Floats], target: Floats) -> None:
    if not columns or any(one.shape != target.shape or target.ndim != 1 for one in columns):
        raise DataError(
            f"The numeric evaluator needs inputs and target of one length, got {[c.shape for c in columns]} "
            f"and {target.shape}."
        )
    if not all(np.isfinite(one).all() for one in (*columns, target)):
        raise DataError(
            "The numeric evaluator needs finite numbers, got NaN or infinity. Drop such rows."
        )
    if (target == target[0]).all():
        raise DataError(
            f"The target is {target[0]:g} on every row, so the constant is the whole answer. Choose another target."
        )
