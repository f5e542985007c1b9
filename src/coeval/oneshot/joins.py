"""Which slots of an open architecture meet in one sum: what edge weights are shared out over (PC-DARTS)."""

from coeval.architecture.step import Architecture, Region
from coeval.component.choice import is_choice
from coeval.component.merge import ADD


def joined_slots(architecture: Architecture) -> tuple[tuple[int, ...], ...]:
    """Return the groups of two or more slots whose results are summed in one step, each group once.

    Xu et al. 2020 (arXiv:1907.05737, section 3.3) weigh the edges that enter a node by a softmax of their own.

    Args:
        architecture: With ``choice`` steps.
    """
    groups: dict[tuple[int, ...], None] = {}
    _collect(architecture.body, groups)
    return tuple(groups)


def _collect(region: Region, groups: dict[tuple[int, ...], None]) -> None:
    slots = {
        region.inputs + number: int(dict(step.settings)["slot"])
        for number, step in enumerate(region.steps)
        if is_choice(step.component)
    }
    for step in region.steps:
        met = tuple(dict.fromkeys(slots[one] for one in step.inputs if one in slots))
        if step.component.name == ADD.name and len(met) > 1:
            groups.setdefault(met)
        for inner in step.regions:
            _collect(inner, groups)
