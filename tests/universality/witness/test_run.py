import json

import pytest

from coeval.universality.machine.suite import Known, multiply
from coeval.universality.witness.gate import RELU_GATE
from coeval.universality.witness.run import KINDS, run
from tests.universality.witness.gates import IDENTITY, STEP, TANH


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_matches_on_relu(kind):
    found = run(kind, RELU_GATE)
    assert found.matched
    assert all(one.matched and one.steps > 0 for one in found.machines)
    assert found.exact == (kind != "lstm")
    assert found.arithmetic == ("float64 saturation" if kind == "lstm" else "exact")


def test_the_counter_suite_holds_the_figures_of_the_reference():
    found = run("counter", STEP)
    assert [(one.name, one.steps, one.result) for one in found.machines] == [
        ("MUL(7, 9)", 337, "63"),
        ("TRIPLE(25)", 252, "75"),
        ("COLLATZ(7)", 964, "16"),
        ("300 random programs", 60_000, "60,000 steps agree"),
    ]
    assert found.units == (("MUL(7, 9)", 14), ("TRIPLE(25)", 11), ("COLLATZ(7)", 32))


def test_the_stack_suite_says_where_float64_stops():
    lines = {one.name: one for one in run("stack", None).machines}
    assert (lines["BB4"].steps, lines["BB4"].result) == (107, "13 ones")
    assert lines["BB5, first 3,000 steps"].note.startswith("in float64 it parts at step 169")


@pytest.mark.parametrize("kind", ["counter", "convolution", "rule110"])
def test_a_gate_that_only_saturates_is_named_so(kind):
    found = run(kind, TANH)
    assert (found.matched, found.exact, found.arithmetic) == (True, False, "float64 saturation")
    assert "(tanh(40(n - 1/2)) + 1)/2" in found.built_from


@pytest.mark.parametrize("kind", ["counter", "convolution", "rule110"])
def test_a_false_gate_is_reported_and_not_raised(kind):
    found = run(kind, IDENTITY)
    assert not found.matched
    assert not found.exact
    assert all(not one.matched and one.note for one in found.machines)


def test_a_report_is_plain_json():
    found = run("counter", RELU_GATE)
    plain = json.loads(json.dumps(found.to_json()))
    assert plain["kind"] == "counter"
    assert plain["units"]["COLLATZ(7)"] == 32
    assert [one["steps"] for one in plain["machines"]] == [one.steps for one in found.machines]


def test_an_unknown_kind_or_a_missing_gate_is_refused():
    with pytest.raises(ValueError, match=r"got 'lstn'\. Did you mean 'lstm'"):
        run("lstn", None)
    with pytest.raises(ValueError, match="'counter' is built from a gate, got None"):
        run("counter", None)


@pytest.mark.parametrize("wrong", [Known(multiply(7, 9), 64, 337), Known(multiply(7, 9), 63, 336)])
def test_a_machine_that_is_not_what_is_known_of_it_does_not_match(monkeypatch, wrong):
    monkeypatch.setattr("coeval.universality.witness.run.COUNTER_SUITE", (wrong,))
    found = run("counter", RELU_GATE)
    assert not found.matched
    assert found.machines[0].note == f"known: {wrong.result} in {wrong.steps} steps"
