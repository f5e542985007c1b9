"""Partial channels: mixed operations that see one part of the features (PC-DARTS: Xu et al. 2020, arXiv:1907.05737).

A mixed step costs a fraction, and options with weights no longer have to learn before they can stand up to those without.
"""

from coeval.architecture.component import Value
from coeval.architecture.inference import Inference, infer
from coeval.architecture.step import Architecture, Region, Step
from coeval.architecture.types import Featured, Vector
from coeval.component.choice import CHOICE, partial_choice
from coeval.errors import SpaceError


def partial_channels(architecture: Architecture, share: int) -> Architecture:
    """Return an open architecture whose choices send one in ``share`` of the features through their options.

    The choices that can: those with one input on a domain whose options keep the number of features. Others, which
    choose among several inputs, say, stay as they are. Slots and their options are the same.

    Args:
        architecture: With ``choice`` steps.
        share: ``K`` of the paper, which takes 4.

    Raises:
        SpaceError: ``share`` is not at least 2, or does not divide the features of any choice.
    """
    if share < 2:
        raise SpaceError(f"share must be at least 2, got {share}. Leave it out for whole choices.")
    inference = infer(architecture)
    body = _region(architecture.body, inference, share)
    if body == architecture.body:
        raise SpaceError(
            f"No choice can send a {share}th of its features through its options: share must divide the features of "
            "a choice whose options keep them. Take another share, or more features."
        )
    changed = Architecture(architecture.inputs, body)
    infer(changed)
    return changed


def _region(region: Region, inference: Inference, share: int) -> Region:
    steps = []
    for number, one in enumerate(region.steps):
        nested = inference.nested[number]
        if one.component == CHOICE and _can_share(inference, number, share):
            options = tuple([_thinner(option, share) for option in one.regions])
            steps.append(Step(partial_choice(share), one.settings, one.inputs, options))
            continue
        inner = tuple(
            [_region(each, known, share) for each, known in zip(one.regions, nested, strict=True)]
        )
        steps.append(Step(one.component, one.settings, one.inputs, inner))
    return Region(region.inputs, tuple(steps), region.output)


def _can_share(inference: Inference, number: int, share: int) -> bool:
    given = inference.calls[number].inputs
    made = inference.types[len(inference.types) - len(inference.calls) + number]
    return (
        len(given) == 1
        and isinstance(given[0], Featured)
        and isinstance(made, Featured)
        and not isinstance(made, Vector)
        and made.features == given[0].features
        and made.features % share == 0
    )


def _thinner(region: Region, share: int) -> Region:
    """Return an option with every width divided."""
    return Region(
        region.inputs,
        tuple(
            [
                Step(
                    one.component,
                    tuple([(key, _part(key, value, share)) for key, value in one.settings]),
                    one.inputs,
                    tuple([_thinner(inner, share) for inner in one.regions]),
                )
                for one in region.steps
            ]
        ),
        region.output,
    )


def _part(name: str, value: Value, share: int) -> Value:
    return max(1, int(value) // share) if name == "width" else value
