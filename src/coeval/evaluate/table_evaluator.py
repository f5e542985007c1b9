"""Answers a search from a table of training results, at the cost the trainings would have had."""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from coeval.evaluate.protocol import Report
from coeval.evaluate.table import Curves, Floats, Table
from coeval.space.digest import candidate_digest
from coeval.space.protocol import Candidate
from coeval.trial import Failure, Measurement, Proposal, Reason, Trial

UNDEPLOYABLE = 1.0
"""Violation of a needed value that the candidate cannot have."""


class TableEvaluator:
    """An ``Evaluator`` over a table, for one search.

    Candidates that compute the same, by ``candidate_digest``, are one architecture: each is answered with the row
    of the first that was asked. A strategy thereby gains nothing from asking for another copy of what it knows,
    which the table's noise would otherwise reward; the evaluation is charged all the same. What was asked is
    remembered for this, and how far each trial was trained: a new search takes a new evaluator. ``cost`` holds
    ``"epochs"``, ``"evaluations"`` (as a share of one at full fidelity) and, where the table has them, ``"seconds"``.

    Args:
        table: Where the values stand.
        needed: Values without which a candidate is infeasible, such as a latency that is an objective or limited: a
            device may not run it at all.
        canonical: Whether equal candidates share a row; otherwise each has its own, noise and all.

    Raises:
        SpaceError: The table lacks a value that is needed.
    """

    def __init__(
        self,
        table: Table,
        *,
        needed: Sequence[str] = (),
        canonical: bool = True,
    ) -> None:
        self.table = table
        self.needed = tuple(needed)
        self._canonical = canonical
        self._first: dict[str, int] = {}
        self._trained: dict[tuple[int, int], int] = {}
        self._reached: dict[int, tuple[int, int]] = {}
        for name in self.needed:
            table.column(name)

    @property
    def distinct(self) -> int:
        """Return how many different architectures were asked for."""
        return len({row for row, _ in self._trained})

    def evaluate(
        self, trials: Sequence[Trial], report: Report
    ) -> Iterator[tuple[int, Measurement]]:
        """Yield each trial's values; those of a curve are reported epoch by epoch.

        Raises:
            SpaceError: The table lacks a candidate or a fidelity.
        """
        for trial in trials:
            row = self._row(trial.proposal.candidate, claim=True)
            curves = self.table.curves
            if curves is None:
                yield trial.number, self._scheduled(trial, row, report)
            else:
                yield trial.number, self._followed(trial, row, curves, report)

    def bucket(self, proposal: Proposal) -> str:
        """Return one key for all."""
        return ""

    def test(self, candidate: Candidate) -> float:
        """Return the test score of a candidate as trained in this search; NaN if the table has none.

        No measurement carries it: it is for whoever judges the strategy.

        Raises:
            SpaceError: The table lacks the candidate.
        """
        row = self._row(candidate, claim=False)
        return math.nan if self.table.test is None else float(self.table.test[row])

    def _row(self, candidate: Candidate, *, claim: bool) -> int:
        if not self._canonical:
            return self.table.row(candidate)
        digest = candidate_digest(candidate)
        if digest in self._first:
            return self._first[digest]
        row = self.table.row(candidate)
        if claim:
            self._first[digest] = row
        return row

    def _scheduled(self, trial: Trial, row: int, report: Report) -> Measurement:
        """Return a row's values after one of the schedules that were trained.

        Schedules differ from the first epoch on, so a longer one cannot go on from a shorter: each is paid in full.
        """
        epochs = self.table.schedule(trial.proposal.fidelity)
        values = {name: float(column[row]) for name, column in self._columns(epochs).items()}
        if not report(trial.number, epochs, values):
            return Measurement(failure=Failure(Reason.TIMED_OUT, "told to stop"))
        spent = self._spent(row, epochs, epochs / self.table.epochs)
        return self._told(trial, row, epochs, values, spent)

    def _followed(self, trial: Trial, row: int, curves: Curves, report: Report) -> Measurement:
        """Return a row's values at a point of its curve; a trial that continues another pays for what it adds."""
        length = int(curves.epochs[row])
        fidelity = trial.proposal.fidelity
        if fidelity.rows != 1 or fidelity.width != 1:
            self.table.schedule(fidelity)  # says what the table has
        target = max(1, round(fidelity.epochs * length))
        start = reached = self._start(trial, row)
        is_stopped = False
        while reached < target and not is_stopped:
            reached += 1
            value = float(curves.values[row, reached - 1])
            is_stopped = not report(trial.number, reached, {curves.name: value})
        self._reached[trial.number] = row, reached
        curve = tuple(curves.values[row, :reached].tolist())
        values = {name: float(column[row]) for name, column in self.table.facts.items()}
        found = self._told(
            trial,
            row,
            reached,
            {curves.name: curve[-1], **values},
            self._spent(row, reached - start, (reached - start) / length),
        )
        early = {"stopped_early": True} if reached < target else {}
        return replace(found, curve={curves.name: curve}, data=early)

    def _start(self, trial: Trial, row: int) -> int:
        """Return the epoch from which a trial goes on: that of the trial that it continues, if the same was trained."""
        number = trial.proposal.continues
        before, reached = self._reached.get(-1 if number is None else number, (row, 0))
        return reached if before == row else 0

    def _columns(self, epochs: int) -> Mapping[str, Floats]:
        return {**self.table.schedules[epochs], **self.table.facts}

    def _spent(self, row: int, epochs: int, share: float) -> dict[str, float]:
        spent = {"evaluations": share}
        if self.table.epochs > 1:
            spent["epochs"] = float(epochs)
        if self.table.seconds is not None:
            spent["seconds"] = share * float(self.table.seconds[row])
        return spent

    def _told(
        self,
        trial: Trial,
        row: int,
        epochs: int,
        values: Mapping[str, float],
        cost: Mapping[str, float],
    ) -> Measurement:
        """Return the measurement; what a device cannot run has no value there, and is infeasible where that matters."""
        source = self._trained.setdefault((row, epochs), trial.number)
        known = {name: value for name, value in values.items() if math.isfinite(value)}
        violations = {name: UNDEPLOYABLE for name in self.needed if name not in known}
        return Measurement(
            known, violations, cost=cost, cached_from=None if source == trial.number else source
        )
