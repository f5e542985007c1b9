"""Which architectures are no networks: their numbers are grown or solved for, no gradient is followed by a recipe."""

from coeval.architecture.step import Architecture
from coeval.component.linear_model import LINEAR_MODEL
from coeval.component.trees import TREE_ENSEMBLE

ENGINES = ("trees", "linear")
"""What a measurement says of who trained them, where their rounds have nothing to do with epochs of networks."""


def follows_no_recipe(architecture: Architecture) -> bool:
    """Return whether a recipe, which says how gradients are followed, has no say in an architecture's numbers."""
    return any(one.component in (TREE_ENSEMBLE, LINEAR_MODEL) for one in architecture.body.steps)
