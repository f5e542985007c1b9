"""Blocks that people build networks of, written in a vocabulary: material for sampling, moves and seeds."""

from dataclasses import dataclass

import numpy as np

from coeval.architecture.component import Component, Settings
from coeval.space.grammar import with_width
from coeval.space.plan import Node, Nodes
from coeval.space.vocabulary import Vocabulary

MOTIFS = ("dense", "layer", "residual", "gated")


@dataclass(frozen=True, slots=True)
class Style:
    """What the blocks of one network share: activation, normalisation and dropout, each if any."""

    activation: Node | None
    norm: Node | None = None
    dropout: Node | None = None


def activations(words: Vocabulary) -> tuple[Component, ...]:
    """Return the keepers that bend each number by itself."""
    return tuple(
        one
        for one in words.keepers
        if "nonpolynomial" in one.capabilities and not one.capabilities & {"normalising", "gating"}
    )


def norms(words: Vocabulary) -> tuple[Component, ...]:
    """Return the keepers that normalise."""
    return tuple(one for one in words.keepers if "normalising" in one.capabilities)


def linear(words: Vocabulary, width: int) -> Node:
    """Return the vocabulary's first setter at a width."""
    component = words.setters[0]
    return Node(component, with_width(words.default(component), width))


def draw_style(words: Vocabulary, rng: np.random.Generator) -> Style:
    """Draw a style; unsaturated activations are three times as likely, since they train better in depth."""
    candidates = activations(words)
    weights = np.array([1.0 if "saturating" in one.capabilities else 3.0 for one in candidates])
    activation = None
    if candidates:
        activation = _plain(words, candidates[_draw(rng, weights)])
    known = norms(words)
    norm = (
        _plain(words, known[int(rng.integers(len(known)))])
        if known and rng.random() < 0.7
        else None
    )
    return Style(activation, norm, _dropout(words, rng) if rng.random() < 0.6 else None)


def style_of(words: Vocabulary, nodes: Nodes) -> Style:
    """Return the style that a network already has, with plain defaults for what it lacks."""
    found: dict[str, Node] = {}
    _collect(words, nodes, found)
    bends, known = activations(words), norms(words)
    activation = found.get("activation") or (_plain(words, bends[0]) if bends else None)
    norm = found.get("norm") or (_plain(words, known[-1]) if known else None)
    return Style(activation, norm, found.get("dropout"))


def motif(
    words: Vocabulary, name: str, width: int, style: Style, hidden: int | None = None
) -> Nodes:
    """Return a block that takes and gives ``width`` features; empty where the vocabulary lacks its parts.

    ``dense``: norm, linear, activation, dropout. ``layer``: the same without norm; behind a relu it can start as the
    identity. ``residual``: the input plus norm, linear to ``hidden``,
    activation, dropout, linear (a pre-norm residual block). ``gated``: the input plus norm, gate, dropout.
    """
    region = words.named("residual")
    if name == "dense":
        return _given(style.norm, linear(words, width), style.activation, style.dropout)
    if name == "layer":
        return _given(linear(words, width), style.activation, style.dropout)
    if region is None:
        return ()
    body: Nodes
    if name == "residual":
        body = _given(
            style.norm,
            linear(words, hidden or width),
            style.activation,
            style.dropout,
            linear(words, width),
        )
    else:
        gate = words.named("glu_gate")
        if gate is None:
            return ()
        body = _given(style.norm, _plain(words, gate), style.dropout)
    return (Node(region, words.default(region), None, body),)


def draw_trunk(words: Vocabulary, rng: np.random.Generator) -> Nodes:
    """Draw a trunk as an expert might: one style, one to four blocks, widths that stay or shrink."""
    style, ladder = draw_style(words, rng), words.ladder
    place = int(rng.integers(len(ladder)))
    blocks = 1 + int(rng.integers(4))
    kind = ("dense", "dense", "residual", "residual", "gated")[int(rng.integers(5))]
    nodes: Nodes = ()
    scale = words.named("scale")
    if scale is not None and rng.random() < 0.25:
        nodes = (_plain(words, scale),)
    if kind == "dense":
        for _ in range(blocks):
            nodes += _given(
                linear(words, ladder[place]), style.norm, style.activation, style.dropout
            )
            place = max(0, place - int(rng.random() < 0.35))
        return nodes
    width, hidden = ladder[place], ladder[min(len(ladder) - 1, place + int(rng.integers(3)))]
    nodes += (linear(words, width),)
    block = motif(words, kind, width, style, hidden)
    repeat = words.named("repeat")
    if repeat is not None and block and rng.random() < 0.25:
        variants = words.variants[repeat.name]
        nodes += (Node(repeat, variants[int(rng.integers(len(variants)))], None, block),)
    else:
        nodes += block * blocks
    return nodes + _given(style.norm, style.activation)


def _draw(rng: np.random.Generator, weights: np.ndarray) -> int:
    return int(np.searchsorted(np.cumsum(weights), rng.random() * weights.sum(), side="right"))


def _plain(words: Vocabulary, component: Component) -> Node:
    return Node(component, words.default(component))


def _dropout(words: Vocabulary, rng: np.random.Generator) -> Node | None:
    component = words.named("dropout")
    if component is None:
        return None
    variants: tuple[Settings, ...] = words.variants[component.name]
    return Node(component, variants[int(rng.integers(len(variants)))])


def _given(*nodes: Node | None) -> Nodes:
    return tuple(one for one in nodes if one is not None)


def _collect(words: Vocabulary, nodes: Nodes, found: dict[str, Node]) -> None:
    for node in nodes:
        facts = node.component.capabilities
        if "normalising" in facts:
            found.setdefault("norm", node)
        elif node.component.name == "dropout":
            found.setdefault("dropout", node)
        elif "nonpolynomial" in facts and "gating" not in facts:
            found.setdefault("activation", node)
        _collect(words, node.body, found)
