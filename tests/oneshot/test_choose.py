"""Choices on scores that are known."""

import numpy as np
import torch

from coeval.oneshot.choose import best_bred, best_sampled, by_perturbation
from coeval.oneshot.members import Members
from tests.oneshot.searches import OPEN

MEMBERS = Members(OPEN)
WANTED = (3, 1, 4, 0, 2, 3)


def distance(picks):
    return float(sum(a != b for a, b in zip(picks, WANTED, strict=True)))


def never():
    return False


def test_sampled_paths_are_different_and_ranked():
    found = best_sampled(distance, MEMBERS.sample, 40, np.random.default_rng(0), never)
    assert len({picks for picks, _ in found}) == 40
    assert [cost for _, cost in found] == sorted(distance(picks) for picks, _ in found)


def test_breeding_finds_what_sampling_does_not():
    bred = best_bred(distance, MEMBERS, 300, np.random.default_rng(0), never)
    drawn = best_sampled(distance, MEMBERS.sample, 300, np.random.default_rng(0), never)
    assert len(bred) <= 300
    assert bred[0] == (WANTED, 0.0)
    assert drawn[0][1] > 0


def test_a_choice_told_to_stop_still_names_a_path():
    assert len(best_bred(distance, MEMBERS, 50, np.random.default_rng(0), lambda: True)) == 1


def test_perturbation_keeps_the_option_that_the_mixture_needs_whatever_its_weight_says():
    worth = [torch.tensor([0.0, 5.0, 1.0]), torch.tensor([3.0, 0.0, 1.0])]
    logits = [torch.tensor([2.0, -2.0, 0.0]), torch.tensor([0.0, 0.0, 0.0])]  # misled, undecided
    tuned = []

    def cost(given):
        """The mixture has what its options are worth, however little they weigh."""
        present = [w[torch.isfinite(one)].sum() for one, w in zip(given, worth, strict=True)]
        return -float(sum(present))

    found = by_perturbation(
        logits, cost, lambda place, _: tuned.append(place), np.random.default_rng(0), never
    )
    assert [int(np.argmax(one)) for one in found] == [1, 0]
    assert tuned == [0, 1]


def test_slots_that_were_not_reached_keep_what_their_weights_say():
    logits = [torch.tensor([2.0, -2.0]), torch.tensor([0.0, 1.0])]
    found = by_perturbation(
        logits, lambda _: 0.0, lambda *_: None, np.random.default_rng(0), lambda: True
    )
    assert [int(np.argmax(one)) for one in found] == [0, 1]
