"""What is a network and what is not."""

import pytest

from coeval.architecture.step import Architecture, sequence, step
from coeval.architecture.types import Columns
from coeval.component.solved import (
    FORESTS,
    LINEAR,
    NETWORK,
    TREES,
    asked_of,
    depends_on_seed,
    follows_no_recipe,
    kind_of,
    rounds_of,
    trees_of,
)
from coeval.component.trees import TREE_ENSEMBLE
from coeval.space.tabular import space_for
from tests.evaluate.tasks import task_of

SEEDS = space_for(task_of("wine"), models="all").seeds()


@pytest.mark.parametrize(
    ("seed", "kind", "rounds"),
    [
        ("mlp", NETWORK, "epochs"),
        ("linear", NETWORK, "epochs"),
        ("slow_trees", TREES, "rounds"),
        ("forest", FORESTS, "trees"),
        ("linear_model", LINEAR, "penalties"),
    ],
)
def test_people_are_told_what_an_architecture_is(seed, kind, rounds):
    architecture = SEEDS[seed].architecture
    assert (kind_of(architecture), rounds_of(architecture)) == (kind, rounds)
    assert follows_no_recipe(architecture) == (kind != NETWORK)


def test_a_round_has_a_tree_for_every_output_and_of_a_forest_one():
    found = [trees_of(SEEDS[name].architecture, 20) for name in ("trees", "forest", "mlp")]
    assert found == [(60, 63), (20, 256), (0, 0)]


def test_trees_ask_for_numbers_codes_and_indicators():
    given = (Columns(3, (2, 9)),)
    asked = [
        asked_of(Architecture(given, sequence(1, [step(TREE_ENSEMBLE, 0, indicators=most)])))
        for most in (0, 128)
    ]
    assert asked == [5, 11]
    assert asked_of(SEEDS["mlp"].architecture) == 0


def test_networks_forests_and_trees_that_draw_something_depend_on_the_seed():
    found = {name: depends_on_seed(SEEDS[name].architecture) for name in SEEDS}
    assert [name for name, depends in found.items() if not depends] == ["linear_model"]


@pytest.mark.parametrize(
    ("drawn", "depends"),
    [({}, False), ({"share": 0.6}, True), ({"rows": 0.8}, True), ({"splits": "random"}, True)],
)
def test_trees_depend_on_the_seed_where_they_draw(drawn, depends):
    one = step(TREE_ENSEMBLE, 0, **drawn)
    assert depends_on_seed(Architecture((Columns(3),), sequence(1, [one]))) == depends
