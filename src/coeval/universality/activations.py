"""The named activations in NumPy float64, with their stated properties (reference, B.4)."""

import math
from types import MappingProxyType

import numpy as np

from coeval.universality.activation import Activation, Array

LEAK = 0.01
_ERF = np.frompyfunc(math.erf, 1, 1)


def _relu(x: Array) -> Array:
    return np.maximum(x, 0.0)


def _squared_relu(x: Array) -> Array:
    return np.square(np.maximum(x, 0.0))


def _relu6(x: Array) -> Array:
    return np.minimum(np.maximum(x, 0.0), 6.0)


def _step(x: Array) -> Array:
    return np.asarray(x > 0, dtype=np.float64)


def _hardtanh(x: Array) -> Array:
    return np.clip(x, -1.0, 1.0)


def _saturated_linear(x: Array) -> Array:
    return np.clip(x, 0.0, 1.0)


def _hard_sigmoid(x: Array) -> Array:
    return _relu6(x + 3.0) / 6.0


def _hardswish(x: Array) -> Array:
    return x * _relu6(x + 3.0) / 6.0


def _leaky_relu(x: Array) -> Array:
    return np.where(x >= 0, x, LEAK * x)


def _logistic(x: Array) -> Array:
    with np.errstate(over="ignore"):
        return np.asarray(1.0 / (1.0 + np.exp(-x)), dtype=np.float64)


def _gelu(x: Array) -> Array:
    erf = np.asarray(_ERF(np.asarray(x) / math.sqrt(2.0)), dtype=np.float64)
    return np.asarray(0.5 * x * (1.0 + erf), dtype=np.float64)


def _silu(x: Array) -> Array:
    return x * _logistic(x)


def _softplus(x: Array) -> Array:
    return np.logaddexp(0.0, x)


def _mish(x: Array) -> Array:
    return x * np.tanh(_softplus(x))


def _elu(x: Array) -> Array:
    return np.where(x >= 0, x, np.expm1(np.minimum(x, 0.0)))


def _gaussian(x: Array) -> Array:
    with np.errstate(over="ignore"):
        return np.exp(-np.square(x))


def _exp(x: Array) -> Array:
    with np.errstate(over="ignore"):
        return np.exp(x)


def _identity(x: Array) -> Array:
    return np.asarray(x, dtype=np.float64)


def _cube(x: Array) -> Array:
    return x * x * x


def _softsign(x: Array) -> Array:
    return x / (1.0 + np.abs(x))


_EVERYWHERE = math.inf
_ALL = (
    Activation(
        "relu", _relu, (0.0, 1.0), constant_below=0, monotone_below=_EVERYWHERE, increasing=True
    ),
    Activation(
        "squared_relu", _squared_relu, constant_below=0, monotone_below=_EVERYWHERE, increasing=True
    ),
    Activation(
        "relu6",
        _relu6,
        ramp=(0.0, 6.0),
        constant_below=0,
        monotone_below=_EVERYWHERE,
        bounded=True,
        increasing=True,
    ),
    Activation(
        "saturated_linear",
        _saturated_linear,
        ramp=(0.0, 1.0),
        constant_below=0,
        monotone_below=_EVERYWHERE,
        bounded=True,
        increasing=True,
    ),
    Activation(
        "hardtanh",
        _hardtanh,
        ramp=(-1.0, 1.0),
        constant_below=-1,
        monotone_below=_EVERYWHERE,
        bounded=True,
        increasing=True,
    ),
    Activation(
        "hard_sigmoid",
        _hard_sigmoid,
        ramp=(-3.0, 3.0),
        constant_below=-3,
        monotone_below=_EVERYWHERE,
        bounded=True,
        increasing=True,
    ),
    Activation("hardswish", _hardswish, constant_below=-3, monotone_below=-1.5),
    Activation(
        "step",
        _step,
        constant_below=0,
        monotone_below=_EVERYWHERE,
        bounded=True,
        continuous=False,
        sloped=False,
        increasing=True,
    ),
    Activation(
        "sign",
        np.sign,
        constant_below=-math.ulp(0.0),
        monotone_below=_EVERYWHERE,
        bounded=True,
        continuous=False,
        sloped=False,
        increasing=True,
    ),
    Activation("leaky_relu", _leaky_relu, (LEAK, 1.0), monotone_below=_EVERYWHERE, increasing=True),
    Activation("abs", np.abs, (-1.0, 1.0), monotone_below=0),
    Activation(
        "tanh", np.tanh, monotone_below=_EVERYWHERE, bounded=True, increasing=True, logistic=True
    ),
    Activation(
        "sigmoid",
        _logistic,
        monotone_below=_EVERYWHERE,
        bounded=True,
        increasing=True,
        logistic=True,
    ),
    # x * Phi(x), x * sigmoid(x) and x * tanh(softplus(x)) fall to their minimum right of -2, then rise
    Activation("gelu", _gelu, monotone_below=-2, transcendental=True),
    Activation("silu", _silu, monotone_below=-2, transcendental=True),
    Activation("mish", _mish, monotone_below=-2, transcendental=True),
    Activation(
        "softplus", _softplus, monotone_below=_EVERYWHERE, increasing=True, transcendental=True
    ),
    Activation("elu", _elu, monotone_below=_EVERYWHERE, increasing=True, transcendental=True),
    Activation("gaussian", _gaussian, monotone_below=0, bounded=True),
    Activation("exp", _exp, monotone_below=_EVERYWHERE, increasing=True, transcendental=True),
    Activation("identity", _identity, monotone_below=_EVERYWHERE, increasing=True, degree=1),
    Activation("square", np.square, monotone_below=0, degree=2),
    Activation("cube", _cube, monotone_below=_EVERYWHERE, increasing=True, degree=3),
    Activation("sin", np.sin, bounded=True),
    Activation("cos", np.cos, bounded=True),
    Activation("arctan", np.arctan, monotone_below=_EVERYWHERE, bounded=True, increasing=True),
    Activation("softsign", _softsign, monotone_below=_EVERYWHERE, bounded=True, increasing=True),
)
ACTIVATIONS = MappingProxyType({one.name: one for one in _ALL})
