"""Which widths of an architecture can change, and which of them only together.

Every value's features are a variable. A step with a width makes a new one; steps that keep the features hand theirs on; steps of
several inputs of one type make theirs equal; whatever else depends on the number or the order of features pins them.
"""

from coeval.architecture.inference import Inference, infer
from coeval.architecture.step import Architecture, Region, Step
from coeval.architecture.types import Featured
from coeval.component.choice import is_choice
from coeval.component.merge import GATE
from coeval.errors import SpaceError

Place = tuple[int, ...]
"""The path of a step: its number, then region and number in turns."""

_MIXERS = {"gating", "attention"}
"""Facts of learnt maps of all features whose parts stand side by side: their first rows are not those of a smaller one."""


def width_groups(architecture: Architecture) -> tuple[tuple[Place, ...], ...]:
    """Return the groups of steps whose ``width`` can change, each only as a whole, in the order of their first steps.

    Raises:
        SpaceError: The architecture is not legal or has open choices.
    """
    inference = infer(architecture)
    walk = _Walk()
    given = [walk.pinned() for _ in architecture.inputs]
    walk.pin(walk.region(architecture.body, inference, given, ()))
    return walk.groups()


class _Walk:
    """Variables of features as a union of sets, and which steps' widths belong to each."""

    def __init__(self) -> None:
        self._parent: list[int] = []
        self._pinned: set[int] = set()
        self._places: list[tuple[int, Place]] = []

    def groups(self) -> tuple[tuple[Place, ...], ...]:
        """Return the steps of every variable that nothing pins."""
        fixed = {self._root(one) for one in self._pinned}
        found: dict[int, list[Place]] = {}
        for variable, place in self._places:
            root = self._root(variable)
            if root not in fixed:
                found.setdefault(root, []).append(place)
        return tuple([tuple(places) for places in found.values()])

    def pinned(self) -> int:
        """Return a new variable that cannot change."""
        variable = self._new()
        self.pin(variable)
        return variable

    def pin(self, variable: int) -> None:
        """Say that a variable cannot change."""
        self._pinned.add(variable)

    def region(self, region: Region, inference: Inference, given: list[int], before: Place) -> int:
        """Walk a region and return its result's variable."""
        variables = list(given)
        for number, one in enumerate(region.steps):
            taken = [variables[index] for index in one.inputs]
            variables.append(self._step(one, number, inference, taken, (*before, number)))
        return variables[region.output]

    def _step(
        self, one: Step, number: int, inference: Inference, taken: list[int], place: Place
    ) -> int:
        if is_choice(one.component):
            raise SpaceError(
                f"Expected an architecture that is decided, got an open choice at step {number}. Cut a member out first."
            )
        facts = one.component.capabilities
        if one.regions:
            for inner, (body, nested) in enumerate(
                zip(one.regions, inference.nested[number], strict=True)
            ):
                self._join(taken[0], self.region(body, nested, taken, (*place, inner)))
            return taken[0]
        if "head" in facts:  # its width is the task's
            return self.pinned()
        if "width" in dict(one.settings):
            made = self._new()
            self._places.append((made, place))
            if int(dict(one.settings).get("groups", 1)) > 1 or "projection" not in facts:
                self._pin_all([made, *taken])
            return made
        if not self._keeps(number, inference) or (facts & _MIXERS and one.component != GATE):
            self._pin_all(taken)
            return self.pinned()
        if int(dict(one.settings).get("groups", 1)) > 1:
            self._pin_all(taken)
        for other in taken[1:]:
            self._join(taken[0], other)
        return taken[0]

    def _keeps(self, number: int, inference: Inference) -> bool:
        """Return whether all inputs and the result have equally many features."""
        call = inference.calls[number]
        made = inference.types[len(inference.types) - len(inference.calls) + number]
        values = [one for one in (*call.inputs, made) if isinstance(one, Featured)]
        return len(values) == len(call.inputs) + 1 and len({one.features for one in values}) == 1

    def _pin_all(self, variables: list[int]) -> None:
        self._pinned.update(variables)

    def _new(self) -> int:
        self._parent.append(len(self._parent))
        return len(self._parent) - 1

    def _root(self, variable: int) -> int:
        while self._parent[variable] != variable:
            self._parent[variable] = self._parent[self._parent[variable]]
            variable = self._parent[variable]
        return variable

    def _join(self, first: int, second: int) -> None:
        self._parent[self._root(second)] = self._root(first)
