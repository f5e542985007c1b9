"""A space of named choices, such as a preparation's or a recipe's. A genotype is a tuple of (name, value)."""

import itertools
import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from coeval.architecture.component import Setting, Settings, Value
from coeval.architecture.step import Architecture
from coeval.errors import SpaceError, did_you_mean
from coeval.space.protocol import Candidate, Child, Move


def adjacent(setting: Setting, value: Value) -> tuple[Value, ...]:
    """Return the values one step away: the ladder's neighbours of a number, every other choice of a name.

    Example:
        >>> adjacent(Setting("rate", (0.0, 0.1, 0.2), 0.1), 0.1)
        (0.0, 0.2)
    """
    others = tuple(one for one in setting.choices if one != value)
    if isinstance(value, bool | str):
        return others
    below = [one for one in others if not isinstance(one, str) and one < value]
    above = [one for one in others if not isinstance(one, str) and one > value]
    return (*below[-1:], *above[:1])


@dataclass(frozen=True, slots=True)
class ChoiceSpace:
    """Every combination of the settings' choices.

    Attributes:
        settings: In the order in which they are decided; ``choices`` of numbers stand in rising order.
        part: The name that moves carry.
    """

    settings: tuple[Setting, ...]
    part: str = ""

    def __post_init__(self) -> None:
        for one in self.settings:
            if not one.choices:
                raise SpaceError(f"Setting {one.name!r} needs at least one choice, got none.")
        names = [one.name for one in self.settings]
        if len(set(names)) != len(names):
            raise SpaceError(f"Settings need different names, got {names}.")

    def default(self, **values: Value) -> Settings:
        """Return the defaults with some values replaced.

        Raises:
            SpaceError: A name is unknown or a value is not among the choices.
        """
        names = [one.name for one in self.settings]
        for name in values:
            if name not in names:
                raise SpaceError(
                    f"Expected settings {names}, got {name!r}.{did_you_mean(name, names)}"
                )
        genotype = tuple((one.name, values.get(one.name, one.default)) for one in self.settings)
        self._check(genotype)
        return genotype

    def sample(self, rng: np.random.Generator) -> Settings:
        """Draw every setting uniformly from its choices."""
        return tuple(
            (one.name, one.choices[int(rng.integers(len(one.choices)))]) for one in self.settings
        )

    def mutate(self, genotype: Settings, rng: np.random.Generator) -> Child[Settings]:
        """Return a neighbour: one setting stepped, each setting being equally likely."""
        given = dict(genotype)
        steps = [(one, adjacent(one, given[one.name])) for one in self.settings]
        steps = [(one, values) for one, values in steps if values]
        if not steps:
            return Child(genotype, ())
        setting, values = steps[int(rng.integers(len(steps)))]
        return self._step(genotype, setting, values[int(rng.integers(len(values)))])

    def cross(self, first: Settings, second: Settings, rng: np.random.Generator) -> Child[Settings]:
        """Return a uniform crossover: each differing setting comes from either parent with equal chance."""
        other = dict(second)
        child: list[tuple[str, Value]] = []
        moves: list[Move] = []
        for name, value in first:
            take = value != other[name] and rng.random() < 0.5
            child.append((name, other[name] if take else value))
            if take:
                moves.append(
                    Move("cross", self.part, name, detail=f"{name} {value} -> {other[name]}")
                )
        return Child(tuple(child), tuple(moves))

    def neighbours(self, genotype: Settings) -> Iterator[Child[Settings]]:
        """Yield every genotype one step away, in the settings' order."""
        given = dict(genotype)
        for one in self.settings:
            for value in adjacent(one, given[one.name]):
                yield self._step(genotype, one, value)

    def decisions(self, prefix: tuple[int, ...]) -> tuple[str, ...]:
        """Return the choices of the setting that comes after the prefix, as text."""
        self._check_prefix(prefix)
        if len(prefix) == len(self.settings):
            return ()
        one = self.settings[len(prefix)]
        return tuple(f"{one.name}={value}" for value in one.choices)

    def decide(self, prefix: tuple[int, ...]) -> Settings:
        """Return the genotype of a complete prefix."""
        self._check_prefix(prefix)
        if len(prefix) != len(self.settings):
            raise SpaceError(
                f"Expected {len(self.settings)} decisions, got {len(prefix)}; "
                f"the next is {self.settings[len(prefix)].name!r}."
            )
        return tuple(
            (one.name, one.choices[index]) for one, index in zip(self.settings, prefix, strict=True)
        )

    def size(self) -> int:
        """Return the product of the numbers of choices."""
        return math.prod(len(one.choices) for one in self.settings)

    def __iter__(self) -> Iterator[Settings]:
        """Yield all genotypes in the order of their decisions."""
        for values in itertools.product(*(one.choices for one in self.settings)):
            yield tuple((one.name, value) for one, value in zip(self.settings, values, strict=True))

    def contains(self, genotype: Settings) -> bool:
        """Return whether it has exactly the settings, in order, each with one of its choices."""
        return len(genotype) == len(self.settings) and all(
            name == one.name and _among(one, value)
            for (name, value), one in zip(genotype, self.settings, strict=True)
        )

    def encode(self, genotype: Settings) -> np.ndarray:
        """Return one number in 0..1 for a numeric setting (its place on the ladder), a one-hot for a name."""
        numbers: list[float] = []
        for (_, value), one in zip(genotype, self.settings, strict=True):
            if all(isinstance(choice, str) for choice in one.choices):
                numbers += [float(choice == value) for choice in one.choices]
            else:
                numbers.append(one.choices.index(value) / max(1, len(one.choices) - 1))
        return np.array(numbers, dtype=np.float64)

    def to_json(self, genotype: Settings) -> dict[str, Value]:
        """Return name -> value."""
        return dict(genotype)

    def from_json(self, value: Any) -> Settings:
        """Return the genotype that ``to_json`` wrote; the order of names does not matter."""
        if not isinstance(value, Mapping):
            raise SpaceError(f"Expected settings as a JSON object, got {type(value).__name__}.")
        names = [one.name for one in self.settings]
        if set(value) != set(names):
            missing = sorted(set(names) - set(value))
            unknown = sorted(set(value) - set(names))
            raise SpaceError(f"Expected settings {names}; missing {missing}, unknown {unknown}.")
        genotype = tuple((name, value[name]) for name in names)
        self._check(genotype)
        return genotype

    def _step(self, genotype: Settings, setting: Setting, value: Value) -> Child[Settings]:
        old = dict(genotype)[setting.name]
        child = tuple((name, value if name == setting.name else v) for name, v in genotype)
        return Child(
            child,
            (Move("step", self.part, setting.name, detail=f"{setting.name} {old} -> {value}"),),
        )

    def _check(self, genotype: Settings) -> None:
        for (name, value), one in zip(genotype, self.settings, strict=True):
            if not _among(one, value):
                raise SpaceError(f"{name} must be one of {list(one.choices)}, got {value!r}.")

    def _check_prefix(self, prefix: tuple[int, ...]) -> None:
        if len(prefix) > len(self.settings):
            raise SpaceError(f"Expected at most {len(self.settings)} decisions, got {len(prefix)}.")
        for one, index in zip(self.settings, prefix, strict=False):
            if not 0 <= index < len(one.choices):
                raise SpaceError(
                    f"Decision {one.name!r} has options 0..{len(one.choices) - 1}, got {index}."
                )


def _among(setting: Setting, value: object) -> bool:
    return any(value == one and type(value) is type(one) for one in setting.choices)


def by_default(
    preparation: ChoiceSpace, architecture: Architecture, recipe: ChoiceSpace
) -> Candidate:
    """Return the candidate of an architecture that takes the defaults of preparation and recipe."""
    return Candidate(
        (
            ("preparation", preparation.default()),
            ("architecture", architecture),
            ("recipe", recipe.default()),
        )
    )
