"""How much memory training takes, from the symbolic cost alone: what cannot fit is refused before it starts.

This file imports no torch: the driver asks it before any worker loads one.
"""

from coeval.architecture.component import Cost
from coeval.architecture.types import Columns, Featured, Grid, positions
from coeval.space.recipe import Recipe

BLOCK_BYTES = 16 * 2**20  # rows gathered at once: cheap in time, and nothing beside the data
PREDICTED_ROWS = (
    2048  # at once on a CPU, where the activations of so many table rows still fit the caches
)
PREDICTED_BYTES = (
    64 * 2**20
)  # of activations at once: an image has a thousand times those of a table row
LEAST_PREDICTED_ROWS = 16
ACCELERATOR_FACTOR = 32  # times as much at once, for a device with memory and threads in plenty
RESERVE_BYTES = 8 * 2**20
FLOAT = 4
INTEGER = 8


def estimate(
    cost: Cost, recipe: Recipe, given: Columns | Featured, rows: int, asked: int = 0
) -> int:
    """Return an upper estimate in bytes of what training needs beyond the loaded libraries.

    Args:
        cost: Of the whole architecture, for one example.
        recipe: Its batch size and optimiser matter.
        given: The network's input.
        rows: Training and validation rows together.
        asked: Numbers of a row as trees ask for them: they are held beside the row, and in their library once more.
    """
    copies = {"sgd": 4, "adamw": 5, "nadamw": 7}[
        recipe.optimizer
    ]  # weight, gradient, moments, best state, temporaries
    weights = cost.parameters * FLOAT * copies
    data = rows * (_row_bytes(given) + 2 * FLOAT * (1 + asked) + INTEGER)
    gathered = min(2 * BLOCK_BYTES, data)
    # The backward pass holds each kept activation and, for a moment, its gradient.
    batch = 2 * FLOAT * cost.activations * min(max(recipe.batch_size, 2), max(rows, 2))
    validation = FLOAT * cost.activations * min(rows_at_once(cost.activations), rows)
    # Measured within 10 % (tests/train/test_memory.py); the rest is what the allocator keeps.
    return int(1.15 * (weights + data + gathered + max(batch, validation))) + RESERVE_BYTES


def rows_at_once(activations: int, *, is_on_accelerator: bool = False) -> int:
    """Return how many rows to predict in one go.

    Args:
        activations: Numbers computed for a row; 0 where that is not known.
        is_on_accelerator: Whether the network is not on the CPU.

    Example:
        >>> rows_at_once(1000), rows_at_once(60_000), rows_at_once(10_000_000)
        (2048, 279, 16)
    """
    factor = ACCELERATOR_FACTOR if is_on_accelerator else 1
    fitting = factor * PREDICTED_BYTES // (FLOAT * max(activations, 1))
    return min(max(fitting, LEAST_PREDICTED_ROWS), factor * PREDICTED_ROWS)


def _row_bytes(given: Columns | Featured) -> int:
    """Return the bytes of a row; pictures are bytes, once as the task has them and once as prepared."""
    if isinstance(given, Grid):
        return 2 * positions(given) * given.features
    if not isinstance(given, Columns):
        return FLOAT * positions(given) * given.features
    codes = len(given.categories) + sum(text.length for text in given.texts)
    return FLOAT * given.numeric + INTEGER * codes
