"""Features of candidates: the same for what computes the same, different for what does not."""

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from coeval.architecture.digest import digest
from coeval.architecture.step import Architecture, sequence, step
from coeval.architecture.types import Vector
from coeval.component.channel import GELU, LINEAR, RELU
from coeval.component.merge import ADD
from coeval.component.norm import LAYER_NORM
from coeval.component.region import RESIDUAL
from coeval.seed import generator
from coeval.space import nasbench201
from coeval.space.features import count_matrix, features, labels, vocabulary_of
from coeval.space.tabular import space_for
from coeval.testing.fakes import ladder_space
from tests.space.test_tabular import task

CELLS = nasbench201.space()
INPUT = (Vector(8),)


def network(*steps):
    return Architecture(INPUT, sequence(1, steps))


def test_a_map_with_what_is_before_and_behind_it_is_one_node():
    found = labels(network(step(RELU, 0), step(LINEAR, 1, width=8), step(LAYER_NORM, 2)))
    assert len(found) == 2 * 3  # input, the map, output; each alone and among its neighbours
    assert found[1].startswith("relu;linear(")
    assert found[1].endswith(";layer_norm")


def test_a_label_names_sources_and_users():
    linear, gelu = step(LINEAR, 0, width=8), step(GELU, 1)
    *_, middle, _ = labels(network(linear, gelu, step(LINEAR, 2, width=16)))[3:]
    assert "<linear(" in middle.split("gelu;")[1]
    assert middle.endswith(">output")


def test_nested_regions_are_part_of_the_graph():
    body = sequence(1, [step(LINEAR, 0, width=8)])
    plain = sequence(1, [step(LINEAR, 0, width=8), step(RELU, 1), step(LINEAR, 2, width=8)])
    found = [labels(network(step(RESIDUAL, 0, region))) for region in (body, plain)]
    assert found[0] != found[1]
    assert sum(one.count("linear(") > 0 for one in found[1]) > sum(
        one.count("linear(") > 0 for one in found[0]
    )


@settings(max_examples=12, deadline=None)
@given(st.integers(0, 10_000))
def test_what_computes_the_same_has_the_same_features(number):
    cells = CELLS.parts["cell"]
    picks = generator(number, "picks").integers(5, size=6).tolist()
    cell = cells.decide(tuple(picks))
    for other in itertools.islice(cells.neighbours(cell), 24):
        same = digest(other.genotype) == digest(cell)
        if same:
            assert sorted(labels(other.genotype)) == sorted(labels(cell))


def test_tells_nearly_all_classes_of_cells_apart():
    cells = CELLS.parts["cell"]
    rng = generator(0, "cells")
    drawn = {digest(one): one for one in (cells.sample(rng) for _ in range(150))}
    bags = {tuple(sorted(labels(one))) for one in drawn.values()}
    assert len(bags) >= 0.97 * len(drawn)


@pytest.mark.parametrize("space", [CELLS, ladder_space(), space_for(task())])
def test_are_deterministic_and_numbers_are_of_one_length(space):
    rng = generator(1, "members")
    members = [space.sample(rng) for _ in range(12)]
    found = [features(space, one) for one in members]
    assert len({len(one.numbers) for one in found}) == 1
    for one, member in zip(found, members, strict=True):
        again = features(space, member)
        assert (again.labels == one.labels).all()
        assert (again.counts == one.counts).all()
        assert (again.numbers == one.numbers).all()


def test_counts_stand_in_the_columns_of_their_labels():
    rng = generator(2, "members")
    bags = [features(CELLS, CELLS.sample(rng)) for _ in range(5)]
    words = vocabulary_of(bags)
    matrix = count_matrix(bags, words)
    assert matrix.sum(axis=1).tolist() == [one.counts.sum() for one in bags]
    assert (matrix[0, np.searchsorted(words, bags[0].labels)] == bags[0].counts).all()
    fewer = count_matrix(bags, words[::2])
    assert (fewer == matrix[:, ::2]).all()


def test_the_order_of_the_summands_does_not_matter():
    left = network(step(RELU, 0), step(LINEAR, 0, width=8), step(ADD, (1, 2)))
    right = network(step(LINEAR, 0, width=8), step(RELU, 0), step(ADD, (1, 2)))
    assert sorted(labels(left)) == sorted(labels(right))
