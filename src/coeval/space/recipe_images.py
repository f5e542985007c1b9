"""The training recipe of pictures: what of ``space.recipe`` suits convolutions, and how pictures are changed in training."""

import dataclasses

from coeval.architecture.component import Setting, Value
from coeval.space.recipe import MOST_EFFORT, POLICY, RECIPE

SATURATION = "saturation"
OPERATIONS = (
    "identity",
    "rotate",
    "shear_x",
    "shear_y",
    "translate_x",
    "translate_y",
    "brightness",
    "contrast",
    "sharpness",
    SATURATION,
    "posterize",
    "solarize",
    "autocontrast",
    "equalize",
)
"""What may be done to a picture, in the order of their numbers (``train.pixels``)."""

RAND_OPERATIONS = 2
"""Operations of RandAugment on each picture (Cubuk et al. 2020, arXiv:1909.13719, table 1 for small pictures)."""
TRIVIAL_LEVELS = 31
"""Magnitudes of TrivialAugment (Müller & Hutter 2021, arXiv:2103.10158, section 3)."""
SUB_POLICIES = 3
"""Pairs of operations in a policy. AutoAugment's five (Cubuk et al. 2019, arXiv:1805.09501, section 3) make 30 decisions,
more than the trials of a search on a few cores can tell apart."""
LEVELS = (0.1, 0.3, 0.5, 0.7, 0.9)

PASSES = 50_000
"""Most pictures of 28 by 28, counted once an epoch, that a recipe may ask for at effort 1: 15 to 30 seconds of a network of
20 million multiply-accumulates. What a search finds is trained for longer at its end (``export.stretch``)."""
UPDATES = 600
"""Most optimiser steps of the smaller batches, over all folds, at effort 1. A step costs its many small operations, some 25 ms
for fifteen convolutions, however small the pictures: a few hundred in five folds would train for minutes."""
PIXELS = 28 * 28
RATES = {128: 1e-1, 64: 6e-2, 32: 3e-2, 16: 1.6e-2}
"""Sizes of a batch and the rates of SGD that go with them, in proportion (Goyal et al. 2017, arXiv:1706.02677, section 2.1), from
ResNet-20's own on CIFAR-10. Half of them did worse in four of four pairs on 1,200 and 3,000 images of Fashion-MNIST."""
STEPS = 64
"""An epoch has at least so many, where a smaller batch can give them."""
MOST_EPOCHS = 128

AUGMENTATION: tuple[Setting, ...] = (
    Setting("flip", (False, True), True),
    Setting("crop", (0.0, 0.08, 0.125), 0.125, bounds=(0.0, 0.5)),
    Setting("cutout", (0.0, 0.25, 0.5), 0.0, bounds=(0.0, 1.0)),
    Setting("augmentation", ("none", "trivial", "rand"), "none"),
    Setting("magnitude", (0.1, 0.2, 0.3, 0.5), 0.2, bounds=(0.0, 1.0)),
    Setting("mixup", (0.0, 0.2, 1.0), 0.0, bounds=(0.0, 10.0)),
    Setting("cutmix", (0.0, 1.0), 0.0, bounds=(0.0, 10.0)),
)
"""Every choice of how pictures are changed; ``Recipe`` says what each means."""


def policy_settings(sub_policies: int = SUB_POLICIES) -> tuple[Setting, ...]:
    """Return the choices of a policy in the manner of AutoAugment: of each step the operation, probability and magnitude.

    Args:
        sub_policies: Each has two steps; every picture goes through one sub-policy.

    Example:
        >>> [one.name for one in policy_settings(1)][:3]
        ['policy_1a', 'policy_1a_probability', 'policy_1a_magnitude']
    """
    found: list[Setting] = []
    for number in range(1, sub_policies + 1):
        for step in "ab":
            name = f"{POLICY}{number}{step}"
            found += [
                Setting(name, OPERATIONS, OPERATIONS[0]),
                Setting(f"{name}_probability", LEVELS, 0.5, bounds=(0.0, 1.0)),
                Setting(f"{name}_magnitude", LEVELS, 0.3, bounds=(0.0, 1.0)),
            ]
    return tuple(found)


def recipe_for_images(
    rows: int,
    *,
    classes: bool,
    folds: int = 1,
    effort: float = 1.0,
    pixels: int = PIXELS,
    sub_policies: int = 0,
) -> tuple[Setting, ...]:
    """Return the choices for a number of pictures to train on.

    Args:
        rows: Pictures to train on.
        classes: Whether classes are predicted; label smoothing means nothing for values.
        folds: How often each candidate is trained; the trainings share the caps.
        effort: What the cap on pictures is multiplied with.
        pixels: Of a picture; smaller ones may be trained on for longer.
        sub_policies: Of a policy whose steps are decisions too; with any, ``"policy"`` is a choice of ``augmentation``.
    """
    batch = next((one for one in RATES if rows >= STEPS * one), min(RATES))
    effort = min(effort, MOST_EFFORT)
    epochs = effort * passes_of(pixels) / max(1, rows * folds)
    if batch < max(RATES):
        epochs = min(epochs, effort * UPDATES / (folds * max(1.0, rows / batch)))
    epochs = min(max(int(epochs), 1), MOST_EPOCHS)
    changed: dict[str, tuple[tuple[Value, ...], Value]] = {
        "optimizer": (("sgd", "adamw"), "sgd"),
        "lr": ((2e-3, 4e-3, 8e-3, 1.6e-2, 3e-2, 6e-2, 1e-1, 2e-1), RATES[batch]),
        "schedule": (("cosine", "one_cycle"), "one_cycle"),
        "weight_decay": ((0.0, 1e-3, 5e-3, 1e-2, 3e-2, 1e-1), 5e-3),
        "batch_size": (tuple(batch * factor // 2 for factor in (1, 2, 4, 8)), batch),
        "epochs": ((epochs,), epochs),  # what is better for longer is left to the final training
    }
    if not classes:
        changed["label_smoothing"] = ((0.0,), 0.0)
    augmentation = AUGMENTATION
    if sub_policies:
        followed = _with_choice(AUGMENTATION, "augmentation", "policy")
        augmentation = (*followed, *policy_settings(sub_policies))
    return (
        *(
            dataclasses.replace(one, choices=changed[one.name][0], default=changed[one.name][1])
            if one.name in changed
            else one
            for one in RECIPE
        ),
        *augmentation,
    )


def passes_of(pixels: int) -> float:
    """Return how often a picture of so many pixels may be trained on at effort 1, counted over all rows and epochs."""
    return PASSES / min(max(pixels / PIXELS, 1 / 16), 16.0)


def _with_choice(settings: tuple[Setting, ...], name: str, choice: Value) -> tuple[Setting, ...]:
    return tuple(
        dataclasses.replace(one, choices=(*one.choices, choice)) if one.name == name else one
        for one in settings
    )
