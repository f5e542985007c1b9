"""The linear model beside networks and trees."""

import numpy as np

from coeval.component.linear_model import LINEAR_MODEL
from coeval.space.digest import candidate_digest
from coeval.space.linear import linear_space
from coeval.space.protocol import Candidate
from coeval.space.tabular import space_for
from coeval.task.preparation import columns_for
from coeval.testing.spaces import check_space
from tests.evaluate.tasks import task_of

TASK = task_of("wine")
BOTH = space_for(TASK, models="all")


def test_the_linear_model_is_a_space():
    check_space(linear_space(TASK, columns_for({}, TASK.table, TASK.splits.train)))


def test_it_is_a_seed_beside_trees_and_networks():
    seeds = BOTH.seeds()
    assert {"linear_model", "trees", "mlp"} < set(seeds)
    assert "linear_model" not in space_for(TASK, models="neural").seeds()
    (only,) = seeds["linear_model"].architecture.body.steps
    assert only.component == LINEAR_MODEL


def test_a_mutation_of_it_is_prepared_in_another_way():
    seed = BOTH.seeds()["linear_model"]
    rng = np.random.default_rng(0)
    children = [BOTH.mutate(seed, rng).genotype for _ in range(40)]
    assert all(one.architecture == seed.architecture for one in children)
    assert len({one.part("preparation") for one in children}) > 2


def test_a_recipe_has_no_say_in_it():
    seed = BOTH.seeds()["linear_model"]
    recipe = BOTH.parts["recipe"].default(optimizer="sgd")
    parts = tuple((name, recipe if name == "recipe" else one) for name, one in seed.parts)
    assert candidate_digest(Candidate(parts)) == candidate_digest(seed)
