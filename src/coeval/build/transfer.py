"""A child's initial weights from its parent's: network morphisms, found by looking at both architectures.

The child's steps are walked in order. Of every value it is known which features of which of the parent's values it holds, and
whether they are the same numbers; a step that goes on with one of the parent's takes its weights over, row by row and
column by column, and a new one starts as an identity or at zero where it can. That the child computes its parent's
function is the conclusion of this walk, whatever edits led from one to the other (Wei et al. 2016, arXiv:1603.01670;
Elsken et al. 2017, arXiv:1711.04528, section 3).
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from coeval.architecture.inference import Inference, infer
from coeval.architecture.step import Architecture, Region, Step
from coeval.build.alignment import Path, align, written_out
from coeval.build.transfer_features import Index, Value, features_of, is_whole, kept
from coeval.build.transfer_new import TRANSPARENT, identity, is_anything, zero_branch
from coeval.build.transfer_parent import Known, Parent, local
from coeval.build.transfer_rules import Pair, Side, carry
from coeval.component.constant import ZERO
from coeval.component.merge import ADD, CONCATENATE, GATE, MULTIPLY
from coeval.component.region import REPEAT, RESIDUAL

_POSITIVE = frozenset({"relu", "sigmoid", "hard_sigmoid", "spike", "zero"})
_KEEPS_SIGN = frozenset(
    {"dropout", "drop_path", "identity", "avg_pool2d", "max_pool2d", "global_avg_pool", "flatten"}
) | {"subsample2d", "upsample2d", "to_sequence", "to_grid", "channel_shuffle"}
_PROJECTIONS = frozenset({"linear", "conv2d", "axis_conv2d"})


@dataclass(frozen=True, slots=True, eq=False)
class Transfer:
    """What a child starts with.

    Attributes:
        weights: All of its arrays by name.
        exact: Whether it computes its parent's function (in evaluation mode, up to rounding).
        share: Share of its numbers that came from the parent, 0 to 1.
    """

    weights: dict[str, np.ndarray]
    exact: bool
    share: float


def transfer(
    parent: Architecture,
    parent_weights: Mapping[str, np.ndarray],
    child: Architecture,
    fresh: Mapping[str, np.ndarray],
) -> Transfer:
    """Return a child's initial weights from its parent's.

    Args:
        parent: As it was trained: typed by the columns of its preparation.
        parent_weights: ``build.weights.arrays`` of its network.
        child: Typed by its own columns. Equal columns are taken to mean the same: whether the preparations
            agree is for the caller to say.
        fresh: ``arrays`` of the child's newly made network: what is new starts with these.
    """
    known, inside = infer(parent), infer(child)
    before = Parent(dict(parent_weights))
    ids = tuple(f"in.{number}" for number in range(parent.body.inputs))
    output = before.note(parent.body, known, (), ids)
    for name, one in zip(ids, parent.inputs, strict=True):
        before.features[name] = features_of(one)
    origins = align(list(written_out(child.body, inside)), list(written_out(parent.body, known)))
    walk = _Walk(before, dict(fresh))
    given = tuple(
        Value(name, np.arange(features_of(one)), exact=one == old)
        for name, one, old in zip(ids, child.inputs, parent.inputs, strict=True)
    )
    result = walk.region(child.body, inside, (), "", origins, given)
    whole = result.source == output and is_whole(result.index, before.features[output])
    total = sum(one.size for one in fresh.values())
    share = walk.count / total if total else 1.0
    return Transfer(walk.weights, whole and result.exact, min(share, 1.0))


@dataclass(slots=True, eq=False)
class _Walk:
    """Goes through the child's steps in order and fills in its weights."""

    parent: Parent
    weights: dict[str, np.ndarray]
    count: int = 0

    def region(
        self,
        region: Region,
        inference: Inference,
        path: Path,
        prefix: str,
        origins: Mapping[Path, Path],
        given: tuple[Value, ...],
    ) -> Value:
        """Return what a region's result is in the parent.

        Args:
            region: Of the child.
            inference: Its own.
            path: Of the region, as ``origins`` counts.
            prefix: Of the names of its weights.
            origins: The parent's step for each that is not new.
            given: What its inputs are in the parent.
        """
        scope = _Scope(region, inference, path, prefix, origins, list(given))
        for number in range(len(region.steps)):
            scope.values.append(self._step(scope, number))
        return scope.values[region.output]

    def _step(self, scope: "_Scope", number: int) -> Value:
        step = scope.region.steps[number]
        origin = scope.origins.get((*scope.path, number))
        known = None if origin is None else self.parent.steps[origin]
        if known is None or origin is None:
            return self._new(scope, number)
        if step.component in (RESIDUAL, REPEAT):
            return self._region_step(scope, number, known, origin)
        if step.component in (ADD, MULTIPLY, CONCATENATE, GATE):
            return self._merge(scope, number, known)
        return self._kept(scope, number, known, origin)

    def _kept(self, scope: "_Scope", number: int, known: Known, origin: Path) -> Value:
        """Take over the weights of a step that is looked at as a whole."""
        step, inputs = scope.region.steps[number], scope.inputs(number)
        matched = [
            self._matched(one, name) for one, name in zip(inputs, known.inputs, strict=False)
        ]
        mine, given = scope.side(number, self.weights), self.parent.side(origin)
        carried = carry(Pair(step.component, mine, given, matched[0][0]))
        self._put(scope.prefix_of(number), carried.weights)
        self.count += carried.count
        alike = len(inputs) == len(known.inputs) and all(exact for _, exact in matched)
        # Rules know the first input only. What reads more, or holds regions, is somebody's own component.
        further = zip(matched[1:], known.inputs[1:], strict=False)
        alike = alike and all(is_whole(one, self.parent.features[n]) for (one, _), n in further)
        alike = alike and step.regions == known.step.regions
        name = step.component.name
        positive = name in _POSITIVE or (name in _KEEPS_SIGN and inputs[0].positive)
        exact = alike and carried.exact
        return Value(known.name, carried.index, exact, positive, zero=step.component == ZERO)

    def _merge(self, scope: "_Scope", number: int, known: Known) -> Value:
        """Meet each of the parent's inputs again; what is new beside them must change nothing."""
        step, inputs = scope.region.steps[number], scope.inputs(number)
        places, exact = _paired(inputs, known.inputs, self.parent.zeros)
        extra = [n for n in range(len(inputs)) if n not in places]
        if step.component == CONCATENATE:
            starts = np.cumsum([0, *(self.parent.features[one] for one in known.inputs)])
            parts = []
            for place, value in enumerate(inputs):
                index = np.full(len(value.index), -1)
                if place in places:
                    index, alike = self._matched(value, known.inputs[places[place]])
                    index = np.where(index >= 0, index + starts[places[place]], -1)
                    exact = exact and alike
                parts.append(index)
            return Value(known.name, np.concatenate(parts), exact, all(v.positive for v in inputs))
        matched = [self._matched(inputs[n], known.inputs[at]) for n, at in places.items()]
        index = matched[0][0] if matched else inputs[0].index
        exact = exact and all(one and np.array_equal(index, other) for other, one in matched)
        for place in extra:
            # Only a sum has a neutral branch: whatever is new there starts at zero.
            neutral = step.component == ADD and self._silenced(scope, number, place)
            exact = exact and neutral
        return Value(known.name, index, exact, not extra and all(v.positive for v in inputs))

    def _silenced(self, scope: "_Scope", number: int, place: int) -> bool:
        """Let a new branch of a sum start at zero; return whether that was possible."""
        region, origins, path = scope.region, scope.origins, scope.path
        uses = [index for step in region.steps for index in step.inputs]

        def is_free(one: int) -> bool:
            return (*path, one) not in origins and uses.count(region.inputs + one) == 1

        index = region.steps[number].inputs[place]
        return scope.values[index].zero or zero_branch(
            region, scope.inference, index, scope.prefix, self.weights, is_free
        )

    def _region_step(self, scope: "_Scope", number: int, known: Known, origin: Path) -> Value:
        """Walk the body, or each copy of it beside the parent's copy."""
        step, (value, *_) = scope.region.steps[number], scope.inputs(number)
        index, exact = self._matched(value, known.inputs[0])
        if step.component == RESIDUAL:
            given = Value(known.body_input, index, exact, value.positive)
            result = self._body(scope, number, 0, scope.origins, given)
            exact = _is_same(result, known.body_output, index)
            return Value(known.name, index, exact)
        times, copies = int(step.setting("times")), _copies(step)
        old_times, old_copies = int(known.step.setting("times")), _copies(known.step)
        for copy in range(copies):
            if copy < old_times:
                self.parent.copies[origin] = min(copy, old_copies - 1)
                given = Value(known.body_input, index, exact)
                result = self._body(scope, number, copy, scope.origins, given)
                exact = _is_same(result, known.body_output, index)
            else:
                result = self._body(scope, number, copy, {}, Value(known.name, index, exact))
                exact = _is_same(result, known.name, index)
        self.parent.copies.pop(origin, None)
        if copies == 1:
            exact = exact and times == old_times and old_copies == 1
        return Value(known.name, index, exact and times >= old_times)

    def _new(self, scope: "_Scope", number: int) -> Value:
        """Start a step that the parent does not have; its result stands for its (first) input where it can."""
        step, inputs = scope.region.steps[number], scope.inputs(number)
        call, features = scope.inference.calls[number], scope.features(number)
        name, value = step.component.name, inputs[0]
        if step.regions:
            return self._new_region(scope, number)
        if step.component == CONCATENATE:
            others = [np.full(len(one.index), -1) for one in inputs[1:]]
            joined = np.concatenate([value.index, *others])
            return Value(value.source, joined, value.exact, value.positive)
        if step.component in (ADD, MULTIPLY):
            silent = step.component == ADD and all(one.zero for one in inputs[1:])
            return replace(value, exact=value.exact and silent, zero=False)
        if name in _PROJECTIONS:
            local = scope.side(number, self.weights).weights
            own = dict(local)
            result = identity(step, call, value, self.parent.features.get(value.source, 0), own)
            self._put(scope.prefix_of(number), own)
            return result
        if name in TRANSPARENT or (name == "relu" and value.positive):
            return value
        if (
            len(value.index) == 0
        ):  # a new entry: its features are new, and who reads them starts without
            return Value("", np.full(features, -1), exact=False)
        index = value.index if features == len(value.index) else kept(features, len(value.index))
        return Value(value.source, index, exact=False, zero=step.component == ZERO)

    def _new_region(self, scope: "_Scope", number: int) -> Value:
        step, value = scope.region.steps[number], scope.inputs(number)[0]
        here = (*scope.path, number)
        holds_old = any(path[: len(here)] == here for path in scope.origins)
        if step.component == RESIDUAL and not holds_old:
            body, (known,) = step.regions[0], scope.inference.nested[number]
            silent = zero_branch(
                body, known, body.output, f"{scope.prefix_of(number)}0.", self.weights, is_anything
            )
            return replace(value, exact=value.exact and silent)
        if step.component == RESIDUAL:
            return replace(self._body(scope, number, 0, scope.origins, value), exact=False)
        if step.component == REPEAT:
            result = self._body(scope, number, 0, scope.origins, value)
            for copy in range(1, _copies(step)):
                again = self._body(scope, number, copy, {}, result)
                unchanged = _is_same(again, result.source, result.index)
                result = replace(result, exact=unchanged)
            # The same weights twice are the identity again only if they are the identity once.
            once = _copies(step) > 1 or _is_same(result, value.source, value.index)
            return replace(result, exact=result.exact and once)
        return replace(value, exact=False)

    def _body(
        self,
        scope: "_Scope",
        number: int,
        copy: int,
        origins: Mapping[Path, Path],
        given: Value,
    ) -> Value:
        step, (nested, *_) = scope.region.steps[number], scope.inference.nested[number]
        return self.region(
            step.regions[0],
            nested,
            (*scope.path, number, 0),
            f"{scope.prefix_of(number)}{copy}.",
            origins,
            (given,) * step.regions[0].inputs,
        )

    def _matched(self, value: Value, source: str) -> tuple[Index, bool]:
        """Return which features of one of the parent's values a value holds, and whether they are the same numbers."""
        if value.source == source:
            return value.index, value.exact
        features = self.parent.features[source]
        if self.parent.features.get(value.source) == features:
            return value.index, False
        return kept(len(value.index), features), False

    def _put(self, prefix: str, weights: Mapping[str, np.ndarray]) -> None:
        for name, array in weights.items():
            self.weights[prefix + name] = array


@dataclass(frozen=True, slots=True, eq=False)
class _Scope:
    """A region of the child while it is walked, with what its values are so far."""

    region: Region
    inference: Inference
    path: Path
    prefix: str
    origins: Mapping[Path, Path]
    values: list[Value]

    def inputs(self, number: int) -> list[Value]:
        """Return what a step's inputs are in the parent."""
        return [self.values[index] for index in self.region.steps[number].inputs]

    def prefix_of(self, number: int) -> str:
        """Return what the names of a step's weights begin with."""
        return f"{self.prefix}{number}."

    def features(self, number: int) -> int:
        """Return how many features a step makes."""
        return features_of(self.inference.types[self.region.inputs + number])

    def side(self, number: int, weights: Mapping[str, np.ndarray]) -> Side:
        """Return a step with its weights by local name."""
        output = self.inference.types[self.region.inputs + number]
        return Side(self.inference.calls[number], output, local(weights, self.prefix_of(number)))


def _copies(step: Step) -> int:
    return step.component.instances(dict(step.settings)) if step.component.instances else 1


def _is_same(value: Value, source: str, index: Index) -> bool:
    """Return whether a value is one of the parent's, with its features in the same places as before."""
    return value.exact and value.source == source and np.array_equal(value.index, index)


def _paired(
    inputs: list[Value], sources: tuple[str, ...], zeros: set[str]
) -> tuple[dict[int, int], bool]:
    """Return which of the parent's inputs each of the child's is, and whether none but zeros is missing."""
    places: dict[int, int] = {}
    missing = []
    for at, source in enumerate(sources):
        able = [n for n, one in enumerate(inputs) if n not in places and one.source == source]
        if able:
            places[max(able, key=lambda n: (inputs[n].exact, -n))] = at
        else:
            missing.append(at)
    exact = all(sources[at] in zeros for at in missing)
    if not exact:  # in order, so that at least the weights behind find their features
        for at in missing:
            left = [n for n in range(len(inputs)) if n not in places]
            if left:
                places[left[0]] = at
    return places, exact
