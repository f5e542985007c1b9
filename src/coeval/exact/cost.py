"""What an exact search will cost, before it is begun.

The number of sequences is a closed form; the number of evaluations is extrapolated from the lengths already
covered, with the largest recent share of distinct values; a short calibration on those values tells how
long an evaluation of each operation takes on this machine.
"""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from coeval.exact.kernels.constants import fit_constants
from coeval.exact.kernels.pairs import best_pair
from coeval.exact.rows import Rows
from coeval.exact.score import Target, score
from coeval.exact.search import Search, Stage
from coeval.exact.size import count
from coeval.exact.vocabulary import Values, apply, block_rows, finite_rows

YEAR = 365.25 * 24 * 3600
INTRACTABLE_SECONDS = 30 * 24 * 3600.0
_LARGEST = 10**300
_PAIRED = 1 << 18
"""Numbers on each side of the pairs that are timed."""
_TIMED = 1 << 19
"""Numbers that a timed evaluation gives, at most, as long as it gives one sequence's."""
_CLEAR = 0.3
"""Seconds that are measured well enough by one run."""


@dataclass(frozen=True, slots=True)
class Prediction:
    """What covering a length costs.

    Attributes:
        length: Most nodes or steps.
        sequences: How many sequences there are, in closed form.
        evaluations: How many of them are to be evaluated, extrapolated.
        seconds: Extrapolated time.
        memory_bytes: Extrapolated memory of what is kept.
    """

    length: int
    sequences: int
    evaluations: int
    seconds: float
    memory_bytes: int

    @property
    def verdict(self) -> str:
        """Return the cost in words.

        Example:
            >>> Prediction(30, 10**24, 10**20, 1e11, 4 * 10**13).verdict
            'intractable: about 3,200 years, 40 TB'
        """
        spent = f"about {_duration(self.seconds)}, {_bytes(self.memory_bytes)}"
        return f"intractable: {spent}" if self.seconds > INTRACTABLE_SECONDS else spent

    def describe(self) -> str:
        """Return the length, its number of sequences and the cost in one line."""
        return f"length {self.length}: {_number(self.sequences)} sequences, {self.verdict}"


@dataclass(frozen=True, slots=True)
class Rates:
    """Seconds that one of each takes on this machine and these examples.

    Attributes:
        applications: An application of each operation, evaluated and scored.
        keep: Finding whether a value is new, and keeping it.
        pair: Scoring a pair of kept values that is not evaluated.
        fit: Fitting the open constants of a structure; 0 where none are fitted.
    """

    applications: tuple[float, ...]
    keep: float
    pair: float
    fit: float = 0.0


def calibrate(search: Search, target: Target, *, nonlinear: bool = False) -> Rates:
    """Measure a search's operations on its own values: some milliseconds each, of many examples on few of them.

    Args:
        search: At least its leaves are kept.
        target: What sequences are scored on.
        nonlinear: Whether structures with open constants are fitted.
    """
    vocabulary = search.vocabulary
    rows = max(1, min(block_rows(vocabulary.examples), _TIMED // vocabulary.examples))
    values = np.resize(search.values, (rows, vocabulary.examples))
    room = np.empty_like(values)

    def evaluate(index: int) -> Callable[[], object]:
        arity = vocabulary.operations[index].arity
        taken = np.arange(rows) % len(search)

        def run() -> None:
            operands = [search.values[taken] for _ in range(arity)]
            results = apply(vocabulary.functions[index], operands, room)
            score(results[finite_rows(results)], target, 0.0)

        return run

    seconds = tuple(_seconds(evaluate(index)) / rows for index in range(len(vocabulary.operations)))
    fresh = np.random.default_rng(0).random((rows, vocabulary.examples)).view(np.uint64)
    keep = _seconds(lambda: Rows(vocabulary.examples).add(fresh)) / rows
    first = search.values[0]

    def family(constants: Values) -> Values:
        values: Values = np.sin(constants[:, :1] * first + constants[:, 1:])
        return values

    many = max(16, min(512, _PAIRED // vocabulary.examples))
    side = np.resize(search.values, (many, vocabulary.examples))
    constants: Literal["linear", "none"] = "linear" if target.scaled else "none"
    pair = _seconds(
        lambda: best_pair(
            side, side, target.values, "mul", constants=constants, incumbent=target.floor
        )
    )
    fit = _seconds(lambda: fit_constants(family, 2, target.values)) if nonlinear else 0.0
    return Rates(seconds, keep, pair / many**2, fit)


def predict(search: Search, rates: Rates, length: int, *, features: int = 1) -> Prediction:
    """Extrapolate the cost of covering a length from where a search stands.

    Args:
        search: Some lengths are covered.
        rates: What ``calibrate`` measured.
        length: Most nodes or steps.
        features: Sequences that a linear model combines.
    """
    vocabulary = search.vocabulary
    stages = _stages(search, length, keep=features > 1)
    evaluations = sum(sum(one.applications) + one.pairs for one in stages)
    seconds = 0.0
    for stage in stages:
        for many, each in zip(stage.applications, rates.applications, strict=True):
            seconds += _float(many) * (each + (rates.keep if stage.kept else 0.0))
        seconds += _float(stage.pairs) * rates.pair
    kept = sum(one.kept for one in stages)
    sets = sum(one.sets * _set_bytes(length) for one in stages)
    if features > 1:
        pairs = (len(search) + kept) ** 2 // 2
        evaluations, seconds = evaluations + pairs, seconds + _float(pairs) * rates.pair
    leaves = len(vocabulary.leaves)
    sequences = count(search.semantics, length, leaves, vocabulary.operations)
    if rates.fit:
        # a closed form for an open constant as one more leaf: some of these are spanned by others
        sequences = count(search.semantics, length, leaves + 1, vocabulary.operations)
        seconds += _float(sequences) * rates.fit
        evaluations += sequences
    return Prediction(
        length,
        sequences,
        evaluations,
        seconds,
        search.memory_bytes + kept * _value_bytes(vocabulary.examples) + sets,
    )


def _stages(search: Search, length: int, *, keep: bool) -> Sequence[Stage]:
    """Return the work of covering a length; where all its values are to be kept, nothing is streamed."""
    if length <= search.covered:
        return []
    if not keep:
        return search.ahead(length)
    further = length
    while search.reach(further) < length:
        further += 1
    return search.ahead(further)[:-1]


def _value_bytes(examples: int) -> int:
    """Return what a kept value takes: results, hash, back-pointers, and its share of the table."""
    return 8 * examples + 8 + 14 + 16


def _set_bytes(steps: int) -> int:
    return 9 * steps


def _seconds(run: Callable[[], object]) -> float:
    """Return the least time of three runs, or of fewer that took long."""
    times: list[float] = []
    while len(times) < 3 and sum(times) < _CLEAR:
        start = time.perf_counter()
        run()
        times.append(time.perf_counter() - start)
    return min(times)


def _float(number: int) -> float:
    return float(min(number, _LARGEST))


def _number(number: int) -> str:
    return f"{number:,}" if number < 10**15 else f"about 10^{len(str(number)) - 1}"


def _duration(seconds: float) -> str:
    for unit, name in ((YEAR, "years"), (86_400.0, "days"), (3600.0, "hours"), (60.0, "minutes")):
        if seconds >= 2 * unit:
            return f"{_rounded(seconds / unit)} {name}"
    return f"{_rounded(seconds)} seconds"


def _bytes(number: int) -> str:
    size, names = _float(number), ["bytes", "kB", "MB", "GB", "TB", "PB", "EB"]
    while size >= 1000 and len(names) > 1:
        size, names = size / 1000, names[1:]
    return f"{_rounded(size)} {names[0]}"


def _rounded(value: float) -> str:
    if value >= 1e15:
        return f"10^{np.log10(value):.0f}"
    if value >= 10:
        digits = 10 ** (len(str(int(value))) - 2)
        return f"{round(value / digits) * digits:,}"
    return f"{value:.2g}"
