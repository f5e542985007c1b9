import pytest

from coeval.errors import BudgetError, DataError
from coeval.universality.machine.counter import CounterMachine, Halt, Increment
from coeval.universality.machine.suite import BEAVER_4, BEAVER_5, multiply
from coeval.universality.witness.gate import RELU_GATE
from coeval.universality.witness.user import kinds_for, run_machine
from tests.universality.witness.gates import IDENTITY, TANH


@pytest.mark.parametrize(
    ("machine", "result", "steps"), [(multiply(6, 7), "42", 229), (BEAVER_4, "13 ones", 107)]
)
def test_a_machine_runs_on_every_kind_for_it(machine, result, steps):
    for kind in kinds_for(machine):
        found = run_machine(machine, kind, RELU_GATE, steps=10_000)
        (line,) = found.machines
        assert (line.result, line.expected, line.steps) == (result, result, steps)
        assert (line.matched, line.halted, found.matched, line.note) == (True, True, True, "")
        assert found.kind == kind


def test_a_run_without_a_budget_is_refused():
    with pytest.raises(BudgetError, match=r"without a step budget.*Pass --steps"):
        run_machine(multiply(6, 7), "counter", RELU_GATE)


@pytest.mark.parametrize("steps", [0, -5])
def test_a_budget_is_at_least_one_step(steps):
    with pytest.raises(BudgetError, match="must be at least 1"):
        run_machine(multiply(6, 7), "counter", RELU_GATE, steps)


def test_the_budget_of_the_file_is_used_and_the_callers_goes_first():
    machine = CounterMachine("count", (Increment(0, 0), Halt()), 1, steps=40)
    assert run_machine(machine, "counter", RELU_GATE).machines[0].steps == 40
    assert run_machine(machine, "counter", RELU_GATE, steps=7).machines[0].steps == 7


def test_a_run_that_does_not_halt_says_so():
    (line,) = run_machine(BEAVER_5, "convolution", RELU_GATE, steps=50).machines
    assert (line.halted, line.matched, line.steps) == (False, True, 50)
    assert line.note == "did not halt within 50 steps, raise --steps"


def test_the_end_of_float64_is_stated_for_counters_and_for_stacks():
    machine = CounterMachine("count", (Increment(0, 0), Halt()), 1, (2**53 - 2,))
    for kind in kinds_for(machine):
        (line,) = run_machine(machine, kind, RELU_GATE, steps=100).machines
        assert (line.steps, line.halted) == (2, False)
        assert "would pass 2^53" in line.note
    (line,) = run_machine(BEAVER_5, "stack", None, steps=500).machines
    assert line.matched
    assert "in float64 it parts at step 169, 27 cells deep" in line.note


def test_a_difference_is_reported_and_not_raised():
    found = run_machine(multiply(6, 7), "counter", IDENTITY, steps=1000)
    assert not found.matched
    assert found.machines[0].note.startswith("parts at step 1")


def test_a_rectifier_makes_the_stack_of_relus_and_nothing_else_does():
    relus, saturated = (run_machine(BEAVER_4, "stack", gate, 200) for gate in (RELU_GATE, TANH))
    assert "g(n) - g(n - 1) with g(n) = relu(n)" in relus.built_from
    assert "min(max(n, 0), 1)" in saturated.built_from
    assert (dict(relus.units), dict(saturated.units)) == ({"BB4": 78}, {"BB4": 39})


def test_saturation_is_named():
    found = run_machine(multiply(6, 7), "counter", TANH, steps=1000)
    assert (found.matched, found.exact, found.arithmetic) == (True, False, "float64 saturation")


@pytest.mark.parametrize(
    ("machine", "kind"), [(multiply(6, 7), "stack"), (BEAVER_4, "counter"), (BEAVER_4, "rule110")]
)
def test_a_kind_that_cannot_run_the_machine_is_refused(machine, kind):
    with pytest.raises(DataError, match=f"machine, which runs as .* or .*, got '{kind}'"):
        run_machine(machine, kind, RELU_GATE, steps=10)


def test_a_missing_gate_is_refused():
    with pytest.raises(ValueError, match="built from a gate, got None"):
        run_machine(multiply(6, 7), "counter", None, steps=10)
