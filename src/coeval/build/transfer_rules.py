"""What a step takes over from the parent's step that it goes on with: weights, and which features come out.

One rule for each kind of component. A rule is told which of the parent's features each input feature is and answers for its
own step alone: ``exact`` means that, given the parent's input, the old features of the result are the parent's.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

from coeval.architecture.component import Call, Component
from coeval.architecture.types import ValueType, positions
from coeval.build.transfer_features import (
    Index,
    blend,
    features_of,
    gathered,
    is_complete,
    is_whole,
    kept,
)
from coeval.build.transfer_grid import dealt, grouped, resized, stretched
from coeval.component.channel import DROP_PATH, DROPOUT, IDENTITY, SCALE, SPIKE
from coeval.component.constant import ZERO
from coeval.component.library import ACTIVATIONS, SIZES
from coeval.component.norm import BATCH_NORM

Weights = Mapping[str, np.ndarray]

_POOLS = ("avg_pool2d", "max_pool2d", "global_avg_pool")
FEATUREWISE = frozenset(
    one.name
    for one in (*ACTIVATIONS, *SIZES, IDENTITY, SPIKE, DROPOUT, DROP_PATH, SCALE, BATCH_NORM, ZERO)
) | frozenset(_POOLS)
"""Components that treat each feature by itself, so that new ones beside it change nothing."""


@dataclass(frozen=True, slots=True, eq=False)
class Side:
    """A step of the parent or of the child: its call, its output's type and its weights by local name."""

    call: Call
    output: ValueType
    weights: Weights

    @property
    def features(self) -> int:
        """Return how many features come out."""
        return features_of(self.output)


@dataclass(frozen=True, slots=True, eq=False)
class Pair:
    """A step of the child beside the parent's step that it goes on with.

    Attributes:
        component: Of both.
        child: With the weights of its own initialisation.
        parent: With its trained weights.
        taken: Which features of the parent's input the child's (first) input has.
    """

    component: Component
    child: Side
    parent: Side
    taken: Index

    @property
    def is_set_alike(self) -> bool:
        """Return whether all settings agree, or differ only where a prediction does not depend on them."""
        return (
            "stochastic" in self.component.capabilities
            or self.child.call.settings == self.parent.call.settings
        )


@dataclass(frozen=True, slots=True, eq=False)
class Carried:
    """What a rule found: all of the child's weights, the features of its result, and how much is the parent's.

    Attributes:
        weights: By local name.
        index: Of the result.
        exact: Whether the result's old features are the parent's, given the parent's input.
        count: Numbers that came from the parent.
    """

    weights: dict[str, np.ndarray]
    index: Index
    exact: bool
    count: int = 0


def carry(pair: Pair) -> Carried:
    """Return what a step takes over."""
    rule = _RULES.get(pair.component.name)
    if rule is not None:
        return rule(pair)
    if "equivariant" in pair.component.capabilities:
        return _featurewise(pair)
    return _same(pair)


def _projection(pair: Pair) -> Carried:
    """Linear maps, heads and convolutions: rows are outputs, columns inputs."""
    fresh, given = pair.child.weights, pair.parent.weights
    rows = kept(pair.child.features, pair.parent.features)
    fits, kernel = _kernel(pair)
    weights = {"weight": blend(fresh["weight"], kernel, rows, pair.taken)}
    if "bias" in fresh:
        before = given.get("bias", np.zeros(pair.parent.features, fresh["bias"].dtype))
        weights["bias"] = gathered(fresh["bias"], before, rows)
    complete = is_complete(pair.taken, kernel.shape[1])
    keeps_bias = "bias" in fresh or "bias" not in given
    old = int((rows >= 0).sum())
    count = old * int((pair.taken >= 0).sum()) * int(np.prod(kernel.shape[2:]))
    count += old if "bias" in fresh and "bias" in given else 0
    return Carried(weights, rows, complete and keeps_bias and fits, count)


def _kernel(pair: Pair) -> tuple[bool, np.ndarray]:
    """Return the parent's weights with the child's kernel sides, and whether both see the same through them."""
    weight, settings = pair.parent.weights["weight"], pair.child.call.settings
    if weight.ndim == 2:
        return True, weight
    before, after = weight.shape[2:], pair.child.weights["weight"].shape[2:]
    moves = ("stride", "dilation", "patch")
    alike = all(settings[one] == pair.parent.call.settings[one] for one in moves if one in settings)
    # An even kernel is not padded like an odd one, so one of another side sees other positions.
    grows = all(
        new == old or (new > old and new % 2 == old % 2 == 1)
        for old, new in zip(before, after, strict=True)
    )
    return alike and grows, resized(weight, after)


def _depthwise(pair: Pair) -> Carried:
    fresh, given = pair.child.weights, pair.parent.weights
    fits, kernel = _kernel(pair)
    weights = {"weight": gathered(fresh["weight"], kernel, pair.taken)}
    if "bias" in fresh:
        before = given.get("bias", np.zeros(len(kernel), fresh["bias"].dtype))
        weights["bias"] = gathered(fresh["bias"], before, pair.taken)
    keeps_bias = "bias" in fresh or "bias" not in given
    count = int((pair.taken >= 0).sum()) * int(np.prod(kernel.shape[1:]))
    return Carried(weights, pair.taken, keeps_bias and fits, count)


def _grouped(pair: Pair) -> Carried:
    fresh, given = pair.child.weights, pair.parent.weights
    rows = kept(pair.child.features, pair.parent.features)
    fits, kernel = _kernel(pair)
    groups = tuple(int(one.call.settings["groups"]) for one in (pair.child, pair.parent))
    weight, complete, count = grouped(
        fresh["weight"], kernel, rows, pair.taken, (groups[0], groups[1])
    )
    weights = {"weight": weight}
    if "bias" in fresh:
        before = given.get("bias", np.zeros(pair.parent.features, fresh["bias"].dtype))
        weights["bias"] = gathered(fresh["bias"], before, rows)
    keeps_bias = "bias" in fresh or "bias" not in given
    return Carried(weights, rows, complete and keeps_bias and fits, count)


def _shuffled(pair: Pair) -> Carried:
    """The same numbers in another order: each place of the child's is told where the parent's shuffle put its feature."""
    now, before = (
        dealt(one.features, int(one.call.settings["groups"])) for one in (pair.child, pair.parent)
    )
    taken = pair.taken[now]
    index = np.where(taken >= 0, np.argsort(before)[taken], -1)
    return Carried({}, index, exact=True)


def _positions(pair: Pair) -> Carried:
    fresh, given = pair.child.weights["embedding"], pair.parent.weights["embedding"]
    alike, places = given.shape[:-1] == fresh.shape[:-1], fresh.shape[:-1]
    taken, index = fresh.copy(), pair.taken
    if given.ndim == fresh.ndim:
        old = np.flatnonzero(index >= 0)
        taken[..., old] = stretched(given, places)[..., index[old]]
    count = int(np.prod(places)) * int((index >= 0).sum()) if alike else 0
    return Carried({"embedding": taken}, index, alike, count)


def _gate(pair: Pair) -> Carried:
    """A gated linear unit: the rows of the values, then those of the gates."""
    fresh, given, index = pair.child.weights, pair.parent.weights, pair.taken
    features = pair.parent.features
    rows = np.concatenate([index, np.where(index >= 0, index + features, -1)])
    weights = {
        "weight": blend(fresh["weight"], given["weight"], rows, index),
        "bias": gathered(fresh["bias"], given["bias"], rows),
    }
    old = int((index >= 0).sum())
    return Carried(weights, index, is_complete(index, features), 2 * old * (old + 1))


def _featurewise(pair: Pair) -> Carried:
    """Activations, normalisations, scales, pools: no weights, or some numbers for each feature."""
    index, weights, count = pair.taken, {}, 0
    for name, fresh in pair.child.weights.items():
        given = pair.parent.weights.get(name)
        if given is None or fresh.ndim != 1 or given.ndim != 1:
            return _same(pair)
        weights[name] = gathered(fresh, given, index)
        count += int((index >= 0).sum())
    alone = pair.component.name in FEATUREWISE
    permuted = len(index) == pair.parent.features and is_complete(index, pair.parent.features)
    return Carried(weights, index, (alone or permuted) and pair.is_set_alike, count)


def _by_member(pair: Pair) -> Carried:
    """What each member has of its own, member by member: factors of the features, or its head's rows."""
    index, weights, count = pair.taken, {}, 0
    heads = "weight" in pair.child.weights
    shared = min(_members(pair.child), _members(pair.parent))
    rows = kept(pair.child.features, pair.parent.features) if heads else index
    for name, fresh in pair.child.weights.items():
        given = pair.parent.weights[name]
        weights[name] = fresh.copy()
        for member in range(shared):
            if name == "weight":
                weights[name][member] = blend(fresh[member], given[member], rows, index)
            else:
                weights[name][member] = gathered(fresh[member], given[member], rows)
        old = int((rows >= 0).sum()) * (int((index >= 0).sum()) if name == "weight" else 1)
        count += shared * old
    alike = _members(pair.child) == _members(pair.parent)
    return Carried(weights, rows, alike and (not heads or is_complete(index, _given(pair))), count)


def _members(side: Side) -> int:
    return len(next(iter(side.weights.values())))


def _given(pair: Pair) -> int:
    return features_of(pair.parent.call.inputs[0])


def _flatten(pair: Pair) -> Carried:
    """From an index of features to one of positions times features."""
    before = features_of(pair.parent.call.inputs[0])
    places = positions(pair.child.call.inputs[0])  # type: ignore[arg-type]  # its type rule asks for a domain
    shifted = before * np.arange(places)[:, None] + pair.taken
    is_old = (pair.taken >= 0) & (shifted < pair.parent.features)  # a larger grid has new positions
    index = np.where(is_old, shifted, -1).ravel()
    return Carried({}, index, exact=len(index) * before == pair.parent.features * len(pair.taken))


def _same(pair: Pair) -> Carried:
    """Any other component: the parent's weights where nothing at all changed, else only those of equal shape."""
    fresh, given = pair.child.weights, pair.parent.weights
    fits = {name: name in given and given[name].shape == one.shape for name, one in fresh.items()}
    weights = {name: (given if fits[name] else fresh)[name].copy() for name in fresh}
    count = sum(weights[name].size for name in fresh if fits[name])
    unchanged = (
        pair.child.call == pair.parent.call
        and is_whole(pair.taken, features_of(pair.parent.call.inputs[0]))
        and all(fits.values())
        and len(given) == len(fresh)
    )
    return Carried(weights, kept(pair.child.features, pair.parent.features), unchanged, count)


def _numeric_entry(pair: Pair) -> Carried:
    fresh, given = pair.child.weights, pair.parent.weights
    now, before = pair.child.call.settings, pair.parent.call.settings
    columns = pair.child.call.inputs[0].numeric  # type: ignore[union-attr]  # its type rule asks for columns
    if columns != pair.parent.call.inputs[0].numeric or now["encoding"] != before["encoding"]:  # type: ignore[union-attr]
        return _new_features(pair)
    if now["encoding"] == "plain":
        return Carried({}, np.arange(columns), exact=True)
    index = _by_column([int(now["width"])] * columns, [int(before["width"])] * columns)
    if now["encoding"] == "piecewise_linear" and now["bins"] != before["bins"]:
        return Carried(dict(fresh), index, exact=False)
    weights = {name: _corner(one, given[name]) for name, one in fresh.items()}
    count = sum(_overlap(one, given[name]) for name, one in fresh.items())
    fewer = int(now["frequencies"]) < int(before["frequencies"])
    return Carried(weights, index, not (now["encoding"] == "periodic" and fewer), count)


def _corner(fresh: np.ndarray, given: np.ndarray) -> np.ndarray:
    """Return the parent's numbers where both arrays have a place; old outputs (last axis) do not read new inputs."""
    result = fresh.copy()
    shared = tuple(slice(min(a, b)) for a, b in zip(fresh.shape, given.shape, strict=True))
    if fresh.ndim == 3:
        result[..., shared[-1]] = 0.0
    result[shared] = given[shared]
    return result


def _overlap(fresh: np.ndarray, given: np.ndarray) -> int:
    return int(np.prod(np.minimum(fresh.shape, given.shape)))


def _category_entry(pair: Pair) -> Carried:
    """Embeddings: tables hold all columns of one width, so they are taken apart and put together again."""
    child, parent = (
        pair.component.arguments(one.call, one.output) for one in (pair.child, pair.parent)
    )
    if child["cardinalities"] != parent["cardinalities"]:
        return _new_features(pair)
    weights = {name: one.copy() for name, one in pair.child.weights.items()}
    count = 0
    now, before = list(_tables(child)), list(_tables(parent))
    for (name, rows, width), (old_name, old_rows, old_width) in zip(now, before, strict=True):
        shared = min(width, old_width)
        weights[name][rows, :shared] = pair.parent.weights[old_name][old_rows, :shared]
        count += shared * (rows.stop - rows.start)
    index = _by_column([width for *_, width in now], [width for *_, width in before])
    return Carried(weights, index, exact=True, count=count)


def _tables(arguments: Mapping[str, object]) -> list[tuple[str, slice, int]]:
    """Return for each column its table, its rows there and its width."""
    sizes: tuple[int, ...] = arguments["cardinalities"]  # type: ignore[assignment]
    widths: tuple[int, ...] = arguments["widths"]  # type: ignore[assignment]
    names = {width: f"tables.{place}.weight" for place, width in enumerate(sorted(set(widths)))}
    starts = dict.fromkeys(widths, 0)
    found = []
    for size, width in zip(sizes, widths, strict=True):
        found.append((names[width], slice(starts[width], starts[width] + size), width))
        starts[width] += size
    return found


def _text_entry(pair: Pair) -> Carried:
    child, parent = (
        pair.component.arguments(one.call, one.output) for one in (pair.child, pair.parent)
    )
    if child["vocabularies"] != parent["vocabularies"]:
        return _new_features(pair)
    weights, count = {}, 0
    for name, fresh in pair.child.weights.items():
        given = pair.parent.weights[name]
        weights[name] = _corner(fresh, given)
        count += _overlap(fresh, given)
    texts = len(pair.child.weights)
    width, before = (int(one.call.settings["width"]) for one in (pair.child, pair.parent))
    index = _by_column([width] * texts, [before] * texts)
    return Carried(weights, index, child["lengths"] == parent["lengths"], count)


def _by_column(widths: list[int], before: list[int]) -> Index:
    """Return the index of columns side by side, each as wide as it is now and as it was before."""
    starts = np.cumsum([0, *before])
    parts = []
    for now, old, start in zip(widths, before, starts, strict=False):
        index = kept(now, old)
        parts.append(np.where(index >= 0, index + start, -1))
    return np.concatenate(parts)


def _new_features(pair: Pair) -> Carried:
    return Carried(dict(pair.child.weights), np.full(pair.child.features, -1), exact=False)


_RULES: Mapping[str, Callable[[Pair], Carried]] = {
    "linear": _projection,
    "binary_head": _projection,
    "class_head": _projection,
    "value_head": _projection,
    "conv2d": _projection,
    "axis_conv2d": _projection,
    "patch_embedding": _projection,
    "group_conv2d": _grouped,
    "channel_shuffle": _shuffled,
    "position_embedding": _positions,
    "depthwise_conv2d": _depthwise,
    "glu_gate": _gate,
    "flatten": _flatten,
    "members": _by_member,
    "member_linear": _by_member,
    "numeric_entry": _numeric_entry,
    "category_entry": _category_entry,
    "text_entry": _text_entry,
}
