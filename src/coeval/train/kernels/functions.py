"""Elementary functions in float32 that LLVM can vectorise, within a few units in the last place of 1.

A not-a-number goes in and comes out: comparisons are written so that it takes the branch that keeps it.
"""

import numpy as np

from coeval.train.kernels.access import INNER, exponent, mantissa, power_of_two

F = np.float32
ZERO, HALF, ONE, TWO = F(0.0), F(0.5), F(1.0), F(2.0)
_LOG2_E, _LN2_HIGH, _LN2_LOW = F(1.4426950408889634), F(0.693359375), F(-2.12194440e-4)
_SHIFT = F(
    12582912.0
)  # 1.5 · 2^23: adding it rounds to whole numbers and keeps them in the low bits
_LEAST, _MOST = F(-87.0), F(88.0)
_E0, _E1, _E2 = F(1.9875691500e-4), F(1.3981999507e-3), F(8.3334519073e-3)
_E3, _E4, _E5 = F(4.1665795894e-2), F(1.6666665459e-1), F(5.0000001201e-1)


@INNER
def exp(x: np.float32) -> np.float32:
    """Return e to the power x, held in e^-87..e^88 (Cephes, Moshier 1989)."""
    x = _LEAST if x < _LEAST else x
    x = _MOST if x > _MOST else x
    shifted = x * _LOG2_E + _SHIFT
    whole = shifted - _SHIFT
    r = x - whole * _LN2_HIGH
    r = r - whole * _LN2_LOW
    y = ((((_E0 * r + _E1) * r + _E2) * r + _E3) * r + _E4) * r + _E5
    return (y * r * r + r + ONE) * power_of_two(shifted)


_L = tuple(
    F(one)
    for one in (
        7.0376836292e-2, -1.1514610310e-1, 1.1676998740e-1, -1.2420140846e-1, 1.4249322787e-1,
        -1.6668057665e-1, 2.0000714765e-1, -2.4999993993e-1, 3.3333331174e-1,
    )
)  # fmt: skip
_ROOT_TWO = F(1.41421356)
_LN2 = F(0.6931471805599453)


@INNER
def log(x: np.float32) -> np.float32:
    """Return the natural logarithm of a positive, normal number (Cephes)."""
    m, e = mantissa(x), exponent(x)
    big = m > _ROOT_TWO
    m = m * HALF if big else m
    e = e + ONE if big else e
    r = m - ONE
    z = r * r
    y = _L[0]
    y = y * r + _L[1]
    y = y * r + _L[2]
    y = y * r + _L[3]
    y = y * r + _L[4]
    y = y * r + _L[5]
    y = y * r + _L[6]
    y = y * r + _L[7]
    y = y * r + _L[8]
    # Not a number and infinity have no mantissa: x - x keeps them.
    return r + (z * r * y - HALF * z) + e * _LN2 + (x - x)


@INNER
def sigmoid(x: np.float32) -> np.float32:
    """Return 1 / (1 + exp(-x))."""
    return ONE / (ONE + exp(-x))


@INNER
def tanh(x: np.float32) -> np.float32:
    """Return the hyperbolic tangent."""
    return ONE - TWO / (exp(TWO * x) + ONE)


_FOUR = F(4.0)
_A0, _A1, _A2, _A3 = F(-2.72614225801306e-10), F(2.77068142495902e-08), F(-2.10102402082508e-06), F(-5.69250639462346e-05)  # fmt: skip
_A4, _A5, _A6 = F(-7.34990630326855e-04), F(-2.95459980854025e-03), F(-1.60960333262415e-02)
_B0, _B1, _B2 = F(-1.45660718464996e-05), F(-2.13374055278905e-04), F(-1.68282697438203e-03)
_B3, _B4 = F(-7.37332916720468e-03), F(-1.42647390514189e-02)


@INNER
def erf(x: np.float32) -> np.float32:
    """Return the error function: the rational approximation of Eigen and XLA."""
    x = -_FOUR if x < -_FOUR else x
    x = _FOUR if x > _FOUR else x
    z = x * x
    a = (((((_A0 * z + _A1) * z + _A2) * z + _A3) * z + _A4) * z + _A5) * z + _A6
    b = (((_B0 * z + _B1) * z + _B2) * z + _B3) * z + _B4
    return x * a / b


_TURN = F(0.15915494309189535)  # 1 / 2 pi
_S0, _S1, _S2, _S3, _S4 = F(6.2831854820251465), F(-41.34170150756836), F(81.6052474975586), F(-76.70585632324219), F(42.05867385864258)  # fmt: skip
_S5, _S6, _S7, _S8 = F(-15.094429016113281), F(3.8184914588928223), F(-0.7122805118560791), F(0.09150174260139465)  # fmt: skip
_C1, _C2, _C3, _C4 = F(-19.739208221435547), F(64.93939208984375), F(-85.45681762695312), F(60.24458694458008)  # fmt: skip
_C5, _C6, _C7, _C8 = F(-26.425617218017578), F(7.899159908294678), F(-1.6968744993209839), F(0.24376219511032104)  # fmt: skip


@INNER
def turn(angle: np.float32) -> np.float32:
    """Return an angle in turns, -1/2..1/2."""
    turns = angle * _TURN
    return turns - ((turns + _SHIFT) - _SHIFT)


@INNER
def sine(turns: np.float32) -> np.float32:
    """Return the sine of an angle in turns, -1/2..1/2 (Chebyshev fit, 6e-7)."""
    z = turns * turns
    y = (((_S8 * z + _S7) * z + _S6) * z + _S5) * z + _S4
    y = (((y * z + _S3) * z + _S2) * z + _S1) * z + _S0
    return y * turns


@INNER
def cosine(turns: np.float32) -> np.float32:
    """Return the cosine of an angle in turns, -1/2..1/2 (Chebyshev fit, 4e-7)."""
    z = turns * turns
    y = (((_C8 * z + _C7) * z + _C6) * z + _C5) * z + _C4
    y = (((y * z + _C3) * z + _C2) * z + _C1) * z
    return y + ONE
