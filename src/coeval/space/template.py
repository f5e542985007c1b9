"""Templates: an architecture with open places, and what may stand in each.

A template is plain data: its fixed steps, its slots, and for every option of a slot a region over the values that the slot
is given. So the same slots that a search chooses from can be read by whoever builds all options at once.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

from coeval.architecture.step import Architecture, Region, Step
from coeval.architecture.types import ValueType
from coeval.component.choice import CHOICE
from coeval.errors import SpaceError

_Key = tuple[int, int, int, tuple[int, ...]]  # item, option, step of the option, references


@dataclass(frozen=True, slots=True)
class Option:
    """What may stand in a slot: a name, and a region over the values that the slot is given."""

    name: str
    region: Region


@dataclass(frozen=True, slots=True)
class Use:
    """A place where a slot stands.

    Attributes:
        slot: The slot's number. Several places may share one, and then always hold the same option.
        inputs: Values of the template, as ``Template.items`` counts.
    """

    slot: int
    inputs: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Template:
    """An architecture with open places.

    Attributes:
        inputs: Types of the inputs.
        options: For each slot what may stand there.
        items: Steps and places in order. Each makes one value; values count from the inputs on, as in a region.
        output: The value that is the result.

    Raises:
        SpaceError: A place names a slot that is not there, or an option takes another number of values than
            its place gives.
    """

    inputs: tuple[ValueType, ...]
    options: tuple[tuple[Option, ...], ...]
    items: tuple[Step | Use, ...]
    output: int
    _steps: dict[_Key, Step] = field(
        default_factory=dict, init=False, repr=False, compare=False
    )  # one object for equal steps: a whole space of architectures stays small

    def __post_init__(self) -> None:
        for number, item in enumerate(self.items):
            if not isinstance(item, Use):
                continue
            if not 0 <= item.slot < len(self.options):
                raise SpaceError(
                    f"item {number} must use a slot in 0..{len(self.options) - 1}, got {item.slot}."
                )
            for option in self.options[item.slot]:
                if option.region.inputs != len(item.inputs):
                    raise SpaceError(
                        f"option {option.name!r} takes {option.region.inputs} values, but item {number} "
                        f"gives {len(item.inputs)}."
                    )

    def assemble(self, picks: tuple[int, ...]) -> Architecture:
        """Return the architecture of one option for each slot, given by their numbers."""
        values = list(range(len(self.inputs)))
        steps: list[Step] = []
        for number, item in enumerate(self.items):
            local = [values[index] for index in item.inputs]
            region, pick = self._content(item, picks)
            for place, one in enumerate(region.steps):
                references = tuple([local[index] for index in one.inputs])
                local.append(len(self.inputs) + len(steps))
                steps.append(self._placed((number, pick, place, references), one))
            values.append(local[region.output])
        return Architecture(
            self.inputs, Region(len(self.inputs), tuple(steps), values[self.output])
        )

    def open(self, first: int = 0) -> Architecture:
        """Return the architecture with all places still open: a ``choice`` step wherever an option would stand.

        Args:
            first: Number of the first slot, where other templates' slots come before.
        """
        steps = tuple(
            Step(
                CHOICE,
                CHOICE.complete({"slot": first + item.slot}),
                item.inputs,
                tuple(one.region for one in self.options[item.slot]),
            )
            if isinstance(item, Use)
            else item
            for item in self.items
        )
        return Architecture(self.inputs, Region(len(self.inputs), steps, self.output))

    def parse(self, architecture: Architecture) -> tuple[int, ...] | None:
        """Return the options that an architecture seems to be made of, or ``None`` if it is surely of another kind.

        Steps are compared by component and settings, in order; where several options agree, the longest is taken. Whoever
        asks must assemble the answer and compare.
        """
        picks = [-1] * len(self.options)
        steps = architecture.body.steps
        position = 0
        for item in self.items:
            if not isinstance(item, Use):
                position += 1
                continue
            if picks[item.slot] < 0:
                picks[item.slot] = _longest(self.options[item.slot], steps, position)
                if picks[item.slot] < 0:
                    return None
            position += len(self.options[item.slot][picks[item.slot]].region.steps)
        return tuple(picks) if position == len(steps) and min(picks, default=0) >= 0 else None

    def _content(self, item: Step | Use, picks: tuple[int, ...]) -> tuple[Region, int]:
        """Return a region over the item's inputs, and which option it is (-1: a fixed step)."""
        if isinstance(item, Use):
            pick = picks[item.slot]
            return self.options[item.slot][pick].region, pick
        count = len(item.inputs)
        alone = Step(item.component, item.settings, tuple(range(count)), item.regions)
        return Region(count, (alone,), count), -1

    def _placed(self, key: _Key, step: Step) -> Step:
        found = self._steps.get(key)
        if found is None:
            found = Step(step.component, step.settings, key[-1], step.regions)
            self._steps[key] = found
        return found


def placed(region: Region, given: Sequence[int], first: int) -> tuple[tuple[Step, ...], int]:
    """Return a region's steps as steps of a surrounding sequence, and the value that holds its result.

    Args:
        region: What is written out.
        given: The surrounding values that stand for its inputs.
        first: The index that its first step's result gets there.
    """
    values = [*given, *range(first, first + len(region.steps))]
    steps = [
        Step(one.component, one.settings, tuple([values[n] for n in one.inputs]), one.regions)
        for one in region.steps
    ]
    return tuple(steps), values[region.output]


def _longest(options: Sequence[Option], steps: Sequence[Step], position: int) -> int:
    """Return the number of the longest option that the steps from a position on begin with; -1 for none."""
    best, length = -1, -1
    for number, option in enumerate(options):
        wanted = option.region.steps
        if len(wanted) > length and _begins(steps, position, wanted):
            best, length = number, len(wanted)
    return best


def _begins(steps: Sequence[Step], position: int, wanted: Sequence[Step]) -> bool:
    if position + len(wanted) > len(steps):
        return False
    for offset, one in enumerate(wanted):
        step = steps[position + offset]
        if step.component.name != one.component.name or step.settings != one.settings:
            return False
    return True
