"""Which architectures are no networks: their numbers are grown or solved for, no gradient is followed by a recipe."""

from coeval.architecture.step import Architecture
from coeval.component.linear_model import LINEAR_MODEL
from coeval.component.rules import columns
from coeval.component.trees import FOREST, TREE_ENSEMBLE, features_of

ENGINES = ("trees", "linear")
"""What a measurement says of who trained them, where their rounds have nothing to do with epochs of networks."""
NETWORK, TREES, FORESTS, LINEAR = (
    "network",
    "gradient-boosted trees",
    "forest of randomised trees",
    "linear model",
)
"""What ``kind_of`` says."""


def follows_no_recipe(architecture: Architecture) -> bool:
    """Return whether a recipe, which says how gradients are followed, has no say in an architecture's numbers."""
    return kind_of(architecture) != NETWORK


def depends_on_seed(architecture: Architecture) -> bool:
    """Return whether trainings on the same rows under different seeds differ: of networks, forests, and trees that draw something."""
    if kind_of(architecture) == TREES:
        settings = dict(architecture.body.steps[0].settings)
        drawn = min(float(settings["share"]), float(settings["rows"])) < 1
        return drawn or settings["splits"] == "random"
    return kind_of(architecture) != LINEAR


def kind_of(architecture: Architecture) -> str:
    """Return what an architecture is, for people."""
    used = [one.component for one in architecture.body.steps]
    if TREE_ENSEMBLE in used:
        return TREES
    if FOREST in used:
        return FORESTS
    return LINEAR if LINEAR_MODEL in used else NETWORK


def trees_of(architecture: Architecture, rounds: int) -> tuple[int, int]:
    """Return how many trees so many rounds of an architecture are, and how many leaves one has at most; 0 where it grows none."""
    kind = kind_of(architecture)
    if kind not in (TREES, FORESTS):
        return 0, 0
    settings = dict(architecture.body.steps[0].settings)
    each = int(settings["outputs"]) if kind == TREES else 1
    return rounds * each, int(settings["leaves"])


def asked_of(architecture: Architecture) -> int:
    """Return how many numbers a row has as trees ask for them, indicators included; 0 where none are grown."""
    if kind_of(architecture) not in (TREES, FORESTS):
        return 0
    settings = dict(architecture.body.steps[0].settings)
    return features_of(columns(architecture.inputs[0]), int(settings.get("indicators", 0)))


def rounds_of(architecture: Architecture) -> str:
    """Return what its epochs are, for people: rounds of trees, single trees, penalties from strong to weak, or epochs."""
    return {TREES: "rounds", FORESTS: "trees", LINEAR: "penalties", NETWORK: "epochs"}[
        kind_of(architecture)
    ]
