"""The training recipe: how a network is trained, as named choices."""

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass

from coeval.architecture.component import Setting, Value

RECIPE: tuple[Setting, ...] = (
    Setting("optimizer", ("adamw", "nadamw", "sgd"), "adamw"),
    Setting(
        "lr",
        (1e-4, 3e-4, 5e-4, 1e-3, 2e-3, 4e-3, 8e-3, 1.6e-2, 4e-2),
        2e-3,
        bounds=(1e-6, 1.0),
    ),
    Setting("schedule", ("constant", "cosine", "flat_cosine"), "cosine"),
    Setting("weight_decay", (0.0, 1e-4, 1e-3, 1e-2, 3e-2, 1e-1), 1e-2, bounds=(0.0, 1.0)),
    Setting("batch_size", (16, 32, 64, 128, 256, 512, 1024), 256, bounds=(1, 65536)),
    Setting("epochs", (1, 2, 4, 8, 16, 32, 64, 128, 256), 64, bounds=(1, 10000)),
    Setting("label_smoothing", (0.0, 0.05, 0.1), 0.0, bounds=(0.0, 0.5)),
)
"""Every choice that a recipe understands."""

UPDATES = 12_000
"""Most optimiser steps that a recipe of a space may ask for: about five seconds on one core."""
PASSES = 600_000
"""Most rows, counted once an epoch, that it may ask for: about seven seconds at 100,000 parameters."""
WINDOW = 4
"""How many batch sizes and numbers of epochs stand in a space."""


@dataclass(frozen=True, slots=True)
class Recipe:
    """A recipe's settings by name; ``epochs`` is the most that training may take, early stopping may take less."""

    optimizer: str = "adamw"
    lr: float = 2e-3
    schedule: str = "cosine"
    weight_decay: float = 1e-2
    batch_size: int = 256
    epochs: int = 64
    label_smoothing: float = 0.0

    @classmethod
    def of(cls, settings: Mapping[str, Value]) -> "Recipe":
        """Return the recipe of a genotype's settings."""
        return cls(**settings)  # type: ignore[arg-type]


def recipe_for(rows: int, *, classes: bool, folds: int = 1) -> tuple[Setting, ...]:
    """Return the choices for a number of training rows, so that no candidate trains for minutes.

    Small tables get small batches and many epochs, large ones the opposite. Training takes at most
    ``UPDATES`` optimiser steps, at the smallest batch, and ``PASSES`` rows, all folds together (or one epoch).

    Args:
        rows: Training rows.
        classes: Whether classes are predicted; label smoothing means nothing for values.
        folds: Trainings that one trial takes; they share the caps.
    """
    by_name = {one.name: one for one in RECIPE}
    batches = _window(by_name["batch_size"].choices, min(128.0, rows / 100))
    passes = PASSES / max(1, rows * folds)
    most = min(passes, UPDATES / max(1.0, rows / float(batches[0])) / folds)
    every = by_name["epochs"].choices
    epochs = tuple([one for one in every if float(one) <= most][-WINDOW:]) or every[:1]
    usual = [one for one in epochs if float(one) <= 0.7 * passes] or epochs[:1]
    changed: dict[str, tuple[tuple[Value, ...], Value]] = {
        "batch_size": (batches, batches[1]),
        "epochs": (epochs, usual[-1]),
    }
    if not classes:
        changed["label_smoothing"] = ((0.0,), 0.0)
    return tuple(
        dataclasses.replace(one, choices=changed[one.name][0], default=changed[one.name][1])
        if one.name in changed
        else one
        for one in RECIPE
    )


def _window(choices: tuple[Value, ...], wanted: float) -> tuple[Value, ...]:
    """Return ``WINDOW`` neighbouring choices, the first being the least that is not below ``wanted``."""
    start = sum(float(one) < wanted for one in choices)
    start = min(start, len(choices) - WINDOW)
    return choices[start : start + WINDOW]
