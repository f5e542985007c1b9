"""The components of a sequence, sorted by what they do to the width of the value they are applied to."""

import itertools
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum

from coeval.architecture.component import Component, Settings, Value
from coeval.errors import SpaceError

LADDER = (16, 32, 64, 96, 128, 192, 256, 384, 512)
"""Widths that a trunk may take."""


class Role(StrEnum):
    """What a component does in a sequence."""

    SETTER = "setters"
    KEEPER = "keepers"
    MERGE = "merges"
    JOIN = "joins"
    REGION = "regions"


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """What a trunk may be made of.

    Attributes:
        ladder: Widths, rising.
        setters: Components whose setting ``width`` is the width of their result (linear).
        keepers: Components of one input that keep the width.
        merges: Components of two inputs of equal width.
        joins: Components of two inputs whose widths add up.
        regions: Components with one nested sequence that keeps the width.
        variants: For each component's name its allowed settings, without those that make it an
            identity and with settings that have no effect at their default. A setter's hold
            the ladder's first width, which each use replaces.
        kinds: For each component's name its group.
        allowed: ``variants`` as sets.
    """

    ladder: tuple[int, ...]
    setters: tuple[Component, ...]
    keepers: tuple[Component, ...]
    merges: tuple[Component, ...]
    joins: tuple[Component, ...]
    regions: tuple[Component, ...]
    variants: Mapping[str, tuple[Settings, ...]]
    kinds: Mapping[str, Role]
    allowed: Mapping[str, frozenset[Settings]]

    def default(self, component: Component) -> Settings:
        """Return the component's default settings, or its first variant where the default is excluded."""
        variants = self.variants[component.name]
        given = tuple(
            (one.name, self.ladder[0] if one.name == "width" else one.default)
            for one in component.settings
        )
        return given if given in variants else variants[0]

    def named(self, name: str) -> Component | None:
        """Return the component of a name, or ``None``."""
        if name not in self.kinds:
            return None
        group: tuple[Component, ...] = getattr(self, self.kinds[name])
        return next(one for one in group if one.name == name)


def vocabulary(
    components: Iterable[Component],
    ladder: tuple[int, ...] = LADDER,
    choices: Mapping[str, tuple[Value, ...]] | None = None,
) -> Vocabulary:
    """Sort components into a vocabulary.

    Args:
        components: Those of the trunk; entries and heads do not belong here.
        ladder: Widths, rising.
        choices: Narrower choices, by ``"component.setting"``.

    Raises:
        SpaceError: A component takes part in no kind of step, or nothing sets a width.
    """
    groups: dict[Role, list[Component]] = {role: [] for role in Role}
    variants: dict[str, tuple[Settings, ...]] = {}
    for one in components:
        groups[_role(one)].append(one)
        narrowed = dict(choices or {})
        if any(setting.name == "width" for setting in one.settings):
            narrowed[f"{one.name}.width"] = ladder[:1]
        variants[one.name] = settings_of(one, narrowed)
    if not groups[Role.SETTER] or not groups[Role.KEEPER] or not ladder:
        raise SpaceError(
            "A trunk needs a component that sets a width (linear), one that keeps it, and a ladder of widths."
        )
    return Vocabulary(
        tuple(sorted(set(ladder))),
        **{str(role): tuple(group) for role, group in groups.items()},
        variants=variants,
        kinds={one.name: role for role, group in groups.items() for one in group},
        allowed={name: frozenset(settings) for name, settings in variants.items()},
    )


def settings_of(
    component: Component, choices: Mapping[str, tuple[Value, ...]] | None = None
) -> tuple[Settings, ...]:
    """Return all distinct settings of a component: none that make it an identity, idle ones at their default."""
    narrowed = choices or {}
    values = [narrowed.get(f"{component.name}.{s.name}", s.choices) for s in component.settings]
    found: dict[Settings, None] = {}
    for combination in itertools.product(*values):
        given = {s.name: v for s, v in zip(component.settings, combination, strict=True)}
        relevant = given.keys() if component.relevant is None else component.relevant(given)
        if component.identity_when is not None and component.identity_when(given):
            continue
        found[
            tuple(
                (s.name, given[s.name] if s.name in relevant else s.default)
                for s in component.settings
            )
        ] = None
    return tuple(found)


def _role(component: Component) -> Role:
    least, most = component.arity
    if component.regions == 1:
        return Role.REGION
    if component.regions == 0 and (least, most) == (1, 1):
        widths = any(one.name == "width" for one in component.settings)
        return Role.SETTER if widths else Role.KEEPER
    if component.regions == 0 and least <= 2 and (most is None or most >= 2):
        return Role.MERGE if component.commutative else Role.JOIN
    raise SpaceError(
        f"A trunk's component takes one input, two inputs, or holds one region; "
        f"{component.name!r} takes {least}..{most} inputs and holds {component.regions} regions."
    )
