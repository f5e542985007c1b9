"""The training recipe: how a network is trained, as named choices."""

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from coeval.architecture.component import Setting, Value
from coeval.task.task import Problem, Task

RECIPE: tuple[Setting, ...] = (
    Setting("optimizer", ("adamw", "nadamw", "sgd"), "adamw"),
    Setting(
        "lr",
        (1e-4, 3e-4, 5e-4, 1e-3, 2e-3, 4e-3, 8e-3, 1.6e-2, 4e-2),
        2e-3,
        bounds=(1e-6, 1.0),
    ),
    Setting("schedule", ("constant", "cosine", "flat_cosine"), "cosine"),
    Setting("weight_decay", (0.0, 1e-3, 1e-2, 1e-1, 3e-1, 1.0, 3.0), 1e-2, bounds=(0.0, 10.0)),
    Setting("batch_size", (16, 32, 64, 128, 256, 512, 1024), 256, bounds=(1, 65536)),
    Setting(
        "epochs",
        (1, 2, 4, 8, 12, 16, 24, 32, 48, 64, 96, 128, 192, 256),
        64,
        bounds=(1, 10000),
    ),
    Setting("label_smoothing", (0.0, 0.05, 0.1), 0.0, bounds=(0.0, 0.5)),
)
"""Every choice that a recipe understands, whatever the task."""
CLASS_WEIGHTS = Setting("class_weights", ("none", "sqrt", "balanced"), "none")
"""How rows count by their class: alike, or by the reciprocal of the class's share or of its root. Where ``weights_may_pay``."""
UNBALANCED = 3.0
"""How many times the rarest class's rows the commonest has at least where classes count as unbalanced."""
CALIBRATED = ("log_loss", "accuracy")
"""Metrics for which classes are best believed as often as they are: weights would falsify every probability."""

UPDATES = 10_000
"""Most optimiser steps, over all folds, that a recipe of a space may ask for: five to ten seconds on one core."""
PASSES = 900_000
"""Most rows, counted once an epoch and a fold, that it may ask for: about ten seconds at 100,000 parameters."""
USUAL_UPDATES, USUAL_PASSES = 0.33, 0.6
"""Shares of both that a recipe asks for by default."""
MOST_EFFORT = 4.0
"""Effort from which on schedules of a search grow no longer: more time is for more candidates, and for the final training."""
MANY, MANY_PASSES = 200_000, 450_000
"""From so many rows on it asks for no more by default however long the search is: an epoch tells networks apart (on 375,000 rows of
pixels one and four ranked alike), and what is found is trained for longer at the end (``export.stretch``)."""
EPOCH_UPDATES = 2
"""Scoring after an epoch costs about as much as two optimiser steps of a small network."""
TINY, TINY_EPOCHS = 128, 24
"""Up to so many rows a candidate gets one batch and so many epochs by default: such a table is answered in moments."""


POLICY = "policy_"
"""What the names of the settings begin with that ``Recipe.of`` gathers into ``Recipe.policy``."""


@dataclass(frozen=True, slots=True)
class Recipe:
    """A recipe's settings by name; ``epochs`` is the most that training may take, early stopping may take less.

    Everything from ``flip`` on changes pictures in training (``space.recipe_images``), and is off for tables.

    Attributes:
        flip: Whether pictures are mirrored left to right at random.
        crop: How far they are moved at random at most, as a share of their side.
        cutout: Side of the square that is cut out of each, as a share of the picture's.
        augmentation: ``"none"``, ``"rand"``, ``"trivial"`` or ``"policy"``: what else changes them.
        magnitude: How strongly, from 0 to 1, under ``"rand"``.
        mixup: Parameter of the beta distribution of the share of a second picture that is blended in; 0 for none.
        cutmix: Likewise of the share of the area that comes from a second picture.
        policy: Steps of ``"policy"``, of which each pair is a sub-policy: operation, probability, magnitude.
    """

    optimizer: str = "adamw"
    lr: float = 2e-3
    schedule: str = "cosine"
    weight_decay: float = 1e-2
    batch_size: int = 256
    epochs: int = 64
    label_smoothing: float = 0.0
    class_weights: str = "none"
    flip: bool = False
    crop: float = 0.0
    cutout: float = 0.0
    augmentation: str = "none"
    magnitude: float = 0.0
    mixup: float = 0.0
    cutmix: float = 0.0
    policy: tuple[tuple[str, float, float], ...] = ()

    @property
    def changes_pictures(self) -> bool:
        """Return whether pictures are changed one by one before they are trained on."""
        return bool(self.flip or self.crop or self.cutout or self.augmentation != "none")

    @property
    def mixes_pictures(self) -> bool:
        """Return whether pictures are trained on in pairs."""
        return bool(self.mixup or self.cutmix)

    @classmethod
    def of(cls, settings: Mapping[str, Value]) -> "Recipe":
        """Return the recipe of a genotype's settings; those of a policy that is not followed are left out."""
        plain = {name: one for name, one in settings.items() if not name.startswith(POLICY)}
        recipe = cls(**plain)  # type: ignore[arg-type]
        if recipe.augmentation != "policy":
            return recipe
        return dataclasses.replace(recipe, policy=_policy(settings))


def recipe_for(
    rows: int, *, classes: bool, folds: int = 1, effort: float = 1.0, weighted: bool = False
) -> tuple[Setting, ...]:
    """Return the choices for a number of training rows, so that no candidate trains for minutes.

    Small tables get small batches and many epochs, large ones the opposite. Training takes at most
    ``UPDATES`` optimiser steps and ``PASSES`` rows (or one epoch).

    Args:
        rows: Training rows.
        classes: Whether classes are predicted; label smoothing means nothing for values.
        folds: How often each candidate is trained; the trainings share the caps.
        effort: What both caps are multiplied with: more for a long search, less for a short one.
        weighted: Whether class weights are a choice.
    """
    by_name = {one.name: one for one in RECIPE}
    batches = by_name["batch_size"].choices
    wanted = float(TINY) if rows <= TINY else min(256.0, max(32.0, rows / 64))
    chosen = sum(float(one) < wanted for one in batches)
    batch, batches = batches[chosen], batches[chosen - 1 : chosen + 3]
    effort = min(effort, MOST_EFFORT)
    updates, passes = effort * UPDATES, effort * PASSES
    most = _epochs(rows, folds, float(batch), updates, passes)
    usual = _epochs(rows, folds, float(batch), USUAL_UPDATES * updates, USUAL_PASSES * passes)
    if rows <= TINY:
        usual = min(usual, TINY_EPOCHS)
    if rows >= MANY:
        usual = min(usual, MANY_PASSES / rows)
    every = by_name["epochs"].choices
    allowed = [one for one in every if float(one) <= most] or [every[0]]
    default = max(0, sum(float(one) <= usual for one in allowed) - 1)
    changed: dict[str, tuple[tuple[Value, ...], Value]] = {
        "batch_size": (batches, batch),
        "epochs": (tuple(allowed[max(0, default - 2) : default + 3]), allowed[default]),
    }
    if not classes:
        changed["label_smoothing"] = ((0.0,), 0.0)
    every_setting = (*RECIPE, CLASS_WEIGHTS) if weighted else RECIPE
    return tuple(
        dataclasses.replace(one, choices=changed[one.name][0], default=changed[one.name][1])
        if one.name in changed
        else one
        for one in every_setting
    )


def weights_may_pay(task: Task) -> bool:
    """Return whether classes are so unbalanced, and the metric such, that class weights are worth trying."""
    if task.problem is Problem.REGRESSION or task.metric.name in CALIBRATED:
        return False
    counts = np.bincount(task.target.values[task.splits.train])
    seen = counts[counts > 0]
    return bool(seen.max() >= UNBALANCED * seen.min())


def _policy(settings: Mapping[str, Value]) -> tuple[tuple[str, float, float], ...]:
    """Return the steps of a policy from the settings of ``recipe_images.policy_settings``."""
    steps = [
        name for name, one in settings.items() if name.startswith(POLICY) and isinstance(one, str)
    ]
    return tuple(
        (
            str(settings[name]),
            float(settings[f"{name}_probability"]),
            float(settings[f"{name}_magnitude"]),
        )
        for name in steps
    )


def _epochs(rows: int, folds: int, batch: float, updates: float, passes: float) -> float:
    """Return how many epochs fit into a number of optimiser steps and of rows."""
    by_updates = updates / (folds * (rows / batch + EPOCH_UPDATES))
    return min(by_updates, passes / max(1, rows * folds))
