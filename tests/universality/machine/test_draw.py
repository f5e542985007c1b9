from hypothesis import given, settings
from hypothesis import strategies as st

from coeval.universality.machine.counter import Decrement, Increment, start, trace
from coeval.universality.machine.draw import draw_counter_machine, draw_turing_machine


@given(st.integers(0, 10**6), st.integers(0, 10**6))
@settings(max_examples=30)
def test_the_same_address_draws_the_same_machine(seed, number):
    assert draw_counter_machine(seed, number) == draw_counter_machine(seed, number)
    assert draw_turing_machine(seed, number) == draw_turing_machine(seed, number)


def test_numbers_and_seeds_draw_different_machines():
    drawn = [draw_counter_machine(seed, number).program for seed in (0, 1) for number in range(20)]
    assert len(set(drawn)) == 40
    assert len({draw_turing_machine(0, number).table for number in range(20)}) == 20


def test_draws_cover_all_instructions_alphabets_and_moves():
    programs = [draw_counter_machine(0, number) for number in range(40)]
    kinds = {type(one) for machine in programs for one in machine.program}
    assert {Increment, Decrement} < kinds
    assert {machine.counters for machine in programs} == {2, 3, 4}
    tables = [draw_turing_machine(0, number) for number in range(40)]
    assert {len(machine.symbols) for machine in tables} == {2, 3, 4}
    assert {one.move for machine in tables for row in machine.table for one in row} == {-1, 0, 1}


def test_most_random_programs_run_long():
    programs = [draw_counter_machine(0, number) for number in range(300)]
    lengths = [len(trace(machine, start(machine), 200)) for machine in programs]
    assert sum(length == 200 for length in lengths) > 150
