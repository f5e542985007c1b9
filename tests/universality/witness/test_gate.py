import numpy as np
import pytest

from coeval.universality.witness.gate import RELU_GATE, Gate, is_rectifier
from tests.universality.witness.gates import ABSOLUTE, GATES, HARD_SIGMOID, IDENTITY, STEP, TANH

WHOLE = Gate("floor", "relu(floor(n))", lambda n: np.maximum(np.floor(n), 0.0), exact=True)


@pytest.mark.parametrize("gate", GATES, ids=lambda gate: gate.name)
def test_a_gate_is_one_at_one_and_zero_at_and_below_zero(gate):
    below = -np.concatenate([np.arange(2000.0), np.exp2(np.arange(11.0, 53.0))])
    assert gate.apply(np.array([1.0])).tolist() == [1.0]
    assert not gate.apply(below).any()


def test_a_rectifier_is_told_from_what_only_resembles_it():
    assert is_rectifier(RELU_GATE)
    assert is_rectifier(ABSOLUTE)
    assert not any(is_rectifier(gate) for gate in (STEP, HARD_SIGMOID, TANH, IDENTITY, WHOLE))
