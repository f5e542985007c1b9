import pytest

from coeval.universality.audit import audit
from coeval.universality.capability import Facts
from coeval.universality.describe import WIDTH, describe, verdict_line
from coeval.universality.resolve import known_names

LINES = {
    "linear relu repeat": "not Turing equivalent (R1) · universal approximator (U1, U2)",
    "linear": "not Turing equivalent (R1) · no universal approximator (R3)",
    "conv relu iterate_until": "Turing equivalent (T10) · universal approximator (U1, U2, U3, U4)",
    "linear relu iterate_until": (
        "Turing equivalent (T6, T1, T7) on exact numbers of any size · universal approximator (U1, U2)"
    ),
    "gru iterate_until": (
        "a finite automaton, not Turing equivalent (R2, R7) on float64 · universal approximation unknown"
    ),
    "k application": "Turing equivalence unknown · universal approximation unknown",
    "rule110": "weakly universal (T11) · universal approximation unknown",
}


@pytest.mark.parametrize("text", LINES)
def test_both_verdicts_on_one_line(text):
    assert verdict_line(audit(text.split(), execute=False)) == LINES[text]


@pytest.mark.parametrize("name", known_names())
def test_every_component_alone_is_described_within_the_width(name):
    text = describe(audit([name], execute=False))
    assert all(len(line) <= WIDTH for line in text.splitlines())
    assert len(text.splitlines()) <= 30
    assert text.startswith("components")


def test_an_executed_witness_says_what_ran_and_what_holds_by_saturation_only():
    text = " ".join(describe(audit(["linear", "tanh", "residual", "iterate_until"])).split())
    assert "counter network (float64 saturation)" in text
    assert "MUL(7, 9): 63 (337 steps)" in text
    assert "gate: g(n) = (tanh(40 (n - 0.5)) + 1) / 2" in text
    assert "On float64: a finite automaton" in text
    assert "capacity" in text


def test_a_set_that_is_refuted_shows_the_smallest_addition_and_no_construction():
    text = " ".join(describe(audit(["linear", "relu", "repeat"])).split())
    assert "missing unbounded iteration." in text
    assert "for Turing equivalence: iterate_until (cost 2; by T6)." in text
    assert "built from" not in text


def test_what_is_not_known_of_a_component_is_said():
    text = describe(audit([Facts("mystery", note="it says nothing")], execute=False))
    assert "mystery: it says nothing." in text
