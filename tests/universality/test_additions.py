from itertools import combinations

import pytest

from coeval.universality.additions import Goal, providers, smallest_additions
from coeval.universality.capability import Arithmetic
from coeval.universality.closure import derive
from coeval.universality.resolve import facts_of, known_names, resolve
from coeval.universality.theorems import APPROXIMATION, TURING

SETS = [
    "linear relu repeat",
    "linear",
    "relu",
    "gru",
    "lstm",
    "linear gelu",
    "monotone_linear relu",
    "conv relu",
    "add mul const",
    "add const",
    "sin",
    "nand",
    "nand delay",
    "s",
    "k application",
]


def theorems(goal):
    if goal is Goal.APPROXIMATION:
        return APPROXIMATION
    return [
        one
        for one in TURING
        if one.strength.certifies and (goal is Goal.TURING or Arithmetic.FLOAT64 in one.arithmetics)
    ]


@pytest.mark.parametrize("goal", Goal)
@pytest.mark.parametrize("text", SETS)
def test_no_cheaper_set_reaches_the_goal_and_all_of_least_cost_are_there(text, goal):
    own = text.split()
    offers = [(name, cost) for name, cost in providers(own).items() if name not in own]
    reaching = {}
    for size in range(len(offers) + 1):
        for chosen in combinations(offers, size):
            names = [name for name, _ in chosen]
            sources = derive(resolve([*own, *names])).keys()
            if any(one.needs <= sources for one in theorems(goal)):
                reaching[frozenset(names)] = sum(cost for _, cost in chosen)
    least = min(reaching.values(), default=0)
    expected = {one for one, cost in reaching.items() if cost == least} if least else set()
    found = smallest_additions(resolve(own), goal)
    assert {frozenset(one.components) for one in found} == expected
    assert {one.cost for one in found} <= {least}


@pytest.mark.parametrize("goal", Goal)
def test_a_goal_that_is_reached_needs_nothing(goal):
    assert smallest_additions(resolve(["conv", "relu", "iterate_until"]), goal) == ()


def test_what_was_missing_is_named_as_far_as_it_was():
    (only,) = smallest_additions(resolve(["linear", "relu", "repeat"]), Goal.TURING)
    assert only.missing == ("unbounded iteration",)
    finite = smallest_additions(resolve(["linear", "relu", "iterate_until"]), Goal.FINITE_PRECISION)
    assert {one.components for one in finite} == {("conv",), ("stack",), ("tape",)}


def test_scalars_are_completed_with_scalars_and_circuits_with_circuits():
    assert "relu" not in providers(["add", "mul", "const"])
    assert "less" not in providers(["linear"])
    assert set(providers(["nand"])) == {"nand", "delay", "stack", "tape"}


def test_every_provider_is_a_component_that_can_be_audited():
    for own in (["linear"], ["mul"], ["nand"], ["s"]):
        assert set(providers(own)) <= set(known_names())
        assert all(facts_of(name).name == name for name in providers(own))
