import re

import pytest

from coeval.universality.capability import Arithmetic
from coeval.universality.capability import Capability as Has
from coeval.universality.capability import Guarantee as Keeps
from coeval.universality.known import outside
from coeval.universality.refutations import REFUTATIONS
from coeval.universality.rules import About, Verdict
from coeval.universality.theorems import APPROXIMATION, COUNTING, TURING
from coeval.universality.witness.run import KINDS

RULES = (*TURING, *APPROXIMATION, *COUNTING, *REFUTATIONS)


def test_every_rule_of_the_reference_is_there():
    expected = {
        *(f"T{number}" for number in range(1, 12)),
        *(f"U{number}" for number in range(1, 7)),
        *(f"R{number}" for number in range(1, 8)),
    }
    assert {one.rule for one in RULES} == expected


@pytest.mark.parametrize("rule", RULES, ids=lambda one: one.rule)
def test_every_citation_says_how_it_was_checked(rule):
    assert re.search(r"abstract read|secondary source|recalled|derived", rule.citation)


@pytest.mark.parametrize("rule", RULES, ids=lambda one: one.rule)
def test_no_theorem_number_of_a_paper_is_printed(rule):
    assert not re.search(r"(?i)theorem \d|lemma \d|wynter", rule.citation)


def test_only_refutations_say_not():
    assert all(not one.strength.refutes for one in (*TURING, *APPROXIMATION, *COUNTING))
    assert {one.strength for one in REFUTATIONS if one.about is About.TURING} == {
        Verdict.NOT,
        Verdict.FINITE,
    }


def test_every_witness_is_one_that_can_be_run():
    assert {one.witness for one in TURING} - {None} <= set(KINDS)


def test_a_theorem_that_holds_on_float64_needs_a_memory_that_grows():
    growing = {Has.STACK, Has.TAPE, Has.GROWTH, Has.APPLICATION, Has.RULE_110}
    for one in TURING:
        if Arithmetic.FLOAT64 in one.arithmetics:
            assert one.needs & growing


@pytest.mark.parametrize(
    "capability", [Has.STACK, Has.TAPE, Has.GROWTH, Has.APPLICATION, Has.RULE_110]
)
def test_nothing_that_brings_a_growing_memory_promises_a_fixed_one(capability):
    bringing = [one for one in outside().values() if capability in one.grants]
    assert bringing
    assert all(Keeps.FIXED_MEMORY not in one.guarantees for one in bringing)


@pytest.mark.parametrize(
    "capability",
    [Has.UNBOUNDED_ITERATION, Has.MINIMISATION, Has.APPLICATION, Has.DELAY, Has.RULE_110],
)
def test_nothing_that_may_run_for_ever_promises_to_halt(capability):
    bringing = [one for one in outside().values() if capability in one.grants]
    assert all(Keeps.HALTS not in one.guarantees for one in bringing)
    assert any(capability in one.needs for one in TURING) or capability is Has.DELAY


def test_every_certificate_needs_something_that_may_run_for_ever():
    endless = {
        *(Has.UNBOUNDED_ITERATION, Has.MINIMISATION, Has.APPLICATION, Has.RULE_110),
        *(Has.CONTROL, Has.FLOAT64_CONTROL),
    }
    assert all(one.needs & endless for one in TURING)
