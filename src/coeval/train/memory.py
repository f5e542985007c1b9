"""How much memory training takes, from the symbolic cost alone: what cannot fit is refused before it starts."""

from coeval.architecture.component import Cost
from coeval.architecture.types import Columns
from coeval.space.recipe import Recipe
from coeval.train.batches import BLOCK_BYTES

FLOAT = 4
INTEGER = 8
CHUNK = 2048


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
    validation = FLOAT * cost.activations * min(CHUNK, rows)
    return weights + data + gathered + max(batch, validation)
