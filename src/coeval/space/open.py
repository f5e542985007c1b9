"""Spaces of choices as one architecture that holds every option: what weight sharing trains.

``open_space`` builds it from any space whose decisions are slots; ``cut`` takes one member out again. Nothing here trains,
so strategies read slots and candidates without torch.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Protocol, runtime_checkable

from coeval.architecture.component import Component
from coeval.architecture.inference import infer
from coeval.architecture.step import Architecture, Region, Step
from coeval.component.choice import is_choice
from coeval.errors import SpaceError
from coeval.space.choices import ChoiceSpace
from coeval.space.elastic import Elastic
from coeval.space.protocol import Candidate, CandidateSpace, Space
from coeval.space.slots import Slot, SlotSpace
from coeval.space.template import placed


@runtime_checkable
class Opens(Protocol):
    """An assembly whose places can stay open, as a ``Template``'s can."""

    def open(self, first: int = 0) -> Architecture:
        """Return the architecture with a ``choice`` step in each place, the slots numbered from ``first`` on."""
        ...


@dataclass(frozen=True, slots=True)
class OpenSpace:
    """A space with all its decisions open.

    Attributes:
        slots: The decisions of all parts, in the parts' order; of several parts each is named ``part.slot``.
        architecture: The whole network with a ``choice`` step in every open place; of an elastic space the largest version.
        space: What was opened.
        base: Gives candidates the parts that no slot decides.
        versions: Of an elastic space what its slots change, else ``None``.
    """

    slots: tuple[Slot, ...]
    architecture: Architecture
    space: CandidateSpace
    base: Candidate
    versions: Elastic | None = None

    def picks(self, candidate: Candidate) -> tuple[int, ...]:
        """Return a candidate's option in every slot.

        Raises:
            SpaceError: The candidate is no member.
        """
        return tuple([pick for part in _opened(self.space) for pick in self._of(part, candidate)])

    def candidate(self, picks: Sequence[int]) -> Candidate:
        """Return the candidate of one option for each slot.

        Raises:
            SpaceError: A number is no option of its slot, or the options are not allowed together.
        """
        check_picks(picks, [len(one.options) for one in self.slots])
        parts: dict[str, Any] = dict(self.base.parts)
        start = 0
        for name, space in _opened(self.space).items():
            chosen = picks[start : start + len(space.slots)]
            options = [one.options[n] for one, n in zip(space.slots, chosen, strict=True)]
            parts[name] = space.assemble(options)
            start += len(space.slots)
        return Candidate(tuple((name, parts[name]) for name in self.space.parts))

    def network(self, picks: Sequence[int]) -> Architecture:
        """Return the whole network of one option for each slot, whether or not the options are allowed together.

        Raises:
            SpaceError: A number is no option of its slot.
        """
        if self.versions is None:
            return cut(self.architecture, picks)
        check_picks(picks, self.versions.sizes)
        return self.versions.assemble(picks)

    def _of(self, part: str, candidate: Candidate) -> list[int]:
        space = _opened(self.space)[part]
        genotype = candidate.part(part)
        if not isinstance(genotype, Architecture):
            raise SpaceError(f"The part {part!r} must be an architecture, got {genotype!r}.")
        names = space.choices(genotype)
        return [one.options.index(name) for one, name in zip(space.slots, names, strict=True)]


def open_space(space: CandidateSpace, base: Candidate | None = None) -> OpenSpace:
    """Return a space with every decision of its architecture open.

    Args:
        space: Its architecture's parts decide by slots, as the cells and chains of images and elastic networks do.
        base: What gives the other parts, such as the recipe; the first seed or else their defaults when not said.

    Raises:
        SpaceError: The space has no slots, a part's architectures are free sequences, or options of one slot give
            different types.
    """
    opened = _opened(space)
    given = base or _base(space)
    for one in opened.values():
        if isinstance(one.assembly, Elastic):
            return OpenSpace(one.slots, one.assembly.largest, space, given, one.assembly)
    parts: dict[str, Any] = dict(given.parts)
    slots: list[Slot] = []
    for name, one in opened.items():
        assembly = one.assembly
        if not isinstance(assembly, Opens):
            raise SpaceError(
                f"The part {name!r} cannot stay open: its options depend on each other, so that there is no one "
                f"network with all of them. {_which()}"
            )
        parts[name] = assembly.open(len(slots))
        slots += [replace(slot, name=_name(name, slot, len(opened))) for slot in one.slots]
    architecture = space.architecture(Candidate(tuple((name, parts[name]) for name in space.parts)))
    try:
        infer(architecture)
    except SpaceError as error:
        raise SpaceError(
            f"The space has no one network with all options: {error} {_which()}"
        ) from error
    return OpenSpace(tuple(slots), architecture, space, given)


def _which() -> str:
    from coeval.space.images import PRESETS  # noqa: PLC0415 - all presets, for an error message only

    names = ", ".join(name for name, one in PRESETS.items() if one.has_choices)
    return (
        f"Weight sharing needs a space of interchangeable options: of the presets for images {names}. "
        "Choose one of them, or for this space another strategy, such as evolution."
    )


def _opened(space: CandidateSpace) -> dict[str, SlotSpace]:
    """Return the parts that decide by slots."""
    found = {name: one for name, one in space.parts.items() if isinstance(one, SlotSpace)}
    free = [
        name for name, one in space.parts.items() if not isinstance(one, SlotSpace | ChoiceSpace)
    ]
    if free or not found:
        parts = ", ".join(f"{name} ({type(one).__name__})" for name, one in space.parts.items())
        raise SpaceError(
            f"Expected a space whose architecture is decided by choices, got one of free form: {parts}. {_which()}"
        )
    return found


def _base(space: CandidateSpace) -> Candidate:
    for seed in space.seeds().values():
        return seed
    return Candidate(tuple((name, _default(one)) for name, one in space.parts.items()))


def _default(space: Space[Any]) -> Any:
    if isinstance(space, ChoiceSpace):
        return space.default()
    assert isinstance(space, SlotSpace)  # ``_opened`` refused the others
    return next(iter(space))


def _name(part: str, slot: Slot, parts: int) -> str:
    return slot.name if parts == 1 else f"{part}.{slot.name}"


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a step of a cut region stood in the open one.

    Attributes:
        path: Its path there, through the choices around it: ``"3.2.0"`` is step 0 of option 2 of choice 3.
        bodies: The same for the steps of each of its regions.
        copies: How many modules are built of each region.
    """

    path: str
    bodies: tuple[tuple["Origin", ...], ...]
    copies: int


def cut(architecture: Architecture, picks: Sequence[int]) -> Architecture:
    """Return the architecture with one option in each open place, as the space itself would make it.

    Args:
        architecture: With ``choice`` steps.
        picks: Each slot's option, by its number.

    Raises:
        SpaceError: There are more or fewer slots, or a number is no option of its slot.
    """
    check_picks(picks, slot_sizes(architecture))
    return Architecture(architecture.inputs, _closed(architecture.body, picks)[0])


def weight_paths(architecture: Architecture, picks: Sequence[int]) -> dict[str, str]:
    """Return for each module path of the cut architecture the path of the same weights in the open one.

    Args:
        architecture: With ``choice`` steps.
        picks: As ``cut``.
    """
    return _paths(_closed(architecture.body, picks)[1], "", "")


def slot_sizes(architecture: Architecture) -> tuple[int, ...]:
    """Return how many options each slot of an open architecture has.

    Raises:
        SpaceError: There is no open place, or the places of one slot have different numbers of options.
    """
    found: dict[int, int] = {}
    for one in _choices(architecture.body):
        slot, options = int(one.setting("slot")), len(one.regions)
        if found.setdefault(slot, options) != options:
            raise SpaceError(
                f"The places of slot {slot} must have equally many options, got {found[slot]} and {options}."
            )
    if sorted(found) != list(range(len(found))) or not found:
        raise SpaceError(
            f"Expected an architecture with open places, their slots numbered from 0 on, got the slots {sorted(found)}. "
            "Make it with open_space(space)."
        )
    return tuple([found[slot] for slot in sorted(found)])


def check_picks(picks: Sequence[int], sizes: Sequence[int]) -> None:
    """Check that there is an option for each slot.

    Raises:
        SpaceError: There are more or fewer, or a number is no option of its slot.
    """
    if len(picks) != len(sizes):
        raise SpaceError(f"Expected one option for each of {len(sizes)} slots, got {len(picks)}.")
    for slot, (pick, size) in enumerate(zip(picks, sizes, strict=True)):
        if not 0 <= pick < size:
            raise SpaceError(f"Slot {slot} has the options 0..{size - 1}, got {pick}.")


def _choices(region: Region) -> list[Step]:
    found = []
    for one in region.steps:
        if is_choice(one.component):
            found.append(one)
        for inner in one.regions:
            found += _choices(inner)
    return found


def _closed(region: Region, picks: Sequence[int]) -> tuple[Region, tuple[Origin, ...]]:
    """Return a region with the chosen options written out in place of its choices, and where each step stood."""
    values = list(range(region.inputs))
    steps: list[Step] = []
    origins: list[Origin] = []
    for number, one in enumerate(region.steps):
        inputs = tuple([values[index] for index in one.inputs])
        if is_choice(one.component):
            pick = picks[int(one.setting("slot"))]
            inner, inside = _closed(one.regions[pick], picks)
            made, value = placed(inner, inputs, region.inputs + len(steps))
            steps += made
            origins += [replace(each, path=f"{number}.{pick}.{each.path}") for each in inside]
            values.append(value)
            continue
        bodies = [_closed(inner, picks) for inner in one.regions]
        values.append(region.inputs + len(steps))
        regions = tuple([inner for inner, _ in bodies])
        steps.append(Step(one.component, one.settings, inputs, regions))
        nested = tuple([inside for _, inside in bodies])
        origins.append(Origin(str(number), nested, _copies(one.component, one)))
    return Region(region.inputs, tuple(steps), values[region.output]), tuple(origins)


def _copies(component: Component, step: Step) -> int:
    return component.instances(dict(step.settings)) if component.instances else 1


def _paths(origins: Sequence[Origin], before: str, there: str) -> dict[str, str]:
    """Return path -> path of steps and all inside them, under a module's path here and there."""
    found: dict[str, str] = {}
    for number, one in enumerate(origins):
        here, old = f"{before}{number}", f"{there}{one.path}"
        found[here] = old
        for region, inside in enumerate(one.bodies):
            for copy in range(one.copies):
                body = region * one.copies + copy  # as ``build`` hands them to the lowering
                found |= _paths(inside, f"{here}.{body}.", f"{old}.{body}.")
    return found
