"""What a component set can build: its capabilities closed under rewritings that are exact (reference, B.4).

Each lemma says how one capability is made of others, so that whatever a theorem needs is expressed in
the user's own components. Lemmas only ever add, so a larger set never loses a capability.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache

from coeval.universality.capability import AMBIENT, Facts
from coeval.universality.capability import Capability as Has


@dataclass(frozen=True, slots=True)
class Lemma:
    """``gives`` can be built where all of ``needs`` are there; ``how`` is the construction, for the reader (empty where nothing is built)."""

    gives: Has
    needs: frozenset[Has]
    how: str


def _lemma(gives: Has, *needs: Has, how: str) -> Lemma:
    return Lemma(gives, frozenset(needs), how)


_ARITHMETIC = (
    _lemma(Has.SUM, Has.DIFFERENCE, how="a + b = a - ((a - a) - b)"),
    _lemma(Has.NEGATION, Has.DIFFERENCE, how="-a = (a - a) - a"),
    _lemma(Has.NEGATION, Has.PRODUCT, Has.CONSTANT, how="-a = (-1) · a"),
    _lemma(Has.SQUARE, Has.PRODUCT, how="a² = a · a"),
    _lemma(Has.PRODUCT, Has.SQUARE, Has.AFFINE, how="a · b = ((a + b)² - a² - b²) / 2"),
    _lemma(
        Has.PRODUCT,
        *(Has.SQUARE, Has.SUM, Has.NEGATION, Has.CONSTANT),
        how="a · b = ((a + b)² - a² - b²) / 2, with a / 2 = (a + 1/4)² - a² - 1/16",
    ),
    _lemma(Has.AFFINE, Has.SUM, Has.PRODUCT, Has.CONSTANT, how="sums of products with constants"),
    _lemma(Has.INTEGER_AFFINE, Has.AFFINE, how=""),
    _lemma(
        Has.INTEGER_AFFINE, Has.SUM, Has.NEGATION, Has.CONSTANT, how="repeated sums and negations"
    ),
    _lemma(Has.CONSTANT, Has.AFFINE, how="the bias of an affine map"),
    _lemma(Has.ZERO, Has.CONSTANT, how="the constant 0"),
    _lemma(Has.SUCCESSOR, Has.SUM, Has.CONSTANT, how="a + 1"),
    _lemma(Has.SUCCESSOR, Has.INTEGER_AFFINE, how="a + 1"),
)
_WIRING = (
    _lemma(Has.SKIP, Has.SUM, how="an earlier result is added"),
    _lemma(Has.SUM, Has.CONCATENATION, Has.AFFINE, how="an affine map of both, side by side"),
    _lemma(
        Has.LINEAR_STATE, Has.SKIP, Has.INTEGER_AFFINE, how="the state passes beside the activation"
    ),
    _lemma(
        Has.LINEAR_STATE,
        *(Has.TWO_SLOPE, Has.AFFINE),
        how="φ(n) / p = n on a state that is never < 0, slope p there",
    ),
    _lemma(
        Has.LINEAR_STATE,
        *(Has.ABSOLUTE, Has.AFFINE),
        how="φ(n) / p = n on a state that is never < 0, slope p there",
    ),
    _lemma(
        Has.LINEAR_STATE,
        Has.RECTIFIER,
        Has.INTEGER_AFFINE,
        how="relu(n) = n on a state that is never < 0",
    ),
)
_UNITS = (
    _lemma(Has.RECTIFIER, Has.MAXIMUM, Has.CONSTANT, how="relu(x) = max(x, 0)"),
    _lemma(
        Has.RECTIFIER,
        Has.EXTREMUM,
        Has.CONSTANT,
        Has.NEGATION,
        how="relu(x) = max(x, 0) = -min(-x, 0)",
    ),
    _lemma(Has.RECTIFIER, Has.EXTREMUM, Has.AFFINE, how="relu(x) = max(x, 0) = -min(-x, 0)"),
    _lemma(
        Has.RECTIFIER,
        *(Has.TWO_SLOPE, Has.AFFINE),
        how="relu(x) = (p φ(x) + s φ(-x)) / (p² - s²), slopes p above and s below 0",
    ),
    _lemma(
        Has.RECTIFIER,
        Has.ABSOLUTE,
        Has.AFFINE,
        Has.SKIP,
        how="relu(x) = (x + φ(x) / p) / 2, slopes p and -p",
    ),
    _lemma(
        Has.SATURATED_LINEAR,
        Has.RECTIFIER,
        Has.INTEGER_AFFINE,
        how="sat(x) = relu(x) - relu(x - 1)",
    ),
    _lemma(
        Has.SATURATED_LINEAR,
        *(Has.RAMP, Has.AFFINE),
        how="sat(x) = (φ(l + (u - l) x) - φ(l)) / (φ(u) - φ(l)), φ constant up to l and from u",
    ),
    _lemma(Has.LOGISTIC_LAYER, Has.LOGISTIC, Has.AFFINE, how="an activation after an affine map"),
)
_GATES = (
    _lemma(Has.GATE, Has.RECTIFIER, how="g(n) = relu(n)"),
    _lemma(Has.GATE, Has.SATURATED_LINEAR, how="g(n) = sat(n)"),
    _lemma(Has.GATE, Has.COMPARISON, Has.CONSTANT, how="g(n) = [0 < n]"),
    _lemma(Has.GATE, Has.SELECTION, Has.CONSTANT, how="g(n) = 1 where n > 0, else 0"),
    _lemma(
        Has.GATE,
        Has.TEMPLATE_GATE,
        Has.AFFINE,
        how="an activation between affine maps",
    ),
    _lemma(
        Has.GATE,
        *(Has.LINEAR_TEMPLATE_GATE, Has.AFFINE, Has.SKIP),
        how="an activation between affine maps, beside a linear term",
    ),
    _lemma(
        Has.GATE,
        *(Has.ABSOLUTE, Has.AFFINE),
        how="g(a - b) = (φ(a - b) + φ(a) - φ(b)) / (2 p), slopes p and -p, where a, b are never < 0",
    ),
    _lemma(Has.SATURATING_GATE, Has.GATE, how="the exact gate"),
    _lemma(
        Has.SATURATING_GATE,
        *(Has.SATURATING_TEMPLATE, Has.AFFINE),
        how="an activation between affine maps, rounded to float64",
    ),
)
_APPROXIMATION = (
    _lemma(Has.NONPOLYNOMIAL, Has.RECTIFIER, how="relu"),
    _lemma(Has.NONPOLYNOMIAL, Has.COMPARISON, Has.CONSTANT, how="a step: [0 < x]"),
    _lemma(Has.NONPOLYNOMIAL, Has.SELECTION, Has.CONSTANT, how="a step: 1 where x > 0, else 0"),
    _lemma(Has.NONAFFINE, Has.RECTIFIER, how="relu"),
    _lemma(Has.NONAFFINE, Has.SQUARE, how="x²"),
)
_CONTROL = (
    _lemma(Has.CONTROL, Has.NAND, Has.DELAY, how="sequential circuits"),
    _lemma(
        Has.CONTROL,
        *(Has.GATE, Has.INTEGER_AFFINE, Has.UNBOUNDED_ITERATION),
        how="one unit a state, g(z + u - 1) = z and u",
    ),
    _lemma(Has.FLOAT64_CONTROL, Has.CONTROL, how="the same on bits"),
    _lemma(
        Has.FLOAT64_CONTROL,
        *(Has.SATURATING_GATE, Has.INTEGER_AFFINE, Has.UNBOUNDED_ITERATION),
        how="one unit a state, g(z + u - 1) = z and u, in float64",
    ),
    _lemma(
        Has.PRIMITIVE_RECURSION,
        *(Has.SUM, Has.PRODUCT, Has.GATE, Has.MINIMISATION),
        how="Gödel's beta function, from +, ·, < and minimisation",
    ),
)
LEMMAS = (*_ARITHMETIC, *_WIRING, *_UNITS, *_GATES, *_APPROXIMATION, *_CONTROL)

_FUNCTIONS = frozenset(
    {Has.TWO_SLOPE, Has.ABSOLUTE, Has.RAMP, Has.TEMPLATE_GATE, Has.LINEAR_TEMPLATE_GATE}
    | {Has.SATURATING_TEMPLATE}
)
"""Capabilities that are one scalar function each."""

BIT = {one: 1 << position for position, one in enumerate(Has)}


def mask(capabilities: Iterable[Has]) -> int:
    """Return a set of capabilities as the bits of an integer (additions are searched for on these)."""
    bits = 0
    for one in capabilities:
        bits |= BIT[one]
    return bits


_STEPS = tuple((mask(one.needs), BIT[one.gives]) for one in LEMMAS)


@lru_cache(maxsize=1 << 14)
def closed(bits: int) -> int:
    """Return the closure of a set of capabilities under the lemmas, both as bits."""
    while True:
        before = bits
        for needs, gives in _STEPS:
            if not bits & gives and bits & needs == needs:
                bits |= gives
        if bits == before:
            return bits


@dataclass(frozen=True, slots=True)
class Source:
    """Where a capability comes from: the components that bring it, or the lemma that makes it of others."""

    components: tuple[str, ...]
    lemma: Lemma | None = None


def derive(facts: Iterable[Facts]) -> Mapping[Has, Source]:
    """Return every capability of a component set with its source, the components' own first.

    Args:
        facts: What is known of each component.
    """
    sources: dict[Has, Source] = {one: Source(()) for one in AMBIENT}
    for one in facts:
        for capability in sorted(one.grants):
            before = sources.get(capability, Source(()))
            sources[capability] = Source((*before.components, one.name))
    grown = True
    while grown:
        grown = False
        for lemma in LEMMAS:
            if lemma.gives not in sources and lemma.needs <= sources.keys():
                sources[lemma.gives] = Source((), lemma)
                grown = True
    return sources


def explain(sources: Mapping[Has, Source], wanted: Iterable[Has]) -> tuple[str, ...]:
    """Return how the wanted capabilities are made of the user's components, one line each, parts first.

    Args:
        sources: As ``derive`` returns them.
        wanted: Capabilities that are among them.
    """
    lines: dict[Has, str] = {}
    for one in sorted(wanted):
        _explain(sources, one, lines)
    return tuple(lines.values())


def _explain(sources: Mapping[Has, Source], wanted: Has, lines: dict[Has, str]) -> None:
    source = sources[wanted]
    if wanted in lines or wanted in AMBIENT:
        return
    if source.lemma is None:
        lines[wanted] = f"{wanted}: {', '.join(source.components)}"
        return
    for part in sorted(source.lemma.needs):
        _explain(sources, part, lines)
    if source.lemma.how:
        lines[wanted] = f"{wanted}: {_named(source.lemma, sources)}"


def _named(lemma: Lemma, sources: Mapping[Has, Source]) -> str:
    """Return the construction with the user's activation in the place of a formula's ``φ``."""
    units = [name for one in lemma.needs & _FUNCTIONS for name in sources[one].components]
    return lemma.how.replace("φ(", f"{units[0]}(") if units else lemma.how
