"""One network taught by an ensemble that would break the user's limits.

Knowledge distillation (Hinton, Vinyals & Dean 2015, arXiv:1503.02531, section 2): what an ensemble predicts for a row says more than
the row's label, so the network that would be taken alone, which keeps the limits, learns from both. Where the search predicted the rows
out of fold, those predictions teach: what networks say of rows that they have learnt by heart is little more than the label. The
student is taken only where the selection rows, which neither has seen, say that it is clearly better than its twin that learnt from
the labels alone.
"""

import time
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from coeval.component.solved import follows_no_recipe
from coeval.export.ensemble import Ensemble, combined, tempered
from coeval.export.ensemble_final import with_ensemble
from coeval.export.final import FinalModel, Resources
from coeval.export.finalists import round_seconds
from coeval.export.held_out import held_out, held_out_rows
from coeval.export.retrain import Finalist, Retrained, Rows, predictions, retrain, row_indices
from coeval.export.selection import has_lost, leads
from coeval.task.memory import load_task
from coeval.task.task import Index, Problem, Task
from coeval.trial import Artifacts

LONGER = 2.0
"""Times its usual length that a lesson takes: a row is learnt once for each class that is likely."""
Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class _Teacher:
    """An ensemble beyond the limits, with what its members predicted out of fold, where they did."""

    ensemble: Ensemble
    rows: Index
    known: Floats | None

    def lesson(self, task: Task, asked: Index) -> Floats:
        """Return what it predicts for some rows, out of fold where that is known."""
        if self.known is None:
            found = predictions(self.ensemble, task, asked)
            assert found is not None  # there are rows
            return found
        shape = (task.table.rows, *self.known.shape[1:])
        whole = np.full(shape, np.nan)
        whole[self.rows] = self.known
        lesson: Floats = whole[asked]
        left = np.isnan(lesson.reshape(len(asked), -1)[:, 0])
        if left.any():
            lesson[left] = predictions(self.ensemble, task, asked[left])
        return lesson


def with_student(
    final: FinalModel,
    finalists: Sequence[Finalist],
    resources: Resources,
    artifacts: Artifacts | None = None,
) -> FinalModel:
    """Return the final model with its network taught by an ensemble, where that is clearly better and there is time for it.

    Args:
        final: As ``with_ensemble`` returned it under the user's limits. An ensemble that keeps them is returned as it is.
        finalists: As ``make_final`` was given them.
        resources: Likewise.
        artifacts: Holds what the search predicted.
    """
    started = time.monotonic()
    task = load_task(resources.source)
    chosen = next(one for one in finalists if one.trial == final.trial)
    twin = _twin(final)
    if len(final.members) > 1 or twin is None or follows_no_recipe(chosen.architecture):
        return final
    if LONGER * _needed(chosen, final, task) > resources.seconds_left:
        return final
    teacher = _teacher(final, finalists, resources, task, artifacts)
    if teacher is None:
        return final
    student = _taught(chosen, Rows.KNOWN, teacher, resources, task)
    if not _is_better(student, twin, final, task):
        return final
    kept = student
    if final.rows is not Rows.KNOWN:
        after = _taught(chosen, Rows.ALL, teacher, resources, task)
        if after.is_complete and after.model is not None and not has_lost(after, student, task):
            kept = after
    if kept.model is None:
        return final
    return replace(
        final,
        model=kept.model,
        epochs=kept.epochs,
        seconds=final.seconds + time.monotonic() - started,
        rows=kept.rows,
        provenance=f"{final.provenance} {_said(teacher, kept)}",
        ensemble=None,
        unseen=None,
        members=(),
    )


def _twin(final: FinalModel) -> Retrained | None:
    """Return the chosen network as it learnt from the labels of train and validation rows."""
    found = (one for one in final.trained if (one.trial, one.repeat) == (final.trial, 0))
    return next((one for one in found if one.is_complete and one.selection is not None), None)


def _needed(chosen: Finalist, final: FinalModel, task: Task) -> float:
    rounds = [Rows.KNOWN] if final.rows is Rows.KNOWN else [Rows.KNOWN, Rows.ALL]
    return sum(round_seconds([chosen], task, 1, rows) for rows in rounds)


def _teacher(
    final: FinalModel,
    finalists: Sequence[Finalist],
    resources: Resources,
    task: Task,
    artifacts: Artifacts | None,
) -> _Teacher | None:
    """Return the ensemble that would be taken without limits, as it was compared."""
    free = with_ensemble(
        replace(final, rows=Rows.KNOWN, ensemble=None, members=()),
        finalists,
        resources,
        artifacts=artifacts,
    )
    if len(free.members) < 2 or free.unseen is None:
        return None
    trained = {(one.trial, one.repeat): one for one in final.trained if one.rows is not Rows.ALL}
    members = [trained[one.trial, one.repeat] for one in free.members]
    each = held_out(members, finalists, task, artifacts)
    known = None if each is None else combined(free.unseen, each)
    return _Teacher(free.unseen, held_out_rows(task), known)


def _taught(
    chosen: Finalist, rows: Rows, teacher: _Teacher, resources: Resources, task: Task
) -> Retrained:
    lesson = teacher.lesson(task, row_indices(task, rows))
    job = replace(resources.job(chosen, rows, 0), lesson=lesson)
    return next(iter(resources.mapped(retrain, [job])))


def _is_better(student: Retrained, twin: Retrained, final: FinalModel, task: Task) -> bool:
    """Return whether the student leads on the selection rows by more than a standard error."""
    if not student.is_complete or student.selection is None or twin.selection is None:
        return False
    before = twin.selection
    if final.ensemble is not None and task.problem is not Problem.REGRESSION:
        before = tempered(before, final.ensemble.temperature)
    return leads(student.selection, before, task, task.splits.selection)


def _said(teacher: _Teacher, kept: Retrained) -> str:
    how = "their predictions" if teacher.known is None else "their predictions out of fold"
    return (
        f"{len(teacher.ensemble.members)} trainings together predict better but exceed the limits, so this network learnt from {how} "
        f"beside the labels, on {kept.rows.value} (distillation); on the selection rows it is clearly better than without."
    )
