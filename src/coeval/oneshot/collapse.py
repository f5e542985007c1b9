"""Whether a search collapsed: which options of a slot are skips or nothing at all, and what share of a path they are.

Architecture gradients are published to favour skip connections, which train fastest, until nothing else is left (Zela
et al. 2020, arXiv:1909.09656; on NAS-Bench-201 first-order DARTS ends in skips alone, Dong & Yang 2020, table 5).
"""

from collections.abc import Iterator, Sequence

from coeval.architecture.step import Architecture, Region, Step
from coeval.component.channel import IDENTITY
from coeval.component.choice import is_choice

COLLAPSED = 0.5
"""Share of a path's slots beyond which skips are called a collapse."""


def skip_options(architecture: Architecture) -> tuple[frozenset[int], ...]:
    """Return for each slot of an open architecture the numbers of the options that hand on their input as it is.

    Args:
        architecture: With ``CHOICE`` steps.
    """
    found: dict[int, frozenset[int]] = {}
    for step in choice_steps(architecture.body):
        slot = int(dict(step.settings)["slot"])
        skips = {number for number, one in enumerate(step.regions) if _is_skip(one)}
        found[slot] = found.get(slot, frozenset(skips)) & skips
    return tuple([found[slot] for slot in sorted(found)])


def share_of_skips(skips: Sequence[frozenset[int]], picks: Sequence[int]) -> float:
    """Return the share of slots whose option is a skip, among the slots that offer one.

    Args:
        skips: As ``skip_options`` returns them; none where the slots are no choices between operations.
        picks: The option of each slot.
    """
    if not skips:
        return 0.0
    offered = [pick in own for own, pick in zip(skips, picks, strict=True) if own]
    return sum(offered) / len(offered) if offered else 0.0


def choice_steps(region: Region) -> Iterator[Step]:
    """Yield the choices of a region, nested ones too."""
    for step in region.steps:
        if is_choice(step.component):
            yield step
        for one in step.regions:
            yield from choice_steps(one)


def _is_skip(region: Region) -> bool:
    return all(step.component.name == IDENTITY.name for step in region.steps)
