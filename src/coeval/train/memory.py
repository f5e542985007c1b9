"""How much memory training takes, from the symbolic cost alone: what cannot fit is refused before it starts.

This file imports no torch: the driver asks it before any worker loads one.
"""

from coeval.architecture.component import Cost
from coeval.architecture.types import Columns
from coeval.space.recipe import Recipe

BLOCK_BYTES = 16 * 2**20  # rows gathered at once: cheap in time, and nothing beside the data
PREDICTED_ROWS = 2048  # at once on a CPU, where the activations of so many still fit the caches
RESERVE_BYTES = 8 * 2**20
FLOAT = 4
INTEGER = 8


def estimate(cost: Cost, recipe: Recipe, columns: Columns, rows: int) -> int:
    """Return an upper estimate in bytes of what training needs beyond the loaded libraries.

    Args:
        cost: Of the whole architecture, for one example.
        recipe: Its batch size and optimiser matter.
        columns: The network's input.
        rows: Training and validation rows together.
    """
    copies = {"sgd": 4, "adamw": 5, "nadamw": 7}[
        recipe.optimizer
    ]  # weight, gradient, moments, best state, temporaries
    weights = cost.parameters * FLOAT * copies
    width = FLOAT * columns.numeric + INTEGER * (
        len(columns.categories) + sum(text.length for text in columns.texts)
    )
    data = rows * (width + 2 * FLOAT + INTEGER)
    gathered = min(2 * BLOCK_BYTES, data)
    # The backward pass holds each kept activation and, for a moment, its gradient.
    batch = 2 * FLOAT * cost.activations * min(max(recipe.batch_size, 2), max(rows, 2))
    validation = FLOAT * cost.activations * min(PREDICTED_ROWS, rows)
    # Measured within 10 % (tests/train/test_memory.py); the rest is what the allocator keeps.
    return int(1.15 * (weights + data + gathered + max(batch, validation))) + RESERVE_BYTES
