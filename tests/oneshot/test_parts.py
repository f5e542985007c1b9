"""The smaller parts: members, joins, skips, costs, rows, the controller, and what is said of a search."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from coeval.architecture.inference import infer
from coeval.evaluate.folds import prepare_fold
from coeval.oneshot.collapse import share_of_skips, skip_options
from coeval.oneshot.controller import Controller
from coeval.oneshot.costs import option_macs
from coeval.oneshot.history import history
from coeval.oneshot.joins import joined_slots
from coeval.oneshot.members import Members
from coeval.oneshot.method import METHODS
from coeval.oneshot.mixture import mixture, strengths
from coeval.oneshot.rows import Batches, search_rows
from coeval.oneshot.strategy import OneShot
from coeval.space.open import cut
from coeval.task.task import Problem
from coeval.testing.fakes import drive
from coeval.train.data import UNSCALED, Examples, to_tensors
from tests.oneshot.fakes import FakeOneShot
from tests.oneshot.searches import NONE, OPEN, SKIP, SPACE, TASK

MEMBERS = Members(OPEN)
PICKS = st.tuples(*[st.integers(0, 4)] * 6)


@settings(max_examples=20, deadline=None)
@given(PICKS, PICKS, st.integers(0, 1000))
def test_what_is_bred_is_a_member_made_of_its_parents(one, other, seed):
    rng = np.random.default_rng(seed)
    crossed = MEMBERS.cross(one, other, rng)
    assert all(
        pick in pair for pick, pair in zip(crossed, zip(one, other, strict=True), strict=True)
    )
    mutant = MEMBERS.mutate(one, rng, 1.0)
    assert SPACE.contains(OPEN.candidate(mutant))
    assert MEMBERS.mutate(one, rng, 0.0) == one
    assert MEMBERS.picks(OPEN.candidate(one)) == one


def test_the_best_member_has_the_best_option_of_each_slot():
    scores = np.random.default_rng(0).normal(size=(6, 5))
    assert MEMBERS.best(scores.tolist()) == tuple(scores.argmax(1).tolist())


def test_the_slots_that_meet_in_a_sum_are_those_of_nodes_with_two_edges_or_more():
    assert joined_slots(OPEN.architecture) == ((1, 2), (3, 4, 5))


def test_skips_are_the_options_that_hand_on_their_input():
    skips = skip_options(OPEN.architecture)
    assert skips == (frozenset({SKIP}),) * 6
    assert share_of_skips(skips, (SKIP,) * 6) == 1.0
    assert share_of_skips(skips, (SKIP, SKIP, NONE, 2, 3, 4)) == pytest.approx(1 / 3)


@settings(max_examples=10, deadline=None)
@given(PICKS)
def test_the_options_costs_add_up_to_the_networks(picks):
    costs = option_macs(OPEN)
    least = infer(cut(OPEN.architecture, (NONE,) * 6)).cost.macs
    expected = infer(cut(OPEN.architecture, picks)).cost.macs
    assert least + sum(own[n] for own, n in zip(costs, picks, strict=True)) == expected


def test_a_step_finds_its_batch_by_its_number_and_an_epoch_holds_no_row_twice():
    rows = Examples((np.arange(10, dtype=np.uint8)[:, None],), np.arange(10) % 2)
    tensors = to_tensors(rows, Problem.BINARY, UNSCALED, torch.device("cpu"))
    one, other = Batches(tensors, 4, seed=0), Batches(tensors, 4, seed=0)
    assert one.count == 2
    forward = [one.at(step)[0][0] for step in range(6)]
    assert all(torch.equal(forward[step], other.at(step)[0][0]) for step in (5, 0, 3))
    assert len(torch.cat(forward[:2]).unique()) == 8
    assert not torch.equal(torch.cat(forward[:2]), torch.cat(forward[2:4]))


@pytest.mark.parametrize("splits", [True, False])
def test_the_architecture_learns_from_rows_that_the_weights_do_not_see_where_rows_are_split(splits):
    fold = prepare_fold(TASK, (), 0)
    rows = search_rows(TASK, fold, batch=16, splits=splits, seed=0)
    shared, own = (one.rows.inputs[0] for one in (rows.shared, rows.architecture))
    seen = {one.numpy().tobytes() for one in shared}
    both = sum(one.numpy().tobytes() in seen for one in own)
    assert both == (0 if splits else len(own))
    assert len(rows.judged.target) == len(fold.judged_index)


@pytest.mark.parametrize("method", ["darts", "gdas", "drnas", "fair-darts", "proxylessnas"])
@pytest.mark.parametrize("is_learning", [True, False])
def test_a_mixture_weighs_every_option_and_draws_the_same_by_the_same_generator(
    method, is_learning
):
    logits = [torch.randn(5, generator=torch.Generator().manual_seed(n)) for n in range(3)]

    def drawn():
        torch.manual_seed(0)
        rng = torch.Generator().manual_seed(0)
        return mixture(METHODS[method], logits, share=0.5, rng=rng, is_learning=is_learning)

    first, second = drawn(), drawn()
    assert [one.tolist() for one in first.weights] == [one.tolist() for one in second.weights]
    assert all(one.shape == (5,) and (one >= 0).all() for one in first.weights)
    if method != "fair-darts":
        assert all(one.sum().item() == pytest.approx(1, abs=1e-5) for one in first.weights)
    if method == "proxylessnas":
        assert {len(one) for one in first.active} == {2 if is_learning else 1}
    assert all(one.shape == (5,) for one in strengths(METHODS[method], logits))


def test_the_controller_learns_which_option_pays_and_goes_on_from_its_state():
    one, other = Controller(MEMBERS, 0, 0.05), Controller(MEMBERS, 0, 0.05)

    def reward(picks, draw):
        return float(np.mean([pick == 3 for pick in picks]))

    def drawn(controller):
        paths = [controller.draw(np.random.default_rng(n)) for n in range(50)]
        return float(np.mean([[pick == 3 for pick in path] for path in paths]))

    before = drawn(one)
    for number in range(25):
        one.learn(reward, np.random.default_rng(100 + number))
    assert drawn(one) > before + 0.3
    other.load(one.state())
    for controller in (one, other):
        controller.learn(reward, np.random.default_rng(7))
    draws = [controller.draw(np.random.default_rng(1)) for controller in (one, other)]
    assert draws[0] == draws[1]
    assert all(np.array_equal(a, other.state()[k]) for k, a in one.state().items())


def test_what_is_said_of_a_search_names_steps_skips_and_collapse():
    class Collapsing(FakeOneShot):
        def _measure(self, trial, report):
            found = super()._measure(trial, report)
            if "steps" in found.data:
                found.data["steps"] |= {"architecture": 100, "published": 19_550}
                found.data.update(lr=0.05, skips=0.9)
            return found

    log = drive(OneShot(SPACE, "darts", steps=100, ticks=4), Collapsing(), 10)
    done = [one for one in log if one.measurement is not None]
    found = history("darts", done)
    text = " ".join(found.sentences)
    assert found.is_collapsed
    assert "100 steps where 19,550 were published" in text
    assert "Collapsed: 90% of the slots hold a skip connection" in text
    assert "100 of 100 steps" in text
    assert history("spos", done) is None
