"""Trees and networks in one search, from the space to the exported file."""

import pytest

from coeval.component.solved import follows_no_recipe
from coeval.errors import SpaceError
from coeval.evaluate.training import TrainingEvaluator
from coeval.export.finalists import choose_finalists
from coeval.run.budget import Budget
from coeval.run.search import search
from coeval.run.strategies import RUNGS, _under_rungs, strategy_for
from coeval.space.tabular import space_for
from coeval.strategy.random import RandomSearch
from coeval.trial import Fidelity, Objective, Proposal, State, Trial
from tests.evaluate.tasks import task_of

TASK = task_of("wine")
SPACE = space_for(TASK, models="all")
LOSS = Objective("log_loss")


def measure(proposal):
    evaluator = TrainingEvaluator(TASK, SPACE)
    ((_, found),) = evaluator.evaluate([Trial(0, proposal)], lambda *_: True)
    return found


def test_trees_are_measured_as_networks_are():
    found = measure(Proposal(SPACE.seeds()["trees"]))
    assert found.failure is None
    assert found.data["engine"] == "trees"
    assert found.values["accuracy"] > 0.85
    assert len(found.curve["log_loss"]) == found.cost["epochs"] > 10
    assert "signals" not in found.data


def test_linear_models_are_measured_as_networks_are():
    found = measure(Proposal(SPACE.seeds()["linear_model"]))
    assert found.failure is None
    assert found.data["engine"] == "linear"
    assert found.values["accuracy"] > 0.9
    assert len(found.curve["log_loss"]) == found.cost["epochs"] > 3
    assert "signals" not in found.data


def test_a_rung_is_all_of_a_linear_models_path():
    whole = measure(Proposal(SPACE.seeds()["linear_model"]))
    short = measure(Proposal(SPACE.seeds()["linear_model"], Fidelity(epochs=1 / 9)))
    assert short.values == whole.values


def test_fewer_epochs_are_fewer_rounds():
    seed = SPACE.seeds()["slow_trees"]
    found = measure(Proposal(seed, Fidelity(epochs=1 / 27)))
    rounds = dict(seed.architecture.body.steps[0].settings)["rounds"]
    # Such a share of the recipe's epochs, rounded.
    assert found.cost["epochs"] == pytest.approx(rounds / 27, rel=0.2)


def test_a_search_tries_both():
    run = search(
        TASK,
        SPACE,
        strategy_for("evolution", SPACE, LOSS, 0),
        TrainingEvaluator(TASK, SPACE),
        Budget(trials=14),
        objective=LOSS,
    )
    done = [one.measurement for one in run.trials if one.measurement.failure is None]
    engines = {one.data["engine"] for one in done}
    assert "trees" in engines
    assert len(engines) > 1


def test_other_models_are_one_clear_error():
    with pytest.raises(
        SpaceError, match=r"models must be one of all, neural, got 'al'\. Did you mean 'all'"
    ):
        space_for(TASK, models="al")


def test_trees_are_trained_whole_whatever_the_rungs():
    strategy = _under_rungs(RandomSearch(SPACE, 0), LOSS, 0, "epochs", has_signals=False)
    shares = {True: set(), False: set()}
    for proposal in strategy.ask(60):
        shares[follows_no_recipe(proposal.candidate.architecture)].add(proposal.fidelity.epochs)
    assert shares == {True: {1.0}, False: {RUNGS[0]}}


def test_what_is_said_of_a_finalist_names_trees():
    measured = [measure(Proposal(SPACE.seeds()[name])) for name in ("trees", "mlp")]
    trials = [
        Trial(number, Proposal(SPACE.seeds()[name]), State.DONE, found)
        for number, (name, found) in enumerate(zip(("trees", "mlp"), measured, strict=True))
    ]
    found = {one.trial: one.named for one in choose_finalists(trials, SPACE, LOSS)}
    assert found == {0: "Trial 0 (gradient-boosted trees)", 1: "Trial 1"}
