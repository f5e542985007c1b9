"""Tree ensembles as a space, alone and beside networks."""

import numpy as np
import pytest

from coeval.architecture.inference import infer
from coeval.component.trees import TREE_ENSEMBLE
from coeval.errors import SpaceError
from coeval.space.digest import candidate_digest
from coeval.space.protocol import Candidate
from coeval.space.tabular import space_for
from coeval.space.trees import NODES, TRAVEL, trees_space
from coeval.task.preparation import columns_for
from coeval.testing.spaces import check_space
from tests.evaluate.tasks import task_of

TASK = task_of("wine")
COLUMNS = columns_for({}, TASK.table, TASK.splits.train)
BOTH = space_for(TASK, models="all")


def with_recipe(candidate, **values):
    recipe = BOTH.parts["recipe"].default(**values)
    return Candidate(
        tuple((name, recipe if name == "recipe" else one) for name, one in candidate.parts)
    )


def test_tree_ensembles_are_a_space():
    check_space(trees_space(TASK, COLUMNS))


def test_networks_and_trees_are_one_space():
    check_space(BOTH.parts["architecture"])


def test_samples_are_of_both_families():
    rng = np.random.default_rng(0)
    drawn = [BOTH.parts["architecture"].sample(rng) for _ in range(60)]
    trees = [one for one in drawn if one.body.steps[0].component == TREE_ENSEMBLE]
    assert 10 < len(trees) < 40


def test_no_ensemble_has_more_nodes_than_allowed():
    many = task_of("digits")
    space = trees_space(many, columns_for({}, many.table, many.splits.train))
    most = max(infer(one).cost.parameters for one in space)
    assert NODES / 2 < most <= NODES
    assert infer(next(iter(space))).types[-1].features == 10


def test_without_lightgbm_nothing_is_decided_that_has_no_effect(monkeypatch):
    monkeypatch.setattr("coeval.space.trees.find_spec", lambda name: None)
    plain = trees_space(TASK, COLUMNS)
    check_space(plain)
    found = [dict(one.body.steps[0].settings) for one in plain]
    assert {(one["rows"], one["indicators"]) for one in found} == {(1.0, 0)}
    seed = settings_of(space_for(TASK, models="all").seeds()["trees"])
    assert (seed["rows"], seed["splits"]) == (1.0, "best")


@pytest.mark.parametrize(
    ("name", "classes", "found"),
    [
        ("breast_cancer", None, [(1600, 63, 0.05), (800, 16, 0.05)]),
        ("digits", 6, [(400, 63, 0.05), (800, 16, 0.05)]),
        ("digits", 26, [(200, 31, 0.1), (400, 16, 0.05)]),
    ],
)
def test_seeds_of_many_classes_take_fewer_rounds_and_longer_steps(
    monkeypatch, name, classes, found
):
    if classes:
        monkeypatch.setattr("coeval.space.trees._outputs", lambda task: classes)
    seeds = {name: settings_of(one) for name, one in tree_seeds_of(name).items()}
    assert [sized(seeds[name]) for name in ("trees", "slow_trees")] == found
    assert all(one["rounds"] * one["shrinkage"] >= TRAVEL for one in seeds.values())


@pytest.mark.parametrize(
    ("name", "many", "has"),
    [("diabetes", 50, True), ("diabetes", 8000, False), ("wine", 50, False)],
)
def test_for_values_of_many_rows_there_are_still_larger_trees(monkeypatch, name, many, has):
    monkeypatch.setattr("coeval.space.trees.MANY", many)
    found = space_for(task_of(name), models="all").seeds()
    assert ("large_trees" in found) == has
    if has:
        assert sized(settings_of(found["large_trees"])) == (1600, 127, 0.05)


def test_thousands_of_classes_leave_the_smallest_ensemble(monkeypatch):
    monkeypatch.setattr("coeval.space.trees._outputs", lambda task: 5000)
    assert sizes_in(trees_space(TASK, COLUMNS)) == {(50, 4)}


def test_large_trees_leave_room_for_fewer_of_them():
    sizes = sizes_in(trees_space(TASK, COLUMNS))
    assert {(1600, 31), (800, 63), (200, 255)} <= sizes  # of three classes
    assert (1600, 63) not in sizes


def sizes_in(space):
    every = [dict(one.body.steps[0].settings) for one in space]
    return {(one["rounds"], one["leaves"]) for one in every}


def sized(settings):
    return settings["rounds"], settings["leaves"], settings["shrinkage"]


def settings_of(candidate):
    return dict(candidate.architecture.body.steps[0].settings)


def tree_seeds_of(name):
    seeds = space_for(task_of(name), models="all").seeds()
    return {one: seeds[one] for one in ("trees", "slow_trees")}


def test_a_recipe_has_no_say_in_trees():
    trees, network = BOTH.seeds()["trees"], BOTH.seeds()["mlp"]
    assert candidate_digest(trees) == candidate_digest(with_recipe(trees, optimizer="sgd"))
    assert candidate_digest(network) != candidate_digest(with_recipe(network, optimizer="sgd"))


def test_no_mutation_of_trees_is_a_copy():
    rng = np.random.default_rng(0)
    for name in ("trees", "linear_model"):
        seed = BOTH.seeds()[name]
        drawn = [BOTH.mutate(seed, rng) for _ in range(30)]
        assert all(candidate_digest(one.genotype) != candidate_digest(seed) for one in drawn)
        assert all(one.moves[0].part != "recipe" for one in drawn)


def test_the_classes_weights_have_a_say_in_trees():
    trees = BOTH.seeds()["trees"]
    digests = {
        candidate_digest(
            Candidate(
                (*trees.parts[:-1], ("recipe", (*trees.part("recipe"), ("class_weights", how))))
            )
        )
        for how in ("none", "sqrt", "balanced")
    }
    assert len(digests) == 3
    assert candidate_digest(trees) in digests


def test_an_architecture_of_no_family_is_refused():
    other = space_for(task_of("digits"), models="all").seeds()["trees"].architecture
    with pytest.raises(SpaceError, match="none of the families"):
        BOTH.parts["architecture"].neighbours(other)
