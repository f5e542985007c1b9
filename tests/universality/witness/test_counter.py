import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from coeval.universality.machine.counter import CounterMachine, Decrement, Halt, Increment, start
from coeval.universality.machine.draw import draw_counter_machine
from coeval.universality.machine.suite import COUNTER_SUITE, collatz, multiply, triple
from coeval.universality.witness.counter import (
    compile_counter,
    encode,
    follow,
    follow_many,
    unroll,
)
from coeval.universality.witness.gate import RELU_GATE
from tests.universality.witness.gates import GATES, IDENTITY, LEAKY
from tests.universality.witness.machines import counter_machines


@pytest.mark.parametrize("gate", GATES, ids=lambda gate: gate.name)
@pytest.mark.parametrize("known", COUNTER_SUITE, ids=lambda known: known.machine.name)
def test_the_suite_runs_on_any_gate_to_the_known_result(known, gate):
    agreement = follow(known.machine, gate, 10_000)
    assert agreement.matched
    assert agreement.halted
    assert (agreement.steps, agreement.result) == (known.steps, str(known.result))


def test_collatz_of_27_runs_305_029_steps_on_32_units():
    agreement = follow(collatz(27), RELU_GATE, 10**6)
    assert (agreement.steps, agreement.result, agreement.matched) == (305_029, "111", True)


@pytest.mark.parametrize(
    ("machine", "units"), [(multiply(7, 9), 14), (triple(25), 11), (collatz(7), 32)]
)
def test_a_network_has_a_unit_an_instruction_a_counter_and_a_test(machine, units):
    network = compile_counter(machine)
    assert network.units == units
    assert set(np.unique(network.first)) <= {-1, 0, 1}
    assert (network.second == np.round(network.second)).all()


def test_the_collatz_network_has_weights_from_minus_two_to_two():
    recurrent = compile_counter(collatz(27)).recurrent
    assert (recurrent.min(), recurrent.max()) == (-2, 2)


@given(counter_machines())
@settings(max_examples=60, deadline=None)
def test_the_relu_form_is_an_elman_network_without_bias(machine):
    network = compile_counter(machine)
    state = encode(network, [start(machine)])[0]
    hidden, rows = np.maximum(network.first @ state, 0), []
    for _ in range(20):
        hidden = np.maximum(network.recurrent @ hidden, 0)
        rows.append(hidden[: network.cells])
    assert np.array_equal(unroll(network, RELU_GATE, state, 20), rows)


@given(counter_machines(), st.sampled_from(GATES), st.integers(1, 80))
@settings(max_examples=100, deadline=None)
def test_every_step_of_any_program_agrees_on_any_gate(machine, gate, steps):
    agreement = follow(machine, gate, steps)
    assert agreement.matched
    assert agreement.halted or agreement.steps == steps


@pytest.mark.parametrize("gate", [IDENTITY, LEAKY], ids=lambda gate: gate.name)
def test_what_is_no_gate_is_found_out_at_once(gate):
    agreement = follow(multiply(7, 9), gate, 10_000)
    assert not agreement.matched
    assert agreement.steps == 1
    assert agreement.parted.startswith("parts at step 1: instruction ")


@pytest.mark.parametrize("gate", GATES, ids=lambda gate: gate.name)
def test_random_programs_agree_all_at_once(gate):
    machines = [draw_counter_machine(1, number) for number in range(40)]
    agreement = follow_many(machines, gate, 100)
    assert agreement.matched
    assert agreement.result == "4,000 steps agree"


def test_three_hundred_random_programs_agree_on_sixty_thousand_steps():
    machines = [draw_counter_machine(0, number) for number in range(300)]
    assert follow_many(machines, RELU_GATE, 200).result == "60,000 steps agree"


def test_random_programs_on_what_is_no_gate_differ():
    machines = [draw_counter_machine(0, number) for number in range(40)]
    agreement = follow_many(machines, IDENTITY, 100)
    assert not agreement.matched
    assert "of 4,000 steps differ" in agreement.parted


def counting(first):
    return CounterMachine("count", (Increment(0, 0), Halt()), 1, (first,))


def test_a_run_ends_where_float64_ends_counting():
    agreement = follow(counting(2**53 - 5), RELU_GATE, 100)
    assert (agreement.steps, agreement.result) == (5, str(2**53))
    assert agreement.matched
    assert "would pass 2^53 = 9,007,199,254,740,992" in agreement.limit


def test_a_network_counts_to_two_to_the_53_and_stays_there():
    network = compile_counter(counting(0))
    rows = unroll(network, RELU_GATE, np.array([1.0, 0.0, 2.0**53 - 2]), 4)
    assert rows[:, 2].tolist() == [2**53 - 1, 2**53, 2**53, 2**53]


def test_an_input_beyond_float64_is_not_run_at_all():
    agreement = follow(counting(2**70), RELU_GATE, 100)
    assert (agreement.steps, agreement.halted) == (0, False)
    assert "would pass 2^53" in agreement.limit


def test_a_large_counter_is_tested_for_zero_exactly():
    machine = CounterMachine("down", (Decrement(0, 1, 1), Halt()), 1, (2**53,))
    agreement = follow(machine, RELU_GATE, 10)
    assert (agreement.matched, agreement.halted, agreement.result) == (True, True, str(2**53 - 1))
