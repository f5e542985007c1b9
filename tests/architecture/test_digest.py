import re
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from coeval.architecture.digest import digest
from coeval.architecture.normal import normalise
from coeval.architecture.step import Architecture, Region, Step, sequence, step
from coeval.architecture.types import Columns, Vector
from coeval.component.channel import LINEAR, RELU, TANH
from coeval.component.merge import ADD, CONCATENATE, MULTIPLY
from coeval.component.region import REPEAT, RESIDUAL
from coeval.errors import SpaceError
from coeval.testing.architectures import architectures, disguised

FOUR = (Vector(4),)


def of(*steps: Step, inputs=FOUR) -> Architecture:
    return Architecture(inputs, sequence(len(inputs), steps))


@given(architectures(most_steps=8), st.randoms(use_true_random=False))
@settings(max_examples=150, deadline=None)
def test_renumbering_and_reordering_commutative_inputs_keep_the_hash(architecture, random):
    assert digest(disguised(architecture, random)) == digest(architecture)


@given(architectures())
@settings(max_examples=60, deadline=None)
def test_the_normal_form_has_the_architectures_hash(architecture):
    assert digest(normalise(architecture)) == digest(architecture)


@given(architectures(), architectures())
@settings(max_examples=100, deadline=None)
def test_hashes_agree_exactly_when_normal_forms_do(one, other):
    assert (digest(one) == digest(other)) == (normalise(one) == normalise(other))


body = sequence(1, [step(LINEAR, 0, width=4), step(RELU, 1)])
flipped = sequence(1, [step(RELU, 0), step(LINEAR, 1, width=4)])
DIFFERENT = [
    of(step(RELU, 0)),
    of(step(TANH, 0)),
    of(step(RELU, 0), step(TANH, 1)),
    of(step(TANH, 0), step(RELU, 1)),
    of(step(LINEAR, 0, width=4)),
    of(step(LINEAR, 0, width=5)),
    of(step(LINEAR, 0, width=4, bias=False)),
    of(step(LINEAR, 0, width=4), step(ADD, (0, 1))),
    of(step(LINEAR, 0, width=4), step(MULTIPLY, (0, 1))),
    of(step(LINEAR, 0, width=4), step(ADD, (1, 1))),
    of(step(LINEAR, 0, width=4), step(LINEAR, 0, width=4), step(ADD, (1, 2))),
    of(step(LINEAR, 0, width=4), step(LINEAR, 1, width=4), step(ADD, (1, 2))),
    of(step(RELU, 0), step(CONCATENATE, (0, 1))),
    of(step(RELU, 0), step(CONCATENATE, (1, 0))),
    of(step(REPEAT, 0, body, times=2, tied=True)),
    of(step(REPEAT, 0, body, times=3, tied=True)),
    of(step(REPEAT, 0, body, times=2, tied=False)),
    of(step(REPEAT, 0, flipped, times=2, tied=True)),
    of(step(RESIDUAL, 0, body)),
    of(step(RESIDUAL, 0, flipped)),
    of(step(RELU, 0), inputs=(Vector(5),)),
    of(step(RELU, 0), inputs=(Vector(4), Vector(4))),
    Architecture((Columns(3),), Region(1, (), 0)),
    Architecture((Columns(3, (2,)),), Region(1, (), 0)),
]


def test_different_functions_get_different_hashes():
    hashes = [digest(one) for one in DIFFERENT]
    assert len(set(hashes)) == len(hashes)


def test_interchangeable_branches_with_parameters_are_ordered_soundly():
    # Two widths in two branches each, joined pairwise: who is paired with whom decides.
    def network(pairs):
        steps = [step(LINEAR, 0, width=4) for _ in range(4)]
        steps += [step(MULTIPLY, pair) for pair in pairs]
        return of(*steps, step(ADD, (5, 6)))

    crossed = [network([(1, 2), (3, 4)]), network([(1, 3), (2, 4)]), network([(4, 1), (3, 2)])]
    assert len({digest(one) for one in crossed}) == 1
    assert digest(network([(1, 1), (3, 4)])) not in {digest(one) for one in crossed}


def test_twelve_equal_branches_have_one_hash_in_any_order():
    steps = [step(LINEAR, 0, width=4) for _ in range(12)]
    steps += [step((RELU, TANH)[index % 2], index + 1) for index in range(12)]
    network = of(*steps, step(ADD, range(13, 25)))
    assert digest(disguised(network, Random(3))) == digest(network)


def test_the_hash_is_short_hexadecimal_and_stays_the_same_from_version_to_version():
    found = digest(of(step(LINEAR, 0, width=4), step(RELU, 1)))
    assert re.fullmatch("[0-9a-f]{32}", found)
    # A change here makes every recorded trial a stranger: say so in CHANGELOG.
    assert found == "a748bae743f0ba2906e2f42262e2abdb"


def test_an_illegal_architecture_has_no_hash():
    with pytest.raises(SpaceError, match="may refer to values"):
        digest(of(step(RELU, 3)))
