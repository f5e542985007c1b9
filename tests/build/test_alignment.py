"""Which step of a child goes on with which of its parent."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from coeval.architecture.inference import infer
from coeval.architecture.step import Architecture, sequence, step
from coeval.architecture.types import Vector
from coeval.build.alignment import align, written_out
from coeval.component.channel import LINEAR, RELU, TANH
from coeval.component.region import RESIDUAL
from tests.build.architectures import random_architecture


def net(*steps):
    return Architecture((Vector(8),), sequence(1, steps))


def origins(child, parent):
    pair = [list(written_out(one.body, infer(one))) for one in (child, parent)]
    return align(*pair)


def linear(value, width=8):
    return step(LINEAR, value, width=width)


def residual(value, *body):
    return step(RESIDUAL, value, sequence(1, body))


@given(st.integers(0, 2**32 - 1))
@settings(max_examples=20, deadline=None)
def test_every_step_of_a_network_is_its_own(seed):
    one = random_architecture(np.random.default_rng(seed))
    found = origins(one, one)
    assert found == {path: path for path in found}
    assert len(found) == len(list(written_out(one.body, infer(one))))


@given(st.integers(0, 2**32 - 1))
@settings(max_examples=20, deadline=None)
def test_order_is_kept_and_components_are_equal(seed):
    rng = np.random.default_rng(seed)
    child, parent = random_architecture(rng), random_architecture(rng)
    steps = {p.path: p.step.component for p in written_out(parent.body, infer(parent))}
    found = origins(child, parent)
    assert sorted(found.values()) == list(found.values())
    own = {p.path: p.step.component for p in written_out(child.body, infer(child))}
    assert all(own[here] == steps[there] for here, there in found.items())


def test_what_is_wrapped_keeps_its_origin():
    parent = net(linear(0), step(RELU, 1), linear(2))
    child = net(linear(0), residual(1, step(RELU, 0), linear(1)))
    assert origins(child, parent) == {(0,): (0,), (1, 0, 0): (1,), (1, 0, 1): (2,)}


@pytest.mark.parametrize("place", range(3))
def test_a_block_among_its_like_stays_in_one_piece(place):
    old = [residual(n, linear(0, 16), step(TANH, 1), linear(2)) for n in range(2)]
    blocks = [(linear(0, 16), step(TANH, 1), linear(2))] * 2
    blocks.insert(place, (linear(0), step(TANH, 1), linear(2)))
    child = net(*[residual(n, *body) for n, body in enumerate(blocks)])
    found = origins(child, net(*old))
    rest = [n for n in range(3) if n != place]
    assert {here[0] for here in found} == set(rest)
    assert all(there[0] == rest.index(here[0]) for here, there in found.items())


def test_what_is_new_comes_late_among_equals():
    parent = net(linear(0), step(RELU, 1))
    child = net(linear(0), step(RELU, 1), linear(2), step(RELU, 3))
    assert origins(child, parent) == {(0,): (0,), (1,): (1,)}


def test_a_relu_right_behind_an_old_linear_map_is_not_taken_for_the_new_one():
    parent = net(linear(0, 16), step(RELU, 1), linear(2, 16), step(TANH, 3))
    child = net(
        linear(0, 16), step(RELU, 1), linear(2, 16), step(RELU, 3), linear(4, 16), step(TANH, 5)
    )
    assert origins(child, parent) == {(0,): (0,), (1,): (1,), (4,): (2,), (5,): (3,)}
