"""What is refused before it starts: a training that needs more memory or time than there is."""

import time

from coeval.evaluate.cost import TimeModel, megabytes
from coeval.evaluate.machine import available_memory
from coeval.evaluate.plan import Plan, Refusal
from coeval.evaluate.watch import Limits

_MEMORY_SHARE = 0.8
_LEAST_EPOCHS = 2


def check_memory(plan: Plan, limits: Limits) -> None:
    """Check that a training fits into memory.

    Raises:
        Refusal: It does not.
    """
    limit = limits.memory_bytes
    if limit is None:
        free = available_memory()
        limit = None if free is None else int(_MEMORY_SHARE * free)
    if limit is not None and plan.memory_bytes > limit:
        raise Refusal(
            f"training would need about {megabytes(plan.memory_bytes)} "
            f"({plan.work.cost.parameters:,} parameters, {plan.work.cost.activations:,} activations "
            f"a row, batch size {plan.recipe.batch_size}), {megabytes(limit)} may be used."
        )


def check_time(plan: Plan, limits: Limits, times: TimeModel, trained: int = 0) -> None:
    """Check that a few epochs can be trained before the deadline.

    Args:
        plan: What is to be trained.
        limits: Until when.
        times: What this process has measured.
        trained: Epochs that need not be trained any more.

    Raises:
        Refusal: They cannot.
    """
    if limits.deadline is None:
        return
    left = limits.deadline - time.monotonic()
    epochs = max(min(_LEAST_EPOCHS, plan.epochs - trained), 0)
    needed = plan.folds * times.at_least(plan.work, epochs)
    if needed > left:
        raise Refusal(
            f"{epochs} epochs on {plan.folds} fold(s) of {plan.work.rows:,} rows would take at least "
            f"{needed:.1f} s ({plan.work.cost.macs:,} multiply-accumulates a row), {max(left, 0):.1f} s are left."
        )
