"""What new nodes say of themselves: whether they can start without changing anything."""

import pytest

from coeval.space.motifs import linear
from coeval.space.silent import is_positive, is_silent, mixes_features
from tests.space.spaces import NUMBERS
from tests.space.test_moves import node

WORDS = NUMBERS.grammar.words
WIDE, RELU, TANH = linear(WORDS, 64), node("relu"), node("tanh")


def residual(*body):
    return node("residual", body=body)


@pytest.mark.parametrize(
    ("nodes", "positive", "silent"),
    [
        ((WIDE,), False, True),
        ((linear(WORDS, 96),), False, False),
        ((linear(WORDS, 32),), False, False),
        ((WIDE, RELU), True, True),
        ((WIDE, RELU), False, False),
        ((WIDE, TANH), True, False),
        ((node("scale"), node("dropout")), False, True),
        ((node("batch_norm"),), False, False),
        ((residual(node("layer_norm"), WIDE, RELU, WIDE),), False, True),
        ((residual(WIDE, RELU),), False, False),
        ((residual(WIDE, TANH, node("dropout")),), False, True),
        ((node("repeat", body=(residual(WIDE),)),), False, True),
        ((node("repeat", body=(WIDE, TANH)),), False, False),
        ((node("concatenate", source=0), WIDE), False, True),
        ((node("add", source=0),), True, False),
    ],
)
def test_identities_and_branches_that_can_be_zero_are_silent(nodes, positive, silent):
    assert is_silent(nodes, 64, positive=positive) is silent


def test_only_activations_without_negative_values_make_a_value_positive():
    assert is_positive((WIDE, RELU, node("dropout")))
    assert is_positive((node("sigmoid"),))
    assert not is_positive((RELU, WIDE))
    assert not is_positive(())


def test_normalisations_over_features_are_found_in_bodies():
    assert mixes_features((WIDE, residual(node("rms_norm"), WIDE)))
    assert not mixes_features((WIDE, node("batch_norm")))
