import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from coeval.universality.machine.suite import BEAVER_4, BEAVER_5, TURING_SUITE
from coeval.universality.machine.turing import TuringInterpreter
from coeval.universality.witness.convolution import (
    as_int8,
    compile_convolution,
    encode,
    follow,
    iterate,
    trim,
)
from coeval.universality.witness.gate import RELU_GATE
from tests.universality.witness.gates import GATES, IDENTITY, LEAKY
from tests.universality.witness.machines import turing_machines


@pytest.mark.parametrize("gate", GATES, ids=lambda gate: gate.name)
@pytest.mark.parametrize("known", TURING_SUITE, ids=lambda known: known.machine.name)
def test_busy_beavers_run_on_any_gate_to_the_known_result(known, gate):
    agreement = follow(known.machine, gate, 1000)
    assert agreement.matched
    assert agreement.halted
    assert (agreement.steps, agreement.result) == (known.steps, f"{known.result} ones")


def test_the_champion_of_five_states_agrees_for_three_thousand_steps():
    agreement = follow(BEAVER_5, RELU_GATE, 3000)
    assert (agreement.steps, agreement.matched) == (3000, True)
    assert agreement.result.startswith("93 ones")


@given(turing_machines(), st.sampled_from(GATES))
@settings(max_examples=80, deadline=None)
def test_every_step_of_any_machine_agrees_on_any_gate(machine, gate):
    agreement = follow(machine, gate, 40)
    assert agreement.matched
    assert agreement.halted or agreement.steps == 40


@given(turing_machines())
@settings(max_examples=40, deadline=None)
def test_the_tape_grows_by_a_cell_a_side_and_zeros_at_its_ends_mean_nothing(machine):
    network = compile_convolution(machine)
    cells, first = encode(network, TuringInterpreter(machine))
    kept, start = cells, first
    for _ in range(10):
        length = cells.shape[1]
        cells, first = iterate(network, RELU_GATE, cells), first - 1
        assert cells.shape[1] == length + 2
        kept, start = trim(iterate(network, RELU_GATE, kept), start - 1)
    again, place = trim(cells, first)
    assert place == start
    assert np.array_equal(again, kept)


@given(turing_machines())
@settings(max_examples=40, deadline=None)
def test_int8_computes_the_same(machine):
    network = compile_convolution(machine)
    small = as_int8(network)
    cells, _ = encode(network, TuringInterpreter(machine))
    narrow = cells.astype(np.int8)
    for _ in range(15):
        before = network.pointwise @ cells + network.bias[:, None]
        assert set(np.unique(before)) <= {-1, 0, 1}
        cells = iterate(network, RELU_GATE, cells)
        relu = RELU_GATE.__class__("relu", "relu(n)", lambda n: np.maximum(n, 0), exact=True)
        narrow = iterate(small, relu, narrow)
        assert narrow.dtype == np.int8
        assert np.array_equal(cells, narrow)
        assert set(np.unique(cells)) <= {0, 1}


def test_a_cell_has_a_channel_a_symbol_but_the_blank_and_a_state():
    network = compile_convolution(BEAVER_4)
    assert network.pointwise.shape == (4 * 2 + 2, 1 + 4 + 1)
    assert network.gated == 8


@pytest.mark.parametrize("gate", [IDENTITY, LEAKY], ids=lambda gate: gate.name)
def test_what_is_no_gate_is_found_out_at_once(gate):
    agreement = follow(BEAVER_4, gate, 1000)
    assert not agreement.matched
    assert agreement.parted.startswith("parts at step 1: ")
