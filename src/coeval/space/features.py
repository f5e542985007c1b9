"""Candidates as numbers for predictors: what their graphs are made of, and where their settings stand.

An architecture is described by the counts of Weisfeiler-Lehman labels (Shervashidze et al. 2011, JMLR 12:2539; for
architecture search Ru et al. 2021, arXiv:2006.07556, section 3) of its normal form, so that
architectures that compute the same have the same features. Two choices are ours, by measurement on NAS-Bench-201
(``docs/adr``): a label names the users of a value as well as its sources, and a map with the activation before it and
the norm behind it is one node, as a person would draw it.
"""

import functools
import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from coeval.architecture.component import Component, Settings
from coeval.architecture.normal import normalise
from coeval.architecture.step import Architecture, Region, Step
from coeval.space.protocol import Candidate, CandidateSpace

REMEMBERED = 16_384
"""Architectures, and labels, whose features are kept: a search meets the same ones again and again."""

Floats = npt.NDArray[np.float64]
Labels = npt.NDArray[np.uint64]


@dataclass(frozen=True, slots=True, eq=False)
class Features:
    """A candidate as a bag of labels and a vector, which a predictor may weigh apart.

    Attributes:
        labels: ``(labels,)`` hashes of the different labels of the architectures' graphs, rising.
        counts: ``(labels,)`` how often each occurs.
        numbers: What is no architecture, as the parts' spaces encode it; of one length for all members of a space.
            Costs of architectures are not among them: on NAS-Bench-201 the marginal likelihood overrates their
            smoothness, and the search took twice as many evaluations.
    """

    labels: Labels
    counts: Floats
    numbers: Floats


def features(space: CandidateSpace, candidate: Candidate) -> Features:
    """Return a candidate's features.

    Args:
        space: Whose parts encode what is no architecture.
        candidate: A member of the space.

    Raises:
        SpaceError: A part of the space does not encode its members; it says why.
    """
    found: list[Labels] = []
    numbers: list[npt.ArrayLike] = []
    parts: Mapping[str, Any] = space.parts
    for name, genotype in candidate.parts:
        if isinstance(genotype, Architecture):
            found.append(_hashes(genotype))
        else:
            numbers.append(parts[name].encode(genotype))
    bag = np.concatenate(found) if found else np.zeros(0, dtype=np.uint64)
    hashes, counts = np.unique(bag, return_counts=True)
    return Features(hashes, counts.astype(np.float64), np.concatenate([np.zeros(0), *numbers]))


def count_matrix(bags: Sequence[Features], vocabulary: Labels) -> Floats:
    """Return how often each label of a vocabulary occurs in each bag.

    Args:
        bags: One a row.
        vocabulary: ``(columns,)`` hashes of labels, rising; labels that it lacks are left out.

    Returns:
        ``(len(bags), columns)``; whole numbers, so that sums of their products are exact.
    """
    matrix = np.zeros((len(bags), len(vocabulary)))
    if not bags or not len(vocabulary):
        return matrix
    hashes = np.concatenate([one.labels for one in bags])
    rows = np.repeat(np.arange(len(bags)), [len(one.labels) for one in bags])
    places = np.minimum(np.searchsorted(vocabulary, hashes), len(vocabulary) - 1)
    known = vocabulary[places] == hashes
    matrix[rows[known], places[known]] = np.concatenate([one.counts for one in bags])[known]
    return matrix


def vocabulary_of(bags: Sequence[Features]) -> Labels:
    """Return the hashes of all labels that occur, rising."""
    empty = np.zeros(0, dtype=np.uint64)
    return np.unique(np.concatenate([empty, *(one.labels for one in bags)]))


def labels(architecture: Architecture) -> list[str]:
    """Return the labels of an architecture's normal form, as often as they occur.

    Each node gives two: its own (a component with its settings), and its own with those of its
    sources and of its users.

    Raises:
        SpaceError: The architecture is not legal.
    """
    return _labels(normalise(architecture))


@functools.lru_cache(maxsize=REMEMBERED)
def _hashes(architecture: Architecture) -> Labels:
    return np.array([_hash(label) for label in labels(architecture)], dtype=np.uint64)


@functools.lru_cache(maxsize=REMEMBERED)
def _hash(label: str) -> int:
    return int.from_bytes(hashlib.blake2b(label.encode(), digest_size=8).digest(), "big")


@dataclass(slots=True)
class _Graph:
    """Nodes by number: their labels, and the nodes that each takes."""

    names: list[str] = field(default_factory=list)
    sources: list[tuple[int, ...]] = field(default_factory=list)

    def add(self, name: str, sources: Iterable[int] = ()) -> int:
        self.names.append(name)
        self.sources.append(tuple(sources))
        return len(self.names) - 1


@dataclass(frozen=True, slots=True)
class _Value:
    """The result of a step: the node that made it, and the activations applied since."""

    node: int
    applied: str = ""


def _labels(normal: Architecture) -> list[str]:
    graph = _Graph()
    inputs = [_Value(graph.add("input")) for _ in normal.inputs]
    _use(graph, "output", [_region(graph, normal.body, inputs)])
    users: list[list[str]] = [[] for _ in graph.names]
    for name, sources in zip(graph.names, graph.sources, strict=True):
        for source in sources:
            users[source].append(name)
    wide = [
        f"{name}<{','.join(sorted(graph.names[one] for one in sources))}>{','.join(sorted(users[node]))}"
        for node, (name, sources) in enumerate(zip(graph.names, graph.sources, strict=True))
    ]
    return [*graph.names, *wide]


def _region(graph: _Graph, region: Region, inputs: list[_Value]) -> _Value:
    """Add a region's steps to the graph and return its result."""
    uses = [0] * (region.inputs + len(region.steps))
    for index in (region.output, *(index for one in region.steps for index in one.inputs)):
        uses[index] += 1
    values = list(inputs)
    for one in region.steps:
        taken = [values[index] for index in one.inputs]
        if _is_activation(one.component):
            before = taken[0]
            values.append(_Value(before.node, f"{before.applied}{_name(one)};"))
        elif _is_norm(one.component) and uses[one.inputs[0]] == 1 and not taken[0].applied:
            graph.names[taken[0].node] += f";{_name(one)}"
            values.append(taken[0])
        else:
            # A nested region reads what its step reads; the step then takes the region's result too.
            inner = [_region(graph, body, _entered(graph, body, taken)) for body in one.regions]
            values.append(_use(graph, _name(one), [*taken, *inner]))
    return values[region.output]


def _entered(graph: _Graph, body: Region, taken: list[_Value]) -> list[_Value]:
    """Return a nested region's inputs: what the step takes where that fits, else nodes of their own."""
    if body.inputs == len(taken):
        return taken
    sources = [one.node for one in taken]
    return [_Value(graph.add("region", sources)) for _ in range(body.inputs)]


def _use(graph: _Graph, name: str, taken: list[_Value]) -> _Value:
    """Add a node; its label begins with the activations that were applied to what it takes."""
    applied = "+".join(sorted(one.applied for one in taken if one.applied))
    return _Value(graph.add(applied + name, [one.node for one in taken]))


def _name(step: Step) -> str:
    settings: Settings = step.settings
    shown = ",".join(f"{name}={value}" for name, value in settings)
    return f"{step.component.name}({shown})" if shown else step.component.name


def _is_activation(component: Component) -> bool:
    """Return whether it works on each feature alone and keeps the domain: activations, dropout, scales."""
    others = {"pooling", "convolution", "normalising", "projection", "zero"}
    return "equivariant" in component.capabilities and not others & component.capabilities


def _is_norm(component: Component) -> bool:
    return "normalising" in component.capabilities
