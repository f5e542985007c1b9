"""What a user may ask of a run, checked before anything is read or written."""

from coeval.errors import BudgetError, RunError, unknown
from coeval.evaluate.machine import cores
from coeval.run.budget import Budget
from coeval.train.devices import DEVICES

LEAST_BUDGET = 10.0
"""Seconds below which not even a baseline can be trained, exported and verified."""


def checked(budget: Budget) -> Budget:
    """Return the budget if a model fits into it.

    Raises:
        BudgetError: It is too short.
    """
    if budget.seconds is not None and budget.seconds < LEAST_BUDGET:
        raise BudgetError(
            f"A budget must be at least {LEAST_BUDGET:g}s to train, export and verify one model, got {budget.seconds:g}s. "
            "Raise --budget; to end the search sooner, set --trials."
        )
    return budget


def check_device(name: str) -> None:
    """Check a device that a user named: that it is one, and that this machine has it.

    Raises:
        RunError: There is no such device.
    """
    kind = name.partition(":")[0]
    if kind not in DEVICES:
        raise RunError(unknown("--device", name, DEVICES))
    if kind in ("auto", "cpu"):
        return
    from coeval.train.device import resolve  # noqa: PLC0415 - loads torch

    try:
        resolve(name)
    except (ValueError, RuntimeError) as error:  # the latter of torch, which cannot read the number
        raise RunError(f"--device {name} cannot be used: {error}") from error


def checked_workers(workers: int | None) -> int:
    """Return how many processes train: one a core by default.

    Raises:
        BudgetError: Fewer than one.
    """
    if workers is None:
        return cores()
    if workers < 1:
        raise BudgetError(f"--workers must be 1 or more, got {workers}.")
    return workers


def effort(budget: Budget) -> float:
    """Return the budget as a multiple of a minute, which spaces take as a measure of what a training may cost."""
    return 1.0 if budget.seconds is None else max(budget.seconds / 60.0, 0.3)
