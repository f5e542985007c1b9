"""From what a user names to facts: names, components of the library, own components, own facts."""

from collections.abc import Iterable

from coeval.architecture.component import Component
from coeval.component.library import IMAGE, SCALAR, TABULAR
from coeval.errors import SpaceError, did_you_mean
from coeval.universality.capability import Facts
from coeval.universality.facts import component_facts
from coeval.universality.known import ALIASES, outside
from coeval.universality.library_facts import inside

Named = str | Component | Facts
"""What the audit takes for one component."""


def resolve(items: Iterable[Named]) -> tuple[Facts, ...]:
    """Return the facts of each item, in the given order, every name once.

    Args:
        items: Names (of the library, or known to the audit besides), components, or facts as they are.

    Raises:
        SpaceError: There is no item, a name is unknown, or two items of one name differ.
    """
    found: dict[str, Facts] = {}
    for item in items:
        facts = facts_of(item)
        if found.setdefault(facts.name, facts) != facts:
            raise SpaceError(
                f"component names must be unique, got two different {facts.name!r}. Rename one of them."
            )
    if not found:
        raise SpaceError(
            "expected at least one component to audit, got none. Name some, for example linear,relu,repeat."
        )
    return tuple(found.values())


def facts_of(item: Named) -> Facts:
    """Return the facts of one item.

    Args:
        item: A name, a component, or facts, which are returned as they are.

    Raises:
        SpaceError: The name is unknown.

    Example:
        >>> facts_of("relu").summary
        'max(x, 0).'
    """
    if isinstance(item, Facts):
        return item
    if isinstance(item, Component):
        return _of_component(item)
    name = item.strip().lower().replace("-", "_")
    name = ALIASES.get(name, name)
    if name in outside():
        return outside()[name]
    component = TABULAR.get(name) or SCALAR.get(name) or IMAGE.get(name)
    if component is None:
        raise SpaceError(
            f"expected the name of a component, got {item!r}.{did_you_mean(name, known_names())} "
            "coeval audit --list names them all; an own component can be audited from Python."
        )
    return _of_component(component)


def known_names() -> tuple[str, ...]:
    """Return every name that can be audited, in alphabetical order, aliases left out."""
    return tuple(sorted({*outside(), *TABULAR, *SCALAR, *IMAGE}))


def _of_component(component: Component) -> Facts:
    refined = inside().get(component.numeric or component.lowering)
    if refined is None:
        return component_facts(component)
    return Facts(
        component.name,
        component.summary,
        refined.grants,
        refined.guarantees,
        refined.activation,
        refined.note,
    )
