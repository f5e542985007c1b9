"""Architectures as JSON, with a format number; reading takes the component set, so there is no registry."""

import dataclasses
from collections.abc import Mapping
from typing import Any

from coeval.architecture.component import Component, ComponentSet, Settings
from coeval.architecture.inference import infer
from coeval.architecture.step import Architecture, Region, Step
from coeval.architecture.types import (
    Columns,
    Grid,
    Scalar,
    Sequence,
    Set,
    Tokens,
    ValueType,
    Vector,
)
from coeval.errors import SpaceError, did_you_mean

FORMAT = 1
_TYPES: dict[str, type[Any]] = {
    one.__name__: one for one in (Scalar, Vector, Sequence, Grid, Set, Tokens, Columns)
}


def to_json(architecture: Architecture) -> dict[str, Any]:
    """Return the architecture as plain JSON values; ``from_json`` reads them back."""
    return {
        "format": FORMAT,
        "inputs": [type_to_json(one) for one in architecture.inputs],
        "body": region_to_json(architecture.body),
    }


def type_to_json(value: ValueType) -> dict[str, Any]:
    """Return a value type as plain JSON values."""
    fields: dict[str, Any] = {"type": type(value).__name__}
    for one in dataclasses.fields(value):
        fields[one.name] = getattr(value, one.name)
    if isinstance(value, Columns):
        fields["categories"] = list(value.categories)
        fields["texts"] = [type_to_json(text) for text in value.texts]
    return fields


def region_to_json(region: Region) -> dict[str, Any]:
    """Return a region as plain JSON values."""
    return {
        "inputs": region.inputs,
        "steps": [step_to_json(one) for one in region.steps],
        "output": region.output,
    }


def step_to_json(step: Step) -> dict[str, Any]:
    """Return a step as plain JSON values; empty settings and regions are left out."""
    fields: dict[str, Any] = {"component": step.component.name, "inputs": list(step.inputs)}
    if step.settings:
        fields["settings"] = dict(step.settings)
    if step.regions:
        fields["regions"] = [region_to_json(one) for one in step.regions]
    return fields


def from_json(value: Any, components: ComponentSet) -> Architecture:
    """Return the architecture that ``to_json`` wrote, checked in full.

    Args:
        value: Parsed JSON.
        components: The components that may occur, by name.

    Raises:
        SpaceError: Another format number; a missing or ill-typed field; an unknown component or
            setting; a setting, an index or a type that the rules do not allow. The message names the place.
    """
    fields = _object(value, "the architecture", {"format", "inputs", "body"})
    if fields["format"] != FORMAT:
        raise SpaceError(
            f"architecture format must be {FORMAT}, got {fields['format']!r}. "
            "It was written by another version of coeval; read it with that version."
        )
    inputs = tuple(
        type_from_json(one, f"inputs[{number}]")
        for number, one in enumerate(_list(fields["inputs"], "inputs"))
    )
    architecture = Architecture(inputs, region_from_json(fields["body"], components, "body"))
    infer(architecture)
    return architecture


def type_from_json(value: Any, where: str = "type") -> ValueType:
    """Return the value type that ``type_to_json`` wrote.

    Raises:
        SpaceError: The value does not describe a type.
    """
    name = value.get("type") if isinstance(value, dict) else None
    if not isinstance(name, str) or name not in _TYPES:
        hint = did_you_mean(name, _TYPES) if isinstance(name, str) else ""
        raise SpaceError(f"{where}: type must be one of {sorted(_TYPES)}, got {name!r}.{hint}")
    kind = _TYPES[name]
    names = [one.name for one in dataclasses.fields(kind)]
    fields = _object(value, where, {"type", *names})
    if kind is not Columns:
        counts = [_count(fields[one], f"{where}.{one}", least=1) for one in names]
        return kind(*counts)  # type: ignore[no-any-return]  # chosen by name
    texts = [
        type_from_json(one, f"{where}.texts[{number}]")
        for number, one in enumerate(_list(fields["texts"], f"{where}.texts"))
    ]
    if not all(isinstance(one, Tokens) for one in texts):
        raise SpaceError(f"{where}.texts must hold Tokens only.")
    codes = _list(fields["categories"], f"{where}.categories")
    return Columns(
        _count(fields["numeric"], f"{where}.numeric"),
        tuple(_count(one, f"{where}.categories[{n}]", least=1) for n, one in enumerate(codes)),
        tuple(one for one in texts if isinstance(one, Tokens)),
    )


def region_from_json(value: Any, components: ComponentSet, where: str = "region") -> Region:
    """Return the region that ``region_to_json`` wrote; indices are checked, types are not.

    Raises:
        SpaceError: The value does not describe a region over these components.
    """
    fields = _object(value, where, {"inputs", "steps", "output"})
    inputs = _count(fields["inputs"], f"{where}.inputs")
    steps = tuple(
        step_from_json(one, components, inputs + number, f"{where}.steps[{number}]")
        for number, one in enumerate(_list(fields["steps"], f"{where}.steps"))
    )
    output = _index(fields["output"], inputs + len(steps), f"{where}.output")
    return Region(inputs, steps, output)


def step_from_json(value: Any, components: ComponentSet, known: int, where: str = "step") -> Step:
    """Return the step that ``step_to_json`` wrote.

    Args:
        value: Parsed JSON.
        components: The components that may occur, by name.
        known: How many values stand before the step; it may refer to these.
        where: The place for messages.

    Raises:
        SpaceError: The value does not describe such a step.
    """
    fields = _object(value, where, {"component", "inputs"}, {"settings", "regions"})
    component = _component(fields["component"], components, where)
    settings = _settings(component, fields.get("settings", {}), where)
    references = tuple(
        _index(one, known, f"{where}.inputs") for one in _list(fields["inputs"], f"{where}.inputs")
    )
    regions = tuple(
        region_from_json(one, components, f"{where}.regions[{number}]")
        for number, one in enumerate(_list(fields.get("regions", []), f"{where}.regions"))
    )
    return Step(component, settings, references, regions)


def _component(name: Any, components: ComponentSet, where: str) -> Component:
    if isinstance(name, str) and name in components:
        return components[name]
    hint = did_you_mean(name, components) if isinstance(name, str) else ""
    raise SpaceError(
        f"{where}: component {name!r} is not in the given component set.{hint} "
        f"Known: {', '.join(components)}."
    )


def _settings(component: Component, value: Any, where: str) -> Settings:
    if not isinstance(value, dict):
        raise SpaceError(f"{where}.settings must be an object, got {_shown(value)}.")
    try:
        return component.complete(value)
    except SpaceError as error:
        raise SpaceError(f"{where}: {error}") from None


def _object(
    value: Any,
    where: str,
    required: set[str],
    optional: set[str] = frozenset(),  # type: ignore[assignment]
) -> Mapping[str, Any]:
    if not isinstance(value, dict):
        raise SpaceError(f"{where} must be an object, got {_shown(value)}.")
    missing, extra = sorted(required - set(value)), sorted(set(value) - required - optional)
    if missing:
        raise SpaceError(f"{where} lacks {missing}.")
    if extra:
        hint = did_you_mean(str(extra[0]), required | optional)
        raise SpaceError(f"{where} has unknown fields {extra}.{hint}")
    return value


def _list(value: Any, where: str) -> list[Any]:
    if not isinstance(value, list | tuple):
        raise SpaceError(f"{where} must be a list, got {_shown(value)}.")
    return list(value)


def _count(value: Any, where: str, least: int = 0) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or value < least:
        raise SpaceError(f"{where} must be a whole number >= {least}, got {_shown(value)}.")
    return value


def _index(value: Any, known: int, where: str) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value < known:
        raise SpaceError(
            f"{where} must refer to an earlier value, 0..{known - 1}, got {_shown(value)}."
        )
    return value


def _shown(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 60 else text[:57] + "..."
