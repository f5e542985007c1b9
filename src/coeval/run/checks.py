"""What a user may ask of a run, checked before anything is read or written."""

from coeval.errors import BudgetError, RunError, unknown
from coeval.run.budget import Budget
from coeval.run.capsule import cores
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
    """Check a device that a user named, by name only: whether it is there is seen where torch is.

    Raises:
        RunError: There is no such device.
    """
    if name.partition(":")[0] not in DEVICES:
        raise RunError(unknown("--device", name, DEVICES))


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
