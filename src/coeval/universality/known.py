"""Names that are no components of the library (yet), but that a user may want to audit.

The summaries say what exactly is meant by each, because the verdicts depend on it.
"""

from collections.abc import Iterable, Mapping
from functools import cache
from types import MappingProxyType

from coeval.universality.activations import ACTIVATIONS
from coeval.universality.capability import Capability as Has
from coeval.universality.capability import Facts
from coeval.universality.capability import Guarantee as Keeps
from coeval.universality.facts import POINTWISE, activation_facts

_STEP = frozenset({Keeps.HALTS, Keeps.FIXED_MEMORY})
_AFFINE = frozenset({Keeps.AFFINE, Keeps.POLYNOMIAL})
_RISING = frozenset({Keeps.MONOTONE})
# A wrapper adds no operation of its own, so what its region never leaves it does not leave either.
_WRAPPER = frozenset({Keeps.FIXED_MEMORY, Keeps.DISCRETE, Keeps.BOUNDED_STATE})
_BITS = frozenset({Keeps.FIXED_MEMORY, Keeps.DISCRETE, Keeps.BOUNDED_STATE})


def _known(
    name: str, summary: str, grants: Iterable[Has], guarantees: Iterable[Keeps], note: str = ""
) -> Facts:
    return Facts(name, summary, frozenset(grants), frozenset(guarantees), note=note)


_ITERATIONS = (
    _known(
        "iterate_until",
        "The region applied to its own result until a number of the state, read by the region, is positive; no bound.",
        {Has.UNBOUNDED_ITERATION, Has.HALT},
        _WRAPPER,
    ),
    _known(
        "iterate",
        "The region applied to its own result without bound; an observer reads when it is done.",
        {Has.UNBOUNDED_ITERATION},
        _WRAPPER | {Keeps.POSITIONWISE},
    ),
    _known(
        "iterate_times",
        "The region applied as often as a value says that is known on entry.",
        {Has.VALUE_ITERATION},
        _WRAPPER | {Keeps.HALTS},
    ),
    _known(
        "scan",
        "The region applied once for each item of the input, its state handed on.",
        {Has.INPUT_ITERATION},
        _WRAPPER | {Keeps.HALTS, Keeps.MONOTONE} | _AFFINE,
    ),
    _known(
        "decode",
        "Autoregressive decoding: each result is appended to the sequence, and the next step starts from it; no bound.",
        {Has.UNBOUNDED_ITERATION, Has.HALT},
        (),
    ),
)
_CELLS = (
    _known(
        "lstm",
        "Long short-term memory (Hochreiter & Schmidhuber 1997), its cell applied once for each item of the input.",
        {Has.GATED_MEMORY, Has.INPUT_ITERATION, Has.NONPOLYNOMIAL, Has.NONAFFINE},
        _STEP,
    ),
    _known(
        "gru",
        "Gated recurrent unit (Cho et al. 2014), its cell applied once for each item of the input.",
        {Has.CONVEX_STATE, Has.INPUT_ITERATION, Has.NONPOLYNOMIAL, Has.NONAFFINE},
        _STEP | {Keeps.BOUNDED_STATE},
    ),
    _known(
        "elman",
        "h' = tanh(V h + W x + b) (Elman 1990), once for each item of the input.",
        {Has.LOGISTIC_LAYER, Has.INPUT_ITERATION, Has.NONPOLYNOMIAL, Has.NONAFFINE},
        _STEP | {Keeps.BOUNDED_STATE},
    ),
    Facts(
        "relu_elman",
        "h' = relu(V h + W x + b), once for each item of the input.",
        frozenset({Has.RECTIFIER, Has.INTEGER_AFFINE, Has.INPUT_ITERATION}),
        _STEP,
        ACTIVATIONS["relu"],
    ),
)
_MIXING = (
    _known(
        "conv",
        "Convolution over positions with zero padding on both sides beyond the kernel, so that the sequence may grow.",
        {Has.CONVOLUTION, Has.ZERO_PADDING, Has.GROWTH, Has.AFFINE},
        {Keeps.HALTS} | _AFFINE,
    ),
    _known(
        "conv_same",
        "Convolution over positions with zero padding; the length stays.",
        {Has.CONVOLUTION, Has.ZERO_PADDING, Has.AFFINE},
        _STEP | _AFFINE,
    ),
    _known(
        "conv_periodic",
        "Convolution over positions on a ring; the length stays.",
        {Has.CONVOLUTION, Has.PERIODIC_PADDING, Has.AFFINE},
        _STEP | _AFFINE,
    ),
    _known(
        "max_pool",
        "The largest number in a window of positions.",
        (),
        _STEP | _RISING,
        "it is a rectifier only where a zero stands in the window, which a component set cannot promise",
    ),
    _known(
        "maxout",
        "The largest of a group of features (Goodfellow et al. 2013).",
        {Has.MAXIMUM},
        POINTWISE | _RISING,
    ),
    _known(
        "attention",
        "Soft-max attention over positions, with learnt queries, keys and values.",
        {Has.ATTENTION},
        POINTWISE,
    ),
    _known(
        "hard_attention",
        "Attention that takes the value of the best-matching position, the mean of them where several match best.",
        {Has.HARD_ATTENTION},
        POINTWISE,
    ),
    _known("positions", "A positional encoding, added to the input.", {Has.POSITIONS}, _STEP),
)
_MEMORIES = (
    _known(
        "stack",
        "An unbounded stack with push, pop and top; an architecture may hold several.",
        {Has.STACK},
        {Keeps.HALTS, Keeps.DISCRETE},
    ),
    _known(
        "tape",
        "An unbounded tape with a head that reads, writes and moves by one.",
        {Has.TAPE},
        {Keeps.HALTS, Keeps.DISCRETE},
    ),
)
_LINEAR = (
    _known(
        "monotone_linear",
        "Affine map with weights that are not negative.",
        (),
        POINTWISE | _AFFINE | _RISING,
    ),
    _known(
        "floor",
        "The largest integer that is not above x.",
        {Has.FLOOR, Has.NONPOLYNOMIAL},
        POINTWISE | _RISING,
    ),
    _known("zero", "The constant 0.", {Has.ZERO}, POINTWISE | _AFFINE | _RISING),
)
_OTHER_MODELS = (
    _known("nand", "Not-and of two bits.", {Has.NAND}, {Keeps.HALTS, *_BITS}),
    _known(
        "delay",
        "A bit handed on to the next tick of an unending clock, loops allowed.",
        {Has.DELAY},
        _BITS,
    ),
    _known("s", "The combinator S: S f g x = f x (g x).", {Has.COMBINATOR_S}, {Keeps.HALTS}),
    _known("k", "The combinator K: K x y = x.", {Has.COMBINATOR_K}, {Keeps.HALTS}),
    _known(
        "application",
        "One combinator term applied to another, reduced as long as it can be.",
        {Has.APPLICATION},
        (),
    ),
    _known(
        "rule110",
        "The elementary cellular automaton 110, run for as long as wanted on an infinite periodic background.",
        {Has.RULE_110, Has.PERIODIC_BACKGROUND},
        {Keeps.DISCRETE},
    ),
)
_ACTIVATIONS = (
    ("leaky_relu", "x for x >= 0, else 0.01 x."),
    ("hardtanh", "min(max(x, -1), 1)."),
    ("relu6", "min(max(x, 0), 6)."),
    ("saturated_linear", "min(max(x, 0), 1)."),
    ("squared_relu", "max(x, 0)²."),
    ("hardswish", "x · min(max(x + 3, 0), 6) / 6."),
    ("elu", "x for x >= 0, else exp(x) - 1."),
    ("softplus", "log(1 + exp(x))."),
    ("mish", "x · tanh(softplus(x))."),
    ("gaussian", "exp(-x²)."),
    ("arctan", "Arc tangent."),
    ("softsign", "x / (1 + |x|)."),
    ("step", "1 for x > 0, else 0."),
    ("sign", "-1, 0 or 1."),
)
_GROUPS = (_ITERATIONS, _CELLS, _MIXING, _MEMORIES, _LINEAR, _OTHER_MODELS)


@cache
def outside() -> Mapping[str, Facts]:
    """Return the facts of names that are no components of the library, by name."""
    activations = tuple(activation_facts(ACTIVATIONS[name], text) for name, text in _ACTIVATIONS)
    groups = (*_GROUPS, activations)
    return MappingProxyType({one.name: one for group in groups for one in group})


ALIASES: Mapping[str, str] = MappingProxyType(
    {
        "hard_tanh": "hardtanh",
        "hardsigmoid": "hard_sigmoid",
        "hard_swish": "hardswish",
        "logistic": "sigmoid",
        "swish": "silu",
        "sat": "saturated_linear",
        "rnn": "elman",
        "compare": "less",
        "constant": "const",
        "product": "mul",
        "concat": "concatenate",
        "minimisation": "mu",
    }
)
"""Other names of the same things."""
