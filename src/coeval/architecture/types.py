"""Value types: a feature axis on a domain. The batch axis is implicit everywhere.

Channel components (linear, norm, activation) act on ``features`` and lift over any domain; mixing
components act on the domain; changing the domain is always an explicit step.
"""

import dataclasses
import math
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Scalar:
    """One number an example: the value type of the numeric backend."""


@dataclass(frozen=True, slots=True)
class Vector:
    """``(features,)``."""

    features: int


@dataclass(frozen=True, slots=True)
class Sequence:
    """``(length, features)``, ordered."""

    length: int
    features: int


@dataclass(frozen=True, slots=True)
class Grid:
    """``(height, width, features)``."""

    height: int
    width: int
    features: int


@dataclass(frozen=True, slots=True)
class Set:
    """``(size, features)``, unordered."""

    size: int
    features: int


@dataclass(frozen=True, slots=True)
class Tokens:
    """``(length,)`` integers in ``0..vocabulary - 1``; 0 is padding."""

    length: int
    vocabulary: int


@dataclass(frozen=True, slots=True)
class Columns:
    """A prepared table row.

    As tensors it is a triple: ``numeric`` ``(numeric,)`` float32, finite; ``codes``
    ``(len(categories),)`` int64, the j-th in ``0..categories[j] - 1`` with 0 = rare or unseen;
    ``tokens`` int64, the token columns' ids side by side, ``(sum of lengths,)``.
    """

    numeric: int
    categories: tuple[int, ...] = ()
    texts: tuple[Tokens, ...] = ()


ValueType = Scalar | Vector | Sequence | Grid | Set | Tokens | Columns
Featured = Vector | Sequence | Grid | Set


def positions(value: Featured) -> int:
    """Return how many positions the domain has (1 for a vector)."""
    match value:
        case Vector():
            return 1
        case Sequence(length=n) | Set(size=n):
            return n
        case Grid(height=h, width=w):
            return h * w


def elements(value: ValueType) -> int:
    """Return how many numbers one example of this type holds."""
    match value:
        case Scalar():
            return 1
        case Tokens(length=n):
            return n
        case Columns(numeric=n, categories=c, texts=t):
            return n + len(c) + sum(text.length for text in t)
        case _:
            return positions(value) * value.features


def with_features(value: Featured, features: int) -> Featured:
    """Return the same domain with another feature axis."""
    return dataclasses.replace(value, features=features)


def describe(value: ValueType) -> str:
    """Return the type as a person reads it, such as ``Vector(64)``."""
    match value:
        case Columns(numeric=n, categories=c, texts=t):
            return f"Columns({n} numeric, {len(c)} categorical, {len(t)} text)"
        case _:
            inside = ", ".join(
                str(getattr(value, field.name)) for field in dataclasses.fields(value)
            )
            return f"{type(value).__name__}({inside})" if inside else type(value).__name__


def shape(value: Featured) -> tuple[int, ...]:
    """Return the tensor shape of one example, features last."""
    sizes = tuple(getattr(value, field.name) for field in dataclasses.fields(value))
    assert math.prod(sizes) == elements(value)
    return sizes
