"""Gates for tests: exact ones, one that holds in float64 only, and one that is none."""

import numpy as np

from coeval.universality.witness.gate import RELU_GATE, Gate

STEP = Gate("step", "step(n)", lambda n: (n > 0).astype(n.dtype), exact=True)
HARD_SIGMOID = Gate(
    "hardsigmoid", "2 hardsigmoid(3(n - 1)) - 1 …", lambda n: np.clip(n, 0.0, 1.0), exact=True
)
TANH = Gate(
    "tanh",
    "(tanh(40(n - 1/2)) + 1)/2",
    lambda n: (np.tanh(40 * (n - 0.5)) + 1) / 2,
    exact=False,
)
ABSOLUTE = Gate("abs", "(n + abs(n))/2", lambda n: (n + np.abs(n)) / 2, exact=True)
GATES = [RELU_GATE, STEP, HARD_SIGMOID, TANH, ABSOLUTE]
IDENTITY = Gate("identity", "n", lambda n: n, exact=True)
LEAKY = Gate("leaky_relu", "leaky(n)", lambda n: np.where(n > 0, n, 0.01 * n), exact=True)
