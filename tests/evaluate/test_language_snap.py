import numpy as np
import pytest

from coeval.errors import SpaceError
from coeval.evaluate.language_snap import errors, snap
from coeval.seed import generator
from coeval.space.recurrent import RELU, RecurrentSpace
from coeval.task.language import A_N_B_N, distant_examples, training_examples

FINE = RecurrentSpace(RELU, channels=2, units=2, step=2.0**-7)
COUNTER = [[[1, -1, 1, -1, 0], [-1, 1, -1, 1, 0]]]
WORDS = training_examples(A_N_B_N, 10)


def test_a_counter_next_to_the_grid_becomes_exact():
    drift = 2.0**-7
    off = FINE.member(
        np.array(COUNTER) + drift * np.array([[[1, 0, 0, 0, 0], [0, 0, 1, 0, 0]]]),
        [-1, -1, 0, 0, 0.5],
    )
    assert errors(FINE, [off], A_N_B_N, WORDS) == [0]
    far = distant_examples(A_N_B_N, 400)
    assert errors(FINE, [off], A_N_B_N, far)[0] > 0
    snapped = snap(FINE, off, A_N_B_N, WORDS)
    assert errors(FINE, [snapped], A_N_B_N, far) == [0]
    assert snapped == FINE.member(COUNTER, [-1, -1, 0, 0, 0.5])


def test_training_errors_never_rise_and_the_result_is_a_member():
    for k in range(12):
        genotype = FINE.sample(generator(3, "x", k))
        genotype = FINE.mutate(genotype, generator(3, "m", k)).genotype
        snapped = snap(FINE, genotype, A_N_B_N, WORDS)
        before, after = errors(FINE, [genotype, snapped], A_N_B_N, WORDS)
        assert after <= before
        assert FINE.contains(snapped)


def test_weights_that_rounding_would_spoil_stay_while_the_others_are_rounded():
    off = FINE.member(np.array(COUNTER), [-1, -1, 0, 0, 0.1640625])
    assert errors(FINE, [off], A_N_B_N, WORDS) == [0]
    moved = dict(FINE.member(np.array(COUNTER), [-1, -1, 0, 0, 0.1640625]))
    moved["state0.u0"] = 1.0078125
    snapped = dict(snap(FINE, tuple(moved.items()), A_N_B_N, WORDS))
    assert snapped["accept.1"] == 0.1640625  # rounded to 0 it would reject every word
    assert snapped["state0.u0"] == 1.0


def test_a_grid_that_the_space_lacks_is_refused():
    with pytest.raises(SpaceError, match="multiple of the space's step"):
        snap(FINE, FINE.sample(generator(0, "x")), A_N_B_N, WORDS, grid=0.3)
