"""Recipes for pictures offer what suits their number, and a policy as decisions like any other."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from coeval.space.choices import ChoiceSpace
from coeval.space.recipe import Recipe
from coeval.space.recipe_images import OPERATIONS, policy_settings, recipe_for_images


def by_name(rows: int = 48_000, **more) -> dict:
    return {one.name: one for one in recipe_for_images(rows, classes=True, **more)}


@given(st.integers(2, 10**6), st.booleans(), st.sampled_from([0.3, 1.0, 4.0]), st.integers(0, 3))
@settings(max_examples=50, deadline=None)
def test_every_member_is_a_recipe_and_the_default_is_a_member(rows, classes, effort, sub_policies):
    found = recipe_for_images(rows, classes=classes, effort=effort, sub_policies=sub_policies)
    space = ChoiceSpace(found, "recipe")
    for genotype in (space.default(), space.sample(np.random.default_rng(rows))):
        recipe = Recipe.of(dict(genotype))
        assert recipe.epochs >= 1
        assert recipe.label_smoothing == 0.0 or classes
        assert len(recipe.policy) == (2 * sub_policies if recipe.augmentation == "policy" else 0)


def test_more_pictures_mean_fewer_epochs_and_more_effort_means_more():
    few, many = by_name(1000)["epochs"], by_name(100_000)["epochs"]
    assert max(few.choices) > max(many.choices)
    assert max(by_name(effort=4.0)["epochs"].choices) > max(by_name(effort=0.3)["epochs"].choices)


def test_a_policy_is_a_choice_only_where_its_steps_are_decisions():
    assert "policy" not in by_name()["augmentation"].choices
    found = by_name(sub_policies=2)
    assert "policy" in found["augmentation"].choices
    assert found["policy_2b"].choices == OPERATIONS


def test_the_settings_of_a_policy_become_its_steps_in_their_order():
    settings_ = {one.name: one.default for one in policy_settings(1)}
    settings_ |= {"augmentation": "policy", "policy_1a": "rotate", "policy_1b_magnitude": 0.9}
    assert Recipe.of(settings_).policy == (("rotate", 0.5, 0.3), ("identity", 0.5, 0.9))


@pytest.mark.parametrize("augmentation", ["none", "rand", "trivial"])
def test_a_policy_that_is_not_followed_is_no_part_of_the_recipe(augmentation):
    settings_ = {one.name: one.default for one in policy_settings(1)}
    assert Recipe.of({**settings_, "augmentation": augmentation}) == Recipe(
        augmentation=augmentation
    )
