"""Decisions that are still open, as a component."""

import pytest

from coeval.architecture.inference import infer
from coeval.architecture.serial import from_json, to_json
from coeval.architecture.step import Architecture, sequence, step
from coeval.architecture.types import Vector
from coeval.component.channel import LINEAR, RELU
from coeval.component.choice import CHOICE, is_choice, partial_choice
from coeval.component.library import TABULAR
from coeval.errors import SpaceError

DENSE, ACTIVE = sequence(1, [step(LINEAR, 0, width=8)]), sequence(1, [step(RELU, 0)])


def choosing(*options, component=CHOICE):
    return Architecture((Vector(8),), sequence(1, [step(component, 0, *options, slot=0)]))


def test_it_costs_all_its_options():
    both = infer(choosing(DENSE, DENSE)).cost
    alone = infer(choosing(DENSE)).cost
    assert both.parameters == 2 * alone.parameters == 2 * 72
    assert both.macs == 2 * alone.macs


def test_it_gives_the_type_that_all_options_give():
    assert infer(choosing(DENSE, ACTIVE)).output == Vector(8)
    wide = sequence(1, [step(LINEAR, 0, width=9)])
    with pytest.raises(
        SpaceError, match=r"Vector\(8\) from option 0 and Vector\(9\) from option 1"
    ):
        infer(choosing(DENSE, wide))


def test_it_needs_an_option():
    with pytest.raises(SpaceError, match=r"step 0 \(choice\) holds at least one region, got 0"):
        infer(choosing())


def test_it_travels_as_json():
    components = {**TABULAR, CHOICE.name: CHOICE}
    assert from_json(to_json(choosing(DENSE, ACTIVE)), components) == choosing(DENSE, ACTIVE)


def test_a_partial_choice_hands_a_part_of_the_features_to_its_options():
    quarter = sequence(1, [step(LINEAR, 0, width=2)])
    opened = choosing(quarter, ACTIVE, component=partial_choice(4))
    assert infer(opened).output == Vector(8)
    assert infer(opened).cost.parameters == 2 * 2 + 2
    with pytest.raises(SpaceError, match="expected options that keep the features"):
        infer(choosing(DENSE, component=partial_choice(4)))


def test_both_are_choices_and_nothing_else_is():
    assert is_choice(CHOICE)
    assert is_choice(partial_choice(2))
    assert not any(is_choice(one) for one in TABULAR.values())
