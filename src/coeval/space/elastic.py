"""Elastic networks: all smaller versions of one architecture, which can share its weights.

Fewer features, fewer repetitions, smaller kernels (Yu et al. 2019, slimmable networks, arXiv:1812.08928; Cai et al. 2020,
once for all, arXiv:1908.09791, section 3). The versions are a space of slots like any other; that they can share weights is
``oneshot.elastic``'s business.
"""

import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

from coeval.architecture.component import Setting
from coeval.architecture.inference import infer
from coeval.architecture.step import Architecture, Region, Step
from coeval.architecture.types import Grid, describe
from coeval.component.region import REPEAT
from coeval.errors import SpaceError
from coeval.seed import generator
from coeval.space.choices import ChoiceSpace
from coeval.space.elastic_widths import Place, width_groups
from coeval.space.product import ProductSpace
from coeval.space.protocol import Candidate, CandidateSpace
from coeval.space.slots import Slot, SlotSpace

RATIOS = (0.25, 0.5, 0.75, 1.0)
"""Shares of the features (slimmable networks' own)."""
MULTIPLE = 4
"""Features are rounded to a multiple of it."""
LEAST_KERNEL = 3
DRAWS = 32


@dataclass(frozen=True, slots=True)
class Knob:
    """One decision: a setting of some steps.

    Attributes:
        name: Of the slot, such as ``"width 3.0.1"``.
        setting: ``"width"``, ``"times"`` or ``"kernel"``.
        places: The steps that have it, by their paths: step, region, step, …
        values: What it may be, ascending; the last is the largest architecture's.
    """

    name: str
    setting: str
    places: tuple[Place, ...]
    values: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Elastic:
    """The assembly of the smaller versions of an architecture.

    Attributes:
        largest: What all of them are cut from.
        knobs: What can be made smaller.
    """

    largest: Architecture
    knobs: tuple[Knob, ...]

    def assemble(self, picks: Sequence[int]) -> Architecture:
        """Return the version with one value for each knob, by its number."""
        settings = {
            (place, knob.setting): knob.values[pick]
            for knob, pick in zip(self.knobs, picks, strict=True)
            for place in knob.places
        }
        return Architecture(self.largest.inputs, _changed(self.largest.body, settings, ()))

    def parse(self, architecture: Architecture) -> tuple[int, ...] | None:
        """Return the values that an architecture seems to have; the asker checks by assembling them."""
        picks = []
        for knob in self.knobs:
            found = _step_at(architecture.body, knob.places[0])
            value = None if found is None else dict(found.settings).get(knob.setting)
            if value not in knob.values:
                return None
            picks.append(knob.values.index(int(value)))
        return tuple(picks)

    def space(self, part: str = "architecture") -> SlotSpace:
        """Return the versions as a space."""
        slots = tuple(Slot(one.name, tuple(map(str, one.values))) for one in self.knobs)
        return SlotSpace(slots, self, part)

    @property
    def sizes(self) -> tuple[int, ...]:
        """Return how many values each knob has."""
        return tuple([len(one.values) for one in self.knobs])

    @property
    def smallest(self) -> tuple[int, ...]:
        """Return the picks of the smallest version."""
        return (0,) * len(self.knobs)


def elastic(architecture: Architecture, ratios: Sequence[float] = RATIOS) -> Elastic:
    """Return what can be made smaller in an architecture, each on its own.

    Widths that must be equal, as around an addition, are one knob; those that a concatenation, a flattening or groups of
    features depend on stay as they are. Each repeat of two or more copies can have fewer, each convolution's kernel above
    3 can be smaller.

    Args:
        architecture: The largest version, without open choices.
        ratios: Shares of the features, of which those that make a legal network count.

    Raises:
        SpaceError: The architecture has open choices, or nothing in it can be smaller.
    """
    infer(architecture)
    knobs = [*_widths(architecture, ratios), *_others(architecture.body, ())]
    if not knobs:
        raise SpaceError(
            "Nothing in the architecture can be made smaller: it has no free widths, no repeats of two or more "
            "copies and no kernels above 3. Start from a larger network, such as a seed of the stages."
        )
    found = Elastic(architecture, tuple(knobs))
    infer(found.assemble(found.smallest))
    return found


def elastic_space(space: CandidateSpace, candidate: Candidate) -> ProductSpace:
    """Return the space of all smaller versions of a candidate's network.

    Its parts are ``architecture``, the whole network, and the candidate's settings: the preparation as it is, since it
    decides the images' size, all others as free as before.

    Args:
        space: The candidate's.
        candidate: Whose network is the largest.

    Raises:
        SpaceError: The network is not for images, or nothing in it can be smaller.
    """
    largest = space.architecture(candidate)
    if not isinstance(largest.inputs[0], Grid):
        raise SpaceError(
            f"Elastic networks are for images, got a network of {describe(largest.inputs[0])}. "
            "Take another strategy, such as evolution."
        )
    versions = elastic(largest)
    parts: dict[str, SlotSpace | ChoiceSpace] = {}
    for name, one in space.parts.items():
        if isinstance(one, ChoiceSpace):
            is_fixed = name == "preparation"
            parts[name] = _fixed(one, candidate.settings(name)) if is_fixed else one
    parts["architecture"] = versions.space()
    order = [name for name in (*space.parts, "architecture") if name in parts]
    named = {name: parts[name] for name in dict.fromkeys(order)}
    kept = {name: candidate.part(name) for name in named if name != "architecture"}
    whole = {**kept, "architecture": versions.largest}
    seed = Candidate(tuple((name, whole[name]) for name in named))
    return ProductSpace(named, named={"largest": seed})


def roomiest(space: CandidateSpace, draws: int = DRAWS) -> Candidate:
    """Return a member with much to make smaller: of the seeds and some draws the one with most kinds of knobs, then versions.

    Args:
        space: Its members' networks are compared.
        draws: How many members are drawn beside the seeds.

    Raises:
        SpaceError: Nothing can be smaller in any of them.
    """
    found: list[tuple[int, int, Candidate]] = []
    drawn = (space.sample(generator(0, "roomiest", number)) for number in range(draws))
    for candidate in itertools.chain(space.seeds().values(), drawn):
        try:
            knobs = elastic(space.architecture(candidate)).knobs
        except SpaceError:
            continue
        kinds = len({one.setting for one in knobs})
        found.append((kinds, math.prod(len(one.values) for one in knobs), candidate))
    if not found:
        raise SpaceError(
            "No network of this space has widths, repeats or kernels that could be smaller. "
            "Choose another space, such as the stages, or another strategy."
        )
    return max(found, key=lambda one: one[:2])[2]


def _fixed(space: ChoiceSpace, values: dict[str, bool | int | float | str]) -> ChoiceSpace:
    settings: list[Setting] = [
        replace(one, choices=(values[one.name],), default=values[one.name])
        for one in space.settings
    ]
    return replace(space, settings=tuple(settings))


def _widths(architecture: Architecture, ratios: Sequence[float]) -> list[Knob]:
    knobs = []
    for places in width_groups(architecture):
        step = _step_at(architecture.body, places[0])
        assert step is not None  # the groups are this architecture's
        most = int(step.setting("width"))
        wanted = {
            min(most, max(MULTIPLE, int(ratio * most / MULTIPLE + 0.5) * MULTIPLE))
            for ratio in ratios
        }
        values = tuple(
            [
                one
                for one in sorted(wanted | {most})
                if one == most or _fits(architecture, places, one)
            ]
        )
        if len(values) > 1:
            knobs.append(Knob(f"width {_text(places[0])}", "width", places, values))
    return knobs


def _fits(architecture: Architecture, places: Sequence[Place], width: int) -> bool:
    body = _changed(architecture.body, {(place, "width"): width for place in places}, ())
    try:
        infer(Architecture(architecture.inputs, body))
    except SpaceError:
        return False
    return True


def _others(region: Region, before: Place) -> list[Knob]:
    """Return the knobs of depth and kernel, in the order of the steps."""
    knobs = []
    for number, one in enumerate(region.steps):
        place, settings = (*before, number), dict(one.settings)
        if one.component == REPEAT and (times := int(settings["times"])) > 1:
            knobs.append(
                Knob(f"times {_text(place)}", "times", (place,), tuple(range(1, times + 1)))
            )
        kernel = int(settings.get("kernel", 0))
        if "convolution" in one.component.capabilities and kernel > LEAST_KERNEL and kernel % 2:
            sizes = tuple(range(LEAST_KERNEL, kernel + 1, 2))
            knobs.append(Knob(f"kernel {_text(place)}", "kernel", (place,), sizes))
        for inner, nested in enumerate(one.regions):
            knobs += _others(nested, (*place, inner))
    return knobs


def _changed(region: Region, settings: dict[tuple[Place, str], int], before: Place) -> Region:
    steps = []
    for number, one in enumerate(region.steps):
        place = (*before, number)
        changed = tuple(
            [(name, settings.get((place, name), value)) for name, value in one.settings]
        )
        regions = tuple(
            [_changed(each, settings, (*place, inner)) for inner, each in enumerate(one.regions)]
        )
        steps.append(Step(one.component, changed, one.inputs, regions))
    return Region(region.inputs, tuple(steps), region.output)


def _step_at(region: Region, place: Place) -> Step | None:
    """Return the step of a path, ``None`` where there is none."""
    number, *rest = place
    if number >= len(region.steps):
        return None
    step = region.steps[number]
    if not rest:
        return step
    inner, *deeper = rest
    return None if inner >= len(step.regions) else _step_at(step.regions[inner], tuple(deeper))


def _text(place: Place) -> str:
    return ".".join(map(str, place))
