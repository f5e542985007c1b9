"""Facts of the library's components, beyond what their capability strings say, by implementation."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from functools import cache
from types import MappingProxyType

from coeval.universality.activations import ACTIVATIONS
from coeval.universality.capability import Capability as Has
from coeval.universality.capability import Facts
from coeval.universality.capability import Guarantee as Keeps
from coeval.universality.facts import POINTWISE, activation_facts

_AFFINE = (Keeps.AFFINE, Keeps.POLYNOMIAL)
_RISING = (Keeps.MONOTONE,)

_MODULES = "coeval.build.modules."
_NUMERIC = "coeval.build.numeric.functions:"


def _inside(grants: Iterable[Has], *more: Keeps) -> Facts:
    return Facts("", grants=frozenset(grants), guarantees=POINTWISE | frozenset(more))


_AFFINE_STEPS: Mapping[str, Facts] = {
    _MODULES + "channel:Linear": _inside({Has.AFFINE}, *_AFFINE),
    _MODULES + "channel:Scale": _inside((), *_AFFINE),
    _MODULES + "channel:Dropout": _inside((), *_AFFINE, *_RISING),
    _MODULES + "channel:Identity": _inside((), *_AFFINE, *_RISING),
    _MODULES + "norm:BatchNorm": _inside((), *_AFFINE),
    _MODULES + "merge:Add": _inside({Has.SUM}, *_AFFINE, *_RISING),
    _MODULES + "merge:Concatenate": _inside({Has.CONCATENATION}, *_AFFINE, *_RISING),
    _MODULES + "region:Residual": _inside({Has.SKIP}, *_AFFINE, *_RISING),
    _MODULES + "region:Repeat": _inside(
        {Has.FIXED_ITERATION}, *_AFFINE, *_RISING, Keeps.DISCRETE, Keeps.BOUNDED_STATE
    ),
    _NUMERIC + "add": _inside({Has.SUM}, *_AFFINE, *_RISING),
    _NUMERIC + "sub": _inside({Has.DIFFERENCE}, *_AFFINE),
    _NUMERIC + "neg": _inside({Has.NEGATION}, *_AFFINE),
    _NUMERIC + "successor": _inside({Has.SUCCESSOR}, *_AFFINE, *_RISING),
    _NUMERIC + "identity": _inside((), *_AFFINE, *_RISING),
    _NUMERIC + "const": _inside({Has.CONSTANT}, *_AFFINE, *_RISING),
}
# Padding is zeros; a grid keeps its size or shrinks, so nothing grows into them.
_MIXING = frozenset({Keeps.HALTS, Keeps.FIXED_MEMORY})
_GRIDS: Mapping[str, Facts] = {
    _MODULES + "grid:Conv": Facts(
        "",
        grants=frozenset({Has.AFFINE, Has.CONVOLUTION, Has.ZERO_PADDING}),
        guarantees=_MIXING | {*_AFFINE},
    ),
    _MODULES + "grid:DepthwiseConv": Facts("", guarantees=_MIXING | {*_AFFINE}),
    _MODULES + "grid:AveragePool": Facts("", guarantees=_MIXING | {*_AFFINE, *_RISING}),
    # A maximum is a rectifier only where a zero stands in the window, which a component set cannot promise.
    _MODULES + "grid:MaxPool": Facts("", guarantees=_MIXING | {*_RISING}),
    _MODULES + "grid:GlobalAveragePool": _inside((), *_AFFINE, *_RISING),
    _MODULES + "grid:Flatten": Facts("", guarantees=_MIXING | {*_AFFINE, *_RISING}),
    # A group or an axis may be all there is: neither mixes what the theorems on convolutions need mixed.
    _MODULES + "conv:GroupConv": Facts("", guarantees=_MIXING | {*_AFFINE}),
    _MODULES + "conv:AxisConv": Facts("", guarantees=_MIXING | {*_AFFINE}),
    _MODULES + "resize:Subsample": Facts("", guarantees=_MIXING | {*_AFFINE, *_RISING}),
    _MODULES + "resize:Upsample": Facts("", guarantees=_MIXING | {*_AFFINE, *_RISING}),
    _MODULES + "resize:PatchEmbedding": Facts("", guarantees=_MIXING | {*_AFFINE}),
    _MODULES + "resize:ToSequence": Facts("", guarantees=_MIXING | {*_AFFINE, *_RISING}),
    _MODULES + "resize:ToGrid": Facts("", guarantees=_MIXING | {*_AFFINE, *_RISING}),
    _MODULES + "constant:Zero": _inside({Has.ZERO}, *_AFFINE, *_RISING),
    _MODULES + "channel:GroupAverage": _inside((), *_AFFINE, *_RISING),
    _MODULES + "channel:ChannelShuffle": _inside((), *_AFFINE, *_RISING),
    _MODULES + "channel:DropPath": _inside((), *_AFFINE, *_RISING),
    _MODULES + "channel:Spike": _inside({Has.NONPOLYNOMIAL}, *_RISING, Keeps.BOUNDED_STATE),
}
_OTHER_STEPS: Mapping[str, Facts] = {
    _MODULES + "merge:Multiply": _inside({Has.PRODUCT}),
    _MODULES + "merge:Gate": _inside(()),
    _MODULES + "attention:Attention": _inside({Has.ATTENTION}),
    _MODULES + "attention:PositionEmbedding": Facts(
        "", grants=frozenset({Has.POSITIONS}), guarantees=_MIXING | {*_AFFINE, *_RISING}
    ),
    _MODULES + "norm:GroupNorm": _inside(()),
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
_FUNCTIONS = {
    _MODULES + "channel:ReLU": "relu",
    _MODULES + "channel:GELU": "gelu",
    _MODULES + "channel:SiLU": "silu",
    _MODULES + "channel:Tanh": "tanh",
    _MODULES + "channel:Sigmoid": "sigmoid",
    _MODULES + "channel:HardSigmoid": "hard_sigmoid",
    **{_NUMERIC + name: name for name in ("abs", "sin", "cos", "exp", "tanh", "square", "cube")},
}


@cache
def inside() -> Mapping[str, Facts]:
    """Return facts by ``numeric`` or else ``lowering`` of a component; name and summary are the component's."""
    functions = {where: activation_facts(ACTIVATIONS[name]) for where, name in _FUNCTIONS.items()}
    # With a constant value, a gated linear unit is the logistic function of an affine map.
    gated = replace(activation_facts(ACTIVATIONS["sigmoid"]), guarantees=POINTWISE)
    found = {
        **_AFFINE_STEPS,
        **_GRIDS,
        **_OTHER_STEPS,
        **functions,
        _MODULES + "channel:GluGate": gated,
    }
    return MappingProxyType(found)
