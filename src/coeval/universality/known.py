"""Facts of components by name, beyond what their capability strings say.

``OUTSIDE`` holds names that are no components of the library (yet) but that a user may want to audit;
its summaries say what exactly is meant by each, because the verdicts depend on it. ``INSIDE`` refines
components of the library, by their implementation.
"""

from collections.abc import Iterable, Mapping
from dataclasses import replace
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
        "Attention that takes the value of the best-matching position.",
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
_ACTIVATIONS = tuple(
    activation_facts(ACTIVATIONS[name], summary)
    for name, summary in (
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
)
_GROUPS = (_ITERATIONS, _CELLS, _MIXING, _MEMORIES, _LINEAR, _ACTIVATIONS, _OTHER_MODELS)
OUTSIDE: Mapping[str, Facts] = MappingProxyType(
    {one.name: one for group in _GROUPS for one in group}
)
"""Facts of names that are no components of the library."""

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

_MODULES = "coeval.build.modules."
_NUMERIC = "coeval.build.numeric.functions:"


def _inside(grants: Iterable[Has], *more: Keeps) -> Facts:
    return Facts("", grants=frozenset(grants), guarantees=POINTWISE | frozenset(more))


def _activated(name: str) -> Facts:
    return replace(activation_facts(ACTIVATIONS[name]), name="")


_AFFINE_STEPS: Mapping[str, Facts] = {
    _MODULES + "channel:Linear": _inside({Has.AFFINE}, *_AFFINE),
    _MODULES + "channel:Scale": _inside((), *_AFFINE),
    _MODULES + "channel:Dropout": _inside((), *_AFFINE, *_RISING),
    _MODULES + "channel:Identity": _inside((), *_AFFINE, *_RISING),
    _MODULES + "norm:BatchNorm": _inside((), *_AFFINE),
    _MODULES + "merge:Add": _inside({Has.SUM}, *_AFFINE, *_RISING),
    _MODULES + "merge:Concatenate": _inside({Has.CONCATENATION}, *_AFFINE, *_RISING),
    _MODULES + "region:Residual": _inside({Has.SKIP}, *_AFFINE, *_RISING),
    _MODULES + "region:Repeat": _inside({Has.FIXED_ITERATION}, *_AFFINE, *_RISING, *_WRAPPER),
    _NUMERIC + "add": _inside({Has.SUM}, *_AFFINE, *_RISING),
    _NUMERIC + "sub": _inside({Has.DIFFERENCE}, *_AFFINE),
    _NUMERIC + "neg": _inside({Has.NEGATION}, *_AFFINE),
    _NUMERIC + "successor": _inside({Has.SUCCESSOR}, *_AFFINE, *_RISING),
    _NUMERIC + "identity": _inside((), *_AFFINE, *_RISING),
    _NUMERIC + "const": _inside({Has.CONSTANT}, *_AFFINE, *_RISING),
}
_OTHER_STEPS: Mapping[str, Facts] = {
    _MODULES + "merge:Multiply": _inside({Has.PRODUCT}),
    # With a constant value, a gated linear unit is the logistic function of an affine map.
    _MODULES + "channel:GluGate": replace(_activated("sigmoid"), guarantees=POINTWISE),
    _MODULES + "norm:LayerNorm": _inside(()),
    _MODULES + "norm:RMSNorm": _inside(()),
    _NUMERIC + "mul": _inside({Has.PRODUCT}),
    _NUMERIC + "div": _inside({Has.DIVISION}),
    _NUMERIC + "max": _inside({Has.MAXIMUM}, *_RISING),
    _NUMERIC + "min": _inside({Has.EXTREMUM}, *_RISING),
    _NUMERIC + "less": _inside({Has.COMPARISON}),
    _NUMERIC + "select": _inside({Has.SELECTION}),
    _NUMERIC + "primitive_recursion": _inside({Has.PRIMITIVE_RECURSION, Has.VALUE_ITERATION}),
    _NUMERIC + "mu": Facts(
        "", grants=frozenset({Has.MINIMISATION}), guarantees=frozenset({Keeps.FIXED_MEMORY})
    ),
    # Partial functions: undefined, or without bound, somewhere, so no activation in the sense of the theorems.
    **{_NUMERIC + name: _inside(()) for name in ("pow", "inv", "sqrt", "log", "tan")},
}
_ACTIVATION_STEPS: Mapping[str, Facts] = {
    _MODULES + "channel:ReLU": _activated("relu"),
    _MODULES + "channel:GELU": _activated("gelu"),
    _MODULES + "channel:SiLU": _activated("silu"),
    _MODULES + "channel:Tanh": _activated("tanh"),
    _MODULES + "channel:Sigmoid": _activated("sigmoid"),
    _MODULES + "channel:HardSigmoid": _activated("hard_sigmoid"),
    **{
        _NUMERIC + name: _activated(name)
        for name in ("abs", "sin", "cos", "exp", "tanh", "square", "cube")
    },
}
INSIDE: Mapping[str, Facts] = MappingProxyType(
    {**_AFFINE_STEPS, **_OTHER_STEPS, **_ACTIVATION_STEPS}
)
"""Facts of the library's components, by ``numeric`` or else ``lowering``; name and summary are the component's."""
