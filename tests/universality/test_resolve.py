import pytest

from coeval.architecture.component import Component
from coeval.component.library import IMAGE, SCALAR, TABULAR
from coeval.errors import SpaceError
from coeval.universality.capability import Capability as Has
from coeval.universality.capability import Facts
from coeval.universality.capability import Guarantee as Keeps
from coeval.universality.facts import component_facts
from coeval.universality.known import ALIASES, outside
from coeval.universality.library_facts import inside
from coeval.universality.resolve import facts_of, known_names, resolve

LIBRARY = [
    *{one.name: one for one in (*TABULAR.values(), *IMAGE.values())}.values(),
    *SCALAR.values(),
]


def own(name, *capabilities, arity=(1, 1), regions=0):
    def rule(*_):
        raise NotImplementedError

    return Component(
        name,
        "Mine.",
        rule,
        rule,
        rule,
        "mine:Mine",
        arity=arity,
        regions=regions,
        capabilities=frozenset(capabilities),
    )


@pytest.mark.parametrize("component", LIBRARY, ids=lambda one: one.name)
def test_every_library_component_is_known_well_enough_for_negative_rules(component):
    facts = facts_of(component)
    assert Keeps.FIXED_MEMORY in facts.guarantees
    assert (Keeps.HALTS in facts.guarantees) == (component.name != "mu")
    assert facts.note == ""


def test_refined_facts_belong_to_components_of_the_library():
    implementations = {one.numeric or one.lowering for one in LIBRARY}
    assert inside().keys() <= implementations


@pytest.mark.parametrize("component", LIBRARY, ids=lambda one: one.name)
def test_refined_facts_keep_every_guarantee_that_the_strings_declare(component):
    assert component_facts(component).guarantees <= facts_of(component).guarantees | {
        Keeps.POLYNOMIAL
    }


@pytest.mark.parametrize("name", sorted(TABULAR.keys() & SCALAR.keys()))
def test_a_name_of_two_libraries_means_the_same_to_the_audit(name):
    one, other = facts_of(TABULAR[name]), facts_of(SCALAR[name])
    assert (one.grants, one.guarantees) == (other.grants, other.guarantees)


def test_every_name_resolves_and_says_what_it_means():
    for name in known_names():
        facts = facts_of(name)
        assert facts.name == name
        assert facts.summary.endswith(".")


def test_aliases_lead_to_known_names_and_hide_none():
    assert set(ALIASES.values()) <= set(known_names())
    assert not ALIASES.keys() & set(known_names())
    assert facts_of("Hard-Tanh") == facts_of("hardtanh")


def test_no_outside_name_hides_a_component_of_the_library():
    assert not outside().keys() & (TABULAR.keys() | SCALAR.keys())


def test_a_misspelt_name_gets_near_matches():
    with pytest.raises(SpaceError, match=r"got 'rellu'\. Did you mean 'relu'"):
        resolve(["linear", "rellu"])


def test_an_empty_set_is_an_error_that_shows_an_example():
    with pytest.raises(SpaceError, match="at least one component"):
        resolve([])


def test_two_different_components_of_one_name_are_an_error():
    with pytest.raises(SpaceError, match="two different 'relu'"):
        resolve(["relu", own("relu", "affine", "projection")])


def test_one_name_twice_counts_once():
    assert [one.name for one in resolve(["relu", "linear", "relu"])] == ["relu", "linear"]


def test_an_own_component_is_known_by_its_strings():
    facts = component_facts(own("mine", "affine", "projection"))
    assert facts.grants == {Has.AFFINE}
    assert {Keeps.HALTS, Keeps.AFFINE} <= facts.guarantees


def test_an_own_component_is_not_taken_for_the_librarys_of_its_name():
    assert Has.RECTIFIER not in facts_of(own("relu", "nonpolynomial")).grants
    assert Has.NONPOLYNOMIAL in facts_of(own("relu", "nonpolynomial")).grants


@pytest.mark.parametrize("strings", [(), ("equivariant",), ("affine", "quantum")])
def test_a_component_that_says_too_little_gives_no_guarantee(strings):
    facts = component_facts(own("mine", *strings))
    assert facts.guarantees == frozenset()
    assert facts.note


@pytest.mark.parametrize("other", ["nonpolynomial", "product", "unbounded_iteration", "gating"])
def test_contradicting_strings_do_not_make_a_component_affine(other):
    assert Keeps.AFFINE not in component_facts(own("mine", "affine", other)).guarantees


def test_an_unbounded_iteration_does_not_promise_to_halt():
    facts = component_facts(own("loop", "unbounded_iteration", "halting", regions=1))
    assert facts.grants == {Has.UNBOUNDED_ITERATION, Has.HALT}
    assert facts.guarantees == {Keeps.FIXED_MEMORY}


def test_facts_pass_as_they_are():
    facts = Facts("mine", grants=frozenset({Has.AFFINE}))
    assert resolve([facts]) == (facts,)
