"""A training that pauses and goes on ends as one that did not."""

import dataclasses

import numpy as np
import pytest

from coeval.architecture.step import Architecture, sequence, step
from coeval.architecture.types import Columns
from coeval.build.network import Network
from coeval.build.weights import arrays
from coeval.component.channel import DROPOUT, LINEAR, RELU
from coeval.component.entry import NUMERIC_ENTRY
from coeval.component.head import CLASS_HEAD
from coeval.component.norm import BATCH_NORM
from coeval.space.recipe import Recipe
from coeval.task.task import Problem
from coeval.train import eager
from coeval.train import fit as fit_module
from coeval.train.fit import Stopped, fit
from tests.train.problems import ACCURACY, data_of

DATA = data_of(Problem.MULTICLASS)
QUICK = Recipe(lr=1e-2, batch_size=64, epochs=12)


def network():
    steps = [
        step(NUMERIC_ENTRY, 0),
        step(LINEAR, 1, width=16),
        step(BATCH_NORM, 2),
        step(RELU, 3),
        step(DROPOUT, 4, rate=0.3),
        step(CLASS_HEAD, 5, classes=4),
    ]
    return Network(Architecture((Columns(2),), sequence(1, steps)), seed=0)


@pytest.mark.parametrize("optimizer", ["adamw", "nadamw", "sgd"])
@pytest.mark.parametrize("pauses", [(1,), (5,), (2, 3, 9)])
def test_a_paused_training_ends_with_the_very_weights_of_an_undisturbed_one(optimizer, pauses):
    recipe = dataclasses.replace(QUICK, optimizer=optimizer)
    whole, parts = network(), network()
    expected = fit(whole, DATA, recipe, seed=3, metric=ACCURACY)
    state = None
    for epoch in (*pauses, recipe.epochs):
        parts = network()  # nothing lives on but the state
        found = fit(
            parts,
            DATA,
            recipe,
            seed=3,
            metric=ACCURACY,
            stop_after=epoch,
            start=state,
            keep_state=True,
        )
        state = found.state
    ignored = {"seconds": 0.0, "state": None}
    assert dataclasses.replace(found, **ignored) == dataclasses.replace(expected, **ignored)
    ours, theirs = arrays(parts), arrays(whole)
    assert all(np.array_equal(ours[name], theirs[name]) for name in theirs)


def test_a_state_of_a_training_that_ran_out_of_patience_trains_no_further():
    recipe = dataclasses.replace(QUICK, epochs=60, lr=1e-6)  # nothing is learnt: patience ends it
    first = fit(network(), DATA, recipe, seed=0, metric=ACCURACY, keep_state=True)
    again = fit(network(), DATA, recipe, seed=0, metric=ACCURACY, start=first.state)
    assert first.stopped is again.stopped is Stopped.PATIENCE
    assert (again.epochs, again.best_epoch, again.curve) == (
        first.epochs,
        first.best_epoch,
        first.curve,
    )


def test_slices_are_kept_while_it_trains_and_any_of_them_is_a_start(monkeypatch):
    monkeypatch.setattr(fit_module, "SLICE_SECONDS", 0.0)
    slices = []
    whole, cut = network(), network()
    fit(whole, DATA, QUICK, seed=1, metric=ACCURACY, on_slice=slices.append)
    assert [int(one["epochs"]) for one in slices] == list(range(1, QUICK.epochs + 1))
    fit(cut, DATA, QUICK, seed=1, metric=ACCURACY, start=slices[4])
    ours, theirs = arrays(cut), arrays(whole)
    assert all(np.array_equal(ours[name], theirs[name]) for name in theirs)


def test_only_a_training_that_was_stopped_between_two_epochs_has_a_state(monkeypatch):
    monkeypatch.setattr(eager, "POLL_SECONDS", 0.0)
    common = {"seed": 0, "metric": ACCURACY, "keep_state": True}
    between = fit(network(), DATA, QUICK, on_epoch=lambda epoch, values: epoch < 2, **common)
    inside = fit(network(), DATA, QUICK, should_stop=lambda: True, **common)
    assert int(between.state["epochs"]) == 2
    assert inside.stopped is Stopped.ASKED
    assert inside.state is None
