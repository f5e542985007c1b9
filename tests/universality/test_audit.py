import json
import time
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from coeval.component.library import IMAGE, SCALAR, TABULAR
from coeval.universality.audit import ContradictionError, audit
from coeval.universality.capability import Arithmetic, Facts
from coeval.universality.capability import Capability as Has
from coeval.universality.capability import Guarantee as Keeps
from coeval.universality.describe import describe
from coeval.universality.resolve import known_names
from coeval.universality.rules import Verdict
from coeval.universality.witness.run import run

FINITE, NOT, UNKNOWN = Verdict.FINITE, Verdict.NOT, Verdict.UNKNOWN
THEOREM, IDEAL, WEAK = Verdict.THEOREM, Verdict.IDEAL, Verdict.WEAK
# components, verdict on exact numbers, on saturating activations, on float64, rules of the headline, approximation
SETS = [
    ("linear", NOT, NOT, NOT, {"R1"}, "no", {"R3"}),
    ("linear add concatenate residual identity", NOT, NOT, NOT, {"R1"}, "no", {"R3"}),
    ("monotone_linear relu tanh max", NOT, NOT, NOT, {"R1"}, "no", {"R4"}),
    ("linear relu", NOT, NOT, NOT, {"R1"}, "yes", {"U1", "U2"}),
    ("linear relu repeat", NOT, NOT, NOT, {"R1"}, "yes", {"U1", "U2"}),
    ("linear relu scan", NOT, NOT, NOT, {"R1"}, "yes", {"U1", "U2"}),
    ("linear relu iterate_times", NOT, NOT, NOT, {"R1"}, "yes", {"U1", "U2"}),
    (
        "linear relu iterate_until",
        THEOREM,
        THEOREM,
        FINITE,
        {"T6", "T1", "T7"},
        "yes",
        {"U1", "U2"},
    ),
    ("linear identity iterate_until", UNKNOWN, UNKNOWN, FINITE, {"R2"}, "unknown", set()),
    ("linear square iterate_until", UNKNOWN, UNKNOWN, FINITE, {"R2"}, "yes", {"U2"}),
    ("gru", NOT, NOT, NOT, {"R1"}, "unknown", set()),
    ("gru iterate_until", UNKNOWN, UNKNOWN, FINITE, {"R2", "R7"}, "unknown", set()),
    ("gru linear iterate_until", UNKNOWN, UNKNOWN, FINITE, {"R2"}, "yes", {"U1", "U2"}),
    ("lstm", NOT, NOT, NOT, {"R1"}, "unknown", set()),
    ("lstm iterate_until", UNKNOWN, THEOREM, FINITE, {"T6"}, "unknown", set()),
    ("elman iterate_until", IDEAL, UNKNOWN, FINITE, {"T2"}, "unknown", set()),
    ("linear tanh iterate_until", IDEAL, UNKNOWN, FINITE, {"T2"}, "yes", {"U1", "U2"}),
    ("linear tanh residual iterate_until", IDEAL, THEOREM, FINITE, {"T6"}, "yes", {"U1", "U2"}),
    ("linear gelu residual iterate_until", UNKNOWN, THEOREM, FINITE, {"T6"}, "yes", {"U1", "U2"}),
    ("linear gelu iterate_until", UNKNOWN, UNKNOWN, FINITE, {"R2"}, "yes", {"U1", "U2"}),
    ("relu_elman iterate_until", THEOREM, THEOREM, FINITE, {"T6"}, "unknown", set()),
    ("linear hardtanh iterate_until", THEOREM, UNKNOWN, FINITE, {"T1"}, "yes", {"U1", "U2"}),
    ("linear saturated_linear iterate", THEOREM, UNKNOWN, FINITE, {"T1"}, "yes", {"U1", "U2"}),
    ("linear sin residual iterate_until", UNKNOWN, UNKNOWN, FINITE, {"R2"}, "yes", {"U1", "U2"}),
    ("conv relu", NOT, NOT, NOT, {"R1"}, "yes", {"U1", "U2", "U3", "U4"}),
    (
        "conv relu iterate_until",
        THEOREM,
        THEOREM,
        THEOREM,
        {"T10"},
        "yes",
        {"U1", "U2", "U3", "U4"},
    ),
    ("conv tanh iterate_until", IDEAL, THEOREM, THEOREM, {"T10"}, "yes", {"U1", "U2"}),
    ("conv_same relu iterate_until", THEOREM, THEOREM, FINITE, {"T6", "T1", "T7"}, "yes", None),
    ("linear square", NOT, NOT, NOT, {"R1"}, "yes", {"U2"}),
    ("attention linear relu residual", NOT, NOT, NOT, {"R1"}, "yes", {"U1", "U2"}),
    ("attention linear relu residual positions", NOT, NOT, NOT, {"R1"}, "yes", {"U1", "U2", "U5"}),
    ("hard_attention positions linear relu residual", NOT, NOT, NOT, {"R1"}, "yes", {"U1", "U2"}),
    (
        "hard_attention positions linear relu residual decode",
        THEOREM,
        THEOREM,
        UNKNOWN,
        None,
        "yes",
        None,
    ),
    ("linear relu stack iterate_until", THEOREM, THEOREM, THEOREM, {"T4", "T10"}, "yes", None),
    ("add mul const", NOT, NOT, NOT, {"R1"}, "yes", {"U6", "U2"}),
    ("add mul sin exp const", NOT, NOT, NOT, {"R1"}, "yes", {"U1", "U2", "U6"}),
    ("add mul", NOT, NOT, NOT, {"R1"}, "unknown", set()),
    ("add const successor primitive_recursion", NOT, NOT, NOT, {"R1"}, "unknown", set()),
    ("add const primitive_recursion mu", THEOREM, UNKNOWN, FINITE, {"T8"}, "unknown", set()),
    ("add mul less const mu", THEOREM, UNKNOWN, FINITE, {"T8"}, "yes", None),
    ("add mul sin const mu", UNKNOWN, UNKNOWN, FINITE, {"R2"}, "yes", None),
    ("less const add sub iterate_until", THEOREM, THEOREM, FINITE, {"T6", "T7"}, "unknown", set()),
    ("nand", NOT, NOT, NOT, {"R1"}, "unknown", set()),
    ("nand delay", FINITE, FINITE, FINITE, {"R2"}, "unknown", set()),
    ("nand delay tape", THEOREM, THEOREM, THEOREM, {"T10"}, "unknown", set()),
    ("nand tape", NOT, NOT, NOT, {"R1"}, "unknown", set()),
    ("s k", NOT, NOT, NOT, {"R1"}, "unknown", set()),
    ("k application", UNKNOWN, UNKNOWN, UNKNOWN, set(), "unknown", set()),
    ("s k application", THEOREM, THEOREM, THEOREM, {"T9"}, "unknown", set()),
    ("rule110", WEAK, WEAK, WEAK, {"T11"}, "unknown", set()),
    ("rule110 linear relu", WEAK, WEAK, WEAK, {"T11"}, "yes", None),
]
EXECUTED = [
    ("linear relu iterate_until", {"counter"}, Arithmetic.EXACT),
    ("linear leaky_relu iterate_until", {"counter"}, Arithmetic.EXACT),
    ("linear abs iterate_until", {"counter"}, Arithmetic.EXACT),
    ("less const add sub iterate_until", {"counter"}, Arithmetic.EXACT),
    ("linear hardtanh iterate_until", {"stack"}, Arithmetic.EXACT),
    ("lstm iterate_until", {"lstm"}, Arithmetic.SATURATING),
    ("linear silu residual iterate_until", {"counter"}, Arithmetic.SATURATING),
    ("conv sigmoid iterate_until", {"convolution"}, Arithmetic.FLOAT64),
]
names = st.frozensets(st.sampled_from(known_names()), min_size=1, max_size=7)


@pytest.mark.parametrize(
    ("text", "exact", "saturating", "float64", "rules", "approximation", "approximating"), SETS
)
def test_the_verdict_on_a_hand_made_set(
    text, exact, saturating, float64, rules, approximation, approximating
):
    found = audit(text.split(), execute=False)
    assert [one.verdict for one in found.levels] == [exact, saturating, float64]
    assert rules is None or set(found.turing.rules) == rules
    assert found.approximation.answer == approximation
    assert approximating is None or set(found.approximation.rules) == approximating


@pytest.mark.parametrize(("text", "kinds", "arithmetic"), EXECUTED)
def test_a_certificate_with_a_witness_is_executed(text, kinds, arithmetic):
    found = audit(text.split())
    assert found.turing.verdict is Verdict.EXECUTED
    assert found.turing.arithmetic is arithmetic
    assert {one.kind for one in found.witnesses} == kinds
    assert all(one.matched for one in found.witnesses)
    assert all(one.exact == (arithmetic is Arithmetic.EXACT) for one in found.witnesses)
    assert found.capacity


@pytest.mark.parametrize("preset", [TABULAR, IMAGE, SCALAR], ids=["tabular", "image", "scalar"])
def test_presets_approximate_everything(preset):
    assert audit(preset.values(), execute=False).approximation.answer == "yes"


def test_the_tabular_preset_is_not_turing_equivalent_because_its_loops_are_bounded():
    found = audit(TABULAR.values())
    assert (found.turing.verdict, found.turing.rules) == (NOT, ("R1",))
    assert {"U1", "U2"} <= set(found.approximation.rules)
    assert found.missing == ("unbounded iteration",)


def test_the_image_preset_is_not_turing_equivalent_and_pools_alone_approximate_nothing():
    found = audit(IMAGE.values(), execute=False)
    assert (found.turing.verdict, found.turing.rules) == (NOT, ("R1",))
    assert {"U1", "U2", "U3"} <= set(found.approximation.rules)
    affine = [IMAGE[name] for name in ("conv2d", "avg_pool2d", "zero", "add", "flatten")]
    assert audit(affine, execute=False).approximation.rules == ("R3",)


def test_the_scalar_preset_is_turing_equivalent_by_its_recursive_functions():
    found = audit(SCALAR.values())
    assert (found.turing.verdict, found.turing.rules) == (THEOREM, ("T8",))
    assert found.turing.arithmetic is Arithmetic.EXACT
    without = [one for name, one in SCALAR.items() if name != "mu"]
    assert audit(without, execute=False).turing.rules == ("R1",)


def test_the_example_of_the_issue():
    found = audit(["linear", "relu", "repeat"])
    assert (found.turing.verdict, found.turing.rules) == (NOT, ("R1",))
    first = found.additions[0]
    assert (first.components, first.cost) == (("iterate_until",), 2)
    assert audit([*found.components, *first.components]).turing.verdict is Verdict.EXECUTED


def test_one_hidden_layer_of_polynomials_fails_and_depth_mends_it():
    shallow = audit(["linear", "square"], execute=False, hidden_layers=1)
    assert (shallow.approximation.answer, shallow.approximation.rules) == ("no", ("R5",))
    assert audit(["linear", "square"], execute=False).approximation.rules == ("U2",)
    relu = audit(["linear", "relu"], execute=False, hidden_layers=1)
    assert (relu.approximation.answer, relu.approximation.rules) == ("yes", ("U1",))


def test_other_numbers_of_hidden_layers_are_an_error():
    with pytest.raises(ValueError, match="must be 1 or None"):
        audit(["linear"], hidden_layers=2)


def test_attention_without_positions_is_told_that_it_does_not_know_the_order():
    blind = audit(["attention", "linear", "relu", "residual"], execute=False)
    assert "R6" in {one.rule for one in blind.limits}
    seeing = audit(["attention", "linear", "relu", "residual", "positions"], execute=False)
    assert "R6" not in {one.rule for one in seeing.limits}


@pytest.mark.parametrize(
    ("text", "rule"), [("lstm", "T5"), ("linear relu scan", "T5"), ("gru", "R7"), ("elman", "R7")]
)
def test_who_can_count_while_reading(text, rule):
    found = {one.rule for one in audit(text.split(), execute=False).limits} & {"T5", "R7"}
    assert found == {rule}


def test_loops_bounded_by_a_value_are_named_primitive_recursive():
    found = audit(["add", "const", "primitive_recursion"], execute=False)
    assert any("primitive recursive" in one.says for one in found.limits)


def test_a_component_that_nothing_is_known_of_leaves_everything_unknown():
    found = audit([Facts("mystery"), "linear"], execute=False)
    assert {one.verdict for one in found.levels} == {UNKNOWN}
    assert found.approximation.answer == "unknown"


def test_a_component_that_nothing_is_known_of_takes_no_certificate_away():
    found = audit([Facts("mystery"), "linear", "relu", "iterate_until"], execute=False)
    assert found.levels[0].verdict is THEOREM


def test_facts_that_contradict_the_rules_are_an_internal_error():
    broken = Facts("broken", "", frozenset({Has.UNBOUNDED_ITERATION}), frozenset({Keeps.HALTS}))
    with pytest.raises(ContradictionError, match="T6 certifies and R1 refutes on exact"):
        audit(["linear", "relu", broken], execute=False)


def test_a_gate_that_is_granted_without_a_function_is_a_theorem_only():
    granted = Facts("mine", grants=frozenset({Has.GATE}))
    found = audit([granted, "linear", "residual", "iterate_until"])
    assert (found.levels[0].verdict, found.witnesses) == (THEOREM, ())


def test_a_witness_that_parts_takes_the_evidence_away_where_it_was_all_there_was(monkeypatch):
    def parting(kind, gate):
        done = run(kind, gate)
        first = replace(done.machines[0], matched=False, note="parts at step 3")
        return replace(done, machines=(first, *done.machines[1:]), matched=False, exact=False)

    monkeypatch.setattr("coeval.universality.evidence.run", parting)
    by_theorem = audit(["linear", "relu", "iterate_until"])
    assert by_theorem.levels[0].verdict is THEOREM
    assert "counter network FAILED on MUL(7, 9): parts at step 3" in describe(by_theorem)
    by_run = audit(["linear", "gelu", "residual", "iterate_until"])
    assert by_run.levels[1].verdict is UNKNOWN
    assert by_run.turing.verdict is FINITE


def test_capacity_is_stated_before_anything_is_run():
    text = "linear relu iterate_until conv"
    assert audit(text.split(), execute=False).capacity == audit(text.split()).capacity
    (lstm,) = audit(["lstm", "iterate_until"], execute=False).capacity
    assert lstm.startswith("lstm: counters up to 2^53 in float64")


def test_every_audit_is_json():
    for text in ("linear relu iterate_until", "gru", "rule110"):
        found = audit(text.split())
        assert json.loads(json.dumps(found.to_json()))["turing"]["verdict"] == str(
            found.turing.verdict
        )


@settings(max_examples=100, deadline=None)
@given(names, names)
def test_adding_components_never_loses_a_certificate(few, more):
    smaller, larger = audit(few, execute=False), audit(few | more, execute=False)
    for before, after in zip(smaller.levels, larger.levels, strict=True):
        if before.verdict.certifies:
            assert after.verdict.certifies
        if after.verdict.refutes:
            assert not before.verdict.certifies
    if smaller.turing.verdict.certifies:
        assert larger.turing.verdict.certifies
    if smaller.approximation.answer == "yes":
        assert larger.approximation.answer == "yes"
    if larger.approximation.answer == "no":
        assert smaller.approximation.answer == "no"


@settings(max_examples=100, deadline=None)
@given(names)
def test_the_order_of_the_components_changes_no_verdict(some):
    ordered = sorted(some)
    one, other = audit(ordered, execute=False), audit(ordered[::-1], execute=False)
    assert one.levels == other.levels
    assert one.approximation == other.approximation
    assert {(a.goal, frozenset(a.components)) for a in one.additions} == {
        (a.goal, frozenset(a.components)) for a in other.additions
    }


@settings(max_examples=60, deadline=None)
@given(names)
def test_a_set_that_always_halts_is_refuted_everywhere_and_no_other_by_the_same_rule(some):
    found = audit(some, execute=False)
    endless = some & {
        *("iterate_until", "iterate", "decode", "mu", "delay", "application", "rule110")
    }
    assert all(("R1" in one.rules) == (not endless) for one in found.levels)


def test_a_verdict_without_witnesses_takes_less_than_20_ms():
    components = list(TABULAR.values())
    audit(components, execute=False)
    start = time.process_time()
    for _ in range(10):
        audit(components, execute=False)
    assert (time.process_time() - start) / 10 < 0.02
