"""The space of small recurrent networks whose step is made from one set of components.

A network reads a word symbol by symbol, u' = cell(u, x), and accepts when an affine form of the last
state and symbol is positive. All weights lie on a grid: on a coarse one (halves) counting is exact, which
decides whether a rule learnt from short words carries to long ones; a fine grid stands for real weights.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from coeval.architecture.component import Setting, Settings, Value
from coeval.errors import SpaceError, did_you_mean
from coeval.space.choices import ChoiceSpace
from coeval.space.protocol import Child, Move

SCALES = (1.0, 16.0, 1024.0)
"""What the arguments of a squashing function may be multiplied with: at 1024 it is a step on grid weights."""
WINDOW = 8
"""How many symbols a network without iteration sees."""


@dataclass(frozen=True, slots=True)
class Cell:
    """How a step is made.

    Attributes:
        name: As in reports.
        gates: One affine map of (state, symbol, 1) each; the names say what it feeds.
        squashes: Whether a squashing function occurs, whose argument is scaled.
        iterates: Whether the step is repeated over the word; else it sees the last ``WINDOW`` symbols once.
    """

    name: str
    gates: tuple[str, ...] = ("state",)
    squashes: bool = False
    iterates: bool = True


LINEAR = Cell("linear")
"""u' = W u + V x + b."""
RELU = Cell("relu")
"""u' = max(0, W u + V x + b)."""
SATURATED = Cell("saturated linear")
"""u' = min(1, max(0, W u + V x + b))."""
TANH = Cell("tanh", squashes=True)
"""u' = tanh(s (W u + V x + b))."""
LOGISTIC = Cell("logistic", squashes=True)
"""u' = logistic(s (W u + V x + b))."""
GRU = Cell("GRU", ("update", "reset", "candidate"), squashes=True)
"""u' = (1 - z) u + z tanh(s (W (r u) + V x + b)), z and r logistic (Cho et al. 2014, arXiv:1406.1078)."""
LSTM = Cell("LSTM", ("input", "forget", "output", "candidate"), squashes=True)
"""c' = f c + i tanh(…), u' = o tanh(c'), all gates logistic (Gers et al. 2000, doi:10.1162/089976600300015015)."""
NO_ITERATION = Cell("relu, no iteration", iterates=False)
"""max(0, W (the last symbols) + b): the receptive field is fixed."""
CELLS: tuple[Cell, ...] = (LINEAR, RELU, SATURATED, TANH, LOGISTIC, GRU, LSTM, NO_ITERATION)


def cell_named(name: str) -> Cell:
    """Return one of ``CELLS``.

    Raises:
        SpaceError: There is no such cell.
    """
    known = {one.name: one for one in CELLS}
    if name not in known:
        raise SpaceError(
            f"A cell must be one of {list(known)}, got {name!r}.{did_you_mean(name, known)}"
        )
    return known[name]


@dataclass(frozen=True, slots=True)
class RecurrentSpace:
    """All networks of a cell with weights on a grid. A genotype names every weight.

    Weights are ordered as ``(gate, unit, source)``, sources being the state's units (the window's symbols
    where nothing iterates), the symbol's channels and 1; then come the read-out's and, where the cell
    squashes, the scale.

    Attributes:
        cell: How a step is made.
        channels: Numbers a symbol.
        units: Numbers a state.
        step: Distance of neighbouring weights.
        limit: Largest absolute weight.
        part: The name that moves carry.

    Raises:
        SpaceError: A number is out of its range, or ``limit`` is no multiple of ``step``.
    """

    cell: Cell
    channels: int
    units: int = 2
    step: float = 0.5
    limit: float = 2.0
    part: str = "network"
    _choices: ChoiceSpace = field(init=False, repr=False, compare=False)
    _pairs: tuple[tuple[tuple[str, Value], ...], ...] = field(
        init=False, repr=False, compare=False
    )  # shared by all genotypes: a run keeps tens of thousands
    _places: dict[Value, int] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        if self.channels < 1 or self.units < 1:
            raise SpaceError(
                f"channels and units must be at least 1, got {self.channels} and {self.units}."
            )
        half = round(self.limit / self.step) if self.step > 0 else 0
        if half < 1 or half * self.step != self.limit:
            raise SpaceError(
                f"limit must be a positive multiple of step, got limit={self.limit}, step={self.step}."
            )
        ladder = tuple(index * self.step for index in range(-half, half + 1))
        settings = [Setting(name, ladder, 0.0) for name in self._names()]
        if self.cell.squashes:
            settings.append(Setting("scale", SCALES, 1.0))
        object.__setattr__(self, "_choices", ChoiceSpace(tuple(settings), self.part))
        pairs = tuple(tuple((one.name, value) for value in one.choices) for one in settings)
        object.__setattr__(self, "_pairs", pairs)
        places: dict[Value, int] = {value: place for place, value in enumerate(ladder)}
        object.__setattr__(self, "_places", places)

    @property
    def sources(self) -> int:
        """Return how many numbers a gate weighs, 1 included."""
        seen = WINDOW * self.channels if not self.cell.iterates else self.units + self.channels
        return seen + 1

    @property
    def weights(self) -> int:
        """Return the number of weights, the scale left out."""
        return len(self.cell.gates) * self.units * self.sources + self.units + self.channels + 1

    def member(self, gates: Any, readout: Sequence[float], scale: float = 1.0) -> Settings:
        """Return the genotype of given weights.

        Args:
            gates: ``(gates, units, sources)``.
            readout: ``(units + channels + 1,)``.
            scale: One of ``SCALES``, where the cell squashes.

        Raises:
            SpaceError: A shape is wrong or a weight is not on the grid.
        """
        array = np.asarray(gates, dtype=np.float64)
        expected = (len(self.cell.gates), self.units, self.sources)
        if array.shape != expected or len(readout) != self.units + self.channels + 1:
            raise SpaceError(
                f"Expected gates of shape {expected} and {self.units + self.channels + 1} read-out weights, "
                f"got {array.shape} and {len(readout)}."
            )
        values: list[float] = [*array.ravel().tolist(), *map(float, readout)]
        if self.cell.squashes:
            values.append(scale)
        names = [one.name for one in self._choices.settings]
        return self.from_json(dict(zip(names, values, strict=True)))

    def sample(self, rng: np.random.Generator) -> Settings:
        """Draw every weight: half of them from -1, 0, 1, half from the whole grid."""
        count, half = self.weights, (len(self._places) - 1) // 2
        whole = rng.integers(0, 2 * half + 1, count)
        one = min(half, max(1, round(1.0 / self.step)))
        small = half + one * rng.integers(-1, 2, count)
        places = np.where(rng.random(count) < 0.5, whole, small).tolist()
        if self.cell.squashes:
            places.append(int(rng.integers(len(SCALES))))
        return tuple(pairs[place] for pairs, place in zip(self._pairs, places, strict=True))

    def mutate(self, genotype: Settings, rng: np.random.Generator) -> Child[Settings]:
        """Return a child with one weight or a few changed: most by a step of the grid or so, some drawn anew."""
        values, moves = list(genotype), []
        changes = min(len(values), int(rng.geometric(0.6)))
        for site in rng.permutation(len(values))[:changes].tolist():
            name, old = values[site]
            pairs = self._pairs[site]
            place = self._jump(site, old, rng)
            values[site] = pairs[place]
            moves.append(Move("step", self.part, name, detail=f"{name} {old} -> {pairs[place][1]}"))
        return Child(tuple(values), tuple(moves))

    def cross(self, first: Settings, second: Settings, rng: np.random.Generator) -> Child[Settings]:
        """Return a child that takes each unit's weights, the read-out's and the scale whole from either parent."""
        owners = self._owners()
        take = rng.random(self.units + 2) < 0.5
        child = tuple(
            theirs if take[owner] else mine
            for mine, theirs, owner in zip(first, second, owners, strict=True)
        )
        if child == first:
            return Child(first, ())
        taken = [str(unit) for unit in np.flatnonzero(take).tolist()]
        return Child(child, (Move("cross", self.part, ".".join(taken)),))

    def neighbours(self, genotype: Settings) -> Iterator[Child[Settings]]:
        """Yield every genotype with one weight one step away."""
        return self._choices.neighbours(genotype)

    def decisions(self, prefix: tuple[int, ...]) -> tuple[str, ...]:
        """Return the choices of the weight that comes after the prefix, as text."""
        return self._choices.decisions(prefix)

    def decide(self, prefix: tuple[int, ...]) -> Settings:
        """Return the genotype of a complete prefix."""
        return self._choices.decide(prefix)

    def size(self) -> int:
        """Return the number of weights' values to the power of their number, times the scales."""
        return self._choices.size()

    def __iter__(self) -> Iterator[Settings]:
        """Yield all genotypes in the order of their decisions."""
        return iter(self._choices)

    def contains(self, genotype: Settings) -> bool:
        """Return whether every weight is named, in order, and lies on the grid."""
        return self._choices.contains(genotype)

    def encode(self, genotype: Settings) -> np.ndarray:
        """Return each weight's place on its ladder in 0..1."""
        return self._choices.encode(genotype)

    def to_json(self, genotype: Settings) -> dict[str, Value]:
        """Return name -> weight."""
        return self._choices.to_json(genotype)

    def from_json(self, value: Any) -> Settings:
        """Return the genotype that ``to_json`` wrote."""
        return self._choices.from_json(value)

    def _names(self) -> list[str]:
        state = [] if not self.cell.iterates else [f"u{unit}" for unit in range(self.units)]
        symbol = [f"x{channel}" for channel in range(self.channels)]
        window = [f"{name}@{back}" for back in range(WINDOW) for name in symbol]
        sources = [*state, *(symbol if self.cell.iterates else window), "1"]
        names = [
            f"{gate}{unit}.{source}"
            for gate in self.cell.gates
            for unit in range(self.units)
            for source in sources
        ]
        accept = [*(f"u{unit}" for unit in range(self.units)), *symbol, "1"]
        return [*names, *(f"accept.{source}" for source in accept)]

    def _owners(self) -> list[int]:
        """Return for each weight its unit; ``units`` for the read-out's symbol and bias, one more for the scale."""
        gates = len(self.cell.gates)
        inner = [
            unit for _ in range(gates) for unit in range(self.units) for _ in range(self.sources)
        ]
        outer = [*range(self.units), *[self.units] * (self.channels + 1)]
        return [*inner, *outer, *([self.units + 1] if self.cell.squashes else [])]

    def _jump(self, site: int, value: Value, rng: np.random.Generator) -> int:
        """Return another place on a weight's ladder: near, in three cases of four, or anywhere."""
        count = len(self._pairs[site])
        if self.cell.squashes and site == len(self._pairs) - 1:
            place = SCALES.index(float(value))
            return (place + int(rng.integers(1, count))) % count
        place = self._places[value]
        if rng.random() < 0.75:
            reach = max(1, round(abs(float(rng.normal(0.0, 0.25))) / self.step))
            near = place + reach if rng.random() < 0.5 else place - reach
            if 0 <= near < count:
                return near
        return (place + int(rng.integers(1, count))) % count
