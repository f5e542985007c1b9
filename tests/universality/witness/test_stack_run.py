import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from coeval.universality.machine.suite import BEAVER_5, TURING_SUITE
from coeval.universality.machine.turing import (
    RIGHT,
    Transition,
    TuringInterpreter,
    TuringMachine,
)
from coeval.universality.witness.capacity import stack_depth
from coeval.universality.witness.stack import compile_stack
from coeval.universality.witness.stack_run import encode, follow, read_stack
from tests.universality.witness.machines import turing_machines


@pytest.mark.parametrize("form", ["saturated", "relu"])
@pytest.mark.parametrize("known", TURING_SUITE, ids=lambda known: known.machine.name)
def test_busy_beavers_run_to_the_known_result(known, form):
    agreement = follow(known.machine, 1000, form=form)
    assert agreement.matched
    assert agreement.halted
    assert (agreement.steps, agreement.result) == (known.steps, f"{known.result} ones")


def test_the_champion_of_five_states_agrees_for_three_thousand_steps():
    agreement = follow(BEAVER_5, 3000)
    assert (agreement.steps, agreement.matched) == (3000, True)
    assert agreement.result.startswith("93 ones")


@given(turing_machines(), st.sampled_from(["saturated", "relu"]))
@settings(max_examples=80, deadline=None)
def test_every_step_of_any_machine_agrees(machine, form):
    agreement = follow(machine, 40, form=form)
    assert agreement.matched
    assert agreement.halted or agreement.steps == 40


@given(turing_machines())
@settings(max_examples=40, deadline=None)
def test_a_configuration_is_encoded_and_read_back(machine):
    interpreter, network = TuringInterpreter(machine), compile_stack(machine)
    for _ in range(5):
        interpreter.step()
    state = encode(network, interpreter)
    stacks = [
        read_stack(one, state.exponent, network.digit_bits)
        for one in state.numerators[network.states :]
    ]
    assert stacks == list(interpreter.halves())


def writes_ones(symbols):
    """A machine that writes the last symbol to the right for ever: its left stack grows by one a step."""
    row = (Transition(symbols - 1, RIGHT, 0),) * (symbols - 1) + (Transition(0, RIGHT, 1),)
    return TuringMachine("ones", ("A",), ("H",), tuple("_abcdefgh"[:symbols]), (row,))


@pytest.mark.parametrize(("symbols", "digit_bits"), [(2, 2), (3, 3), (4, 3), (5, 4)])
def test_float64_holds_a_stack_of_the_stated_depth_and_no_deeper(symbols, digit_bits):
    depth = stack_depth("float64", digit_bits)
    agreement = follow(writes_ones(symbols), 100, "float64")
    assert compile_stack(writes_ones(symbols)).digit_bits == digit_bits
    assert agreement.steps == depth + 1
    assert f"{depth + 1} cells deep" in agreement.parted
    assert not agreement.matched
    assert follow(writes_ones(symbols), 100).matched


def test_float64_leaves_the_champion_of_five_states_once_a_side_is_27_deep():
    agreement = follow(BEAVER_5, 3000, "float64")
    assert not agreement.matched
    assert agreement.parted.startswith("parts at step 169, 27 cells deep")


def test_what_is_not_a_stack_is_not_read_as_one():
    assert read_stack(0, 0, 2) == b""
    assert read_stack(0b1101, 4, 2) == b"\1\0"
    assert read_stack(0b11, 3, 2) is None  # the digit 01 and the rest 10, which no symbol is
    assert read_stack(0b10, 2, 2) is None
    assert read_stack(1, 0, 2) is None
    assert read_stack(-1, 2, 2) is None
