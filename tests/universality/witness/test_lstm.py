import numpy as np
import pytest
from hypothesis import given, settings

from coeval.universality.machine.counter import CounterMachine, Halt, Increment
from coeval.universality.machine.suite import COUNTER_SUITE, collatz, multiply, triple
from coeval.universality.witness.lstm import GAIN, ON, advance, compile_lstm, follow, logistic
from tests.universality.witness.machines import counter_machines


@pytest.mark.parametrize("known", COUNTER_SUITE, ids=lambda known: known.machine.name)
def test_the_suite_runs_to_the_known_result(known):
    agreement = follow(known.machine, 10_000)
    assert agreement.matched
    assert agreement.halted
    assert (agreement.steps, agreement.result) == (known.steps, str(known.result))


@pytest.mark.parametrize(
    ("machine", "units"), [(multiply(7, 9), 21), (triple(25), 18), (collatz(7), 55)]
)
def test_units_are_those_of_the_reference(machine, units):
    assert compile_lstm(machine).units == units


@given(counter_machines())
@settings(max_examples=60, deadline=None)
def test_every_step_of_any_program_agrees(machine):
    agreement = follow(machine, 40)
    assert agreement.matched
    assert agreement.halted or agreement.steps == 40


@given(counter_machines())
@settings(max_examples=40, deadline=None)
def test_gates_reach_exactly_zero_and_one(machine):
    network = compile_lstm(machine)
    hidden, cell = np.zeros(network.units), np.zeros(network.units)
    hidden[0], cell[0] = ON, 1
    for _ in range(10):
        gates = logistic(network.weights[:3] @ hidden + network.bias[:3])
        assert set(np.unique(gates)) <= {0, 1}
        hidden, cell = advance(network, hidden, cell)


@pytest.mark.parametrize("gain", [50, 500])
def test_a_small_gain_drifts_and_is_found_out(gain):
    agreement = follow(multiply(7, 9), 10_000, gain)
    assert not agreement.matched
    assert agreement.parted.startswith("parts at step 1: instruction 0 is ")


def test_a_gain_of_50_drifts_visibly_by_the_end():
    network = compile_lstm(multiply(7, 9), gain=50)
    cell = np.zeros(network.units)
    cell[0], cell[7:9] = 1, (7, 9)
    hidden = np.tanh(cell)
    for _ in range(2 * 337):
        hidden, cell = advance(network, hidden, cell)
    assert 1e-9 < abs(cell[9] - 63) < 1e-3


def test_the_gain_makes_the_smallest_margin_underflow():
    assert GAIN * (1.5 * ON - 1) > 745.2
    assert logistic(np.array([-GAIN * (1.5 * ON - 1)])).tolist() == [0.0]


def test_the_logistic_is_right_on_both_sides():
    values = np.array([-800.0, -2.0, 0.0, 2.0, 800.0])
    assert logistic(values) == pytest.approx([0, 0.11920292, 0.5, 0.88079708, 1])


def test_a_run_ends_where_float64_ends_counting():
    machine = CounterMachine("count", (Increment(0, 0), Halt()), 1, (2**53 - 3,))
    agreement = follow(machine, 100)
    assert (agreement.steps, agreement.result) == (3, str(2**53))
    assert agreement.matched
    assert "would pass 2^53" in agreement.limit
