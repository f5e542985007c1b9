import numpy as np
import pytest

from coeval.universality.witness.gate import RELU_GATE, is_rectifier
from tests.universality.witness.gates import ABSOLUTE, GATES, HARD_SIGMOID, IDENTITY, STEP, TANH


@pytest.mark.parametrize("gate", GATES, ids=lambda gate: gate.name)
def test_a_gate_is_one_at_one_and_zero_at_and_below_zero(gate):
    below = -np.concatenate([np.arange(2000.0), np.exp2(np.arange(11.0, 53.0))])
    assert gate.apply(np.array([1.0])).tolist() == [1.0]
    assert not gate.apply(below).any()


def test_a_rectifier_passes_whole_numbers_from_zero_on():
    assert is_rectifier(RELU_GATE)
    assert is_rectifier(ABSOLUTE)
    assert is_rectifier(IDENTITY)
    assert not any(is_rectifier(gate) for gate in (STEP, HARD_SIGMOID, TANH))
