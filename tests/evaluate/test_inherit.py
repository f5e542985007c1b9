"""Heirs in the training evaluator: what they begin with, what is said of it, and who begins from scratch after all."""

import functools
from dataclasses import replace

import pytest

from coeval.evaluate.folds import prepare_fold
from coeval.evaluate.inherit import HEIR_SHARE, endow, heir_recipe, legacy_of
from coeval.evaluate.plan import make_plan
from coeval.evaluate.protocol import never_stop
from coeval.evaluate.trainer import untrained
from coeval.evaluate.training import TrainingEvaluator
from coeval.space.protocol import Candidate
from coeval.space.recipe import Recipe
from coeval.space.tabular import space_for
from coeval.train.data import target_scale
from coeval.train.predict import predict
from coeval.trial import Fidelity, Proposal, Trial, finish
from tests.evaluate.tasks import task_of
from tests.evaluate.test_training import Kept

TASK = task_of("breast_cancer")
SPACE = space_for(TASK, effort=0.03)


class Pruned(Kept):
    """Artifacts that were deleted since."""

    def get(self, digest):
        raise KeyError(digest)


def evaluate(evaluator, trial):
    ((_, measurement),) = evaluator.evaluate([trial], never_stop)
    assert measurement.failure is None, measurement.failure
    return finish(trial, measurement)


def parent_of(evaluator, candidate, **given):
    return evaluate(evaluator, Trial(0, Proposal(candidate, **given)))


def child_of(parent, candidate, number=1, **given):
    return Trial(
        number, Proposal(candidate, parent=parent.number, **given), kin={parent.number: parent}
    )


def with_part(candidate, name, genotype):
    return Candidate(
        tuple((one, genotype if one == name else part) for one, part in candidate.parts)
    )


@functools.cache
def exact_children(candidate):
    """The first child of each kind of move that calls itself exact."""
    found = {}
    for child in SPACE.parts["architecture"].neighbours(candidate.architecture):
        move = child.moves[0]
        if move.exact and move.name not in found:
            found[move.name] = with_part(candidate, "architecture", child.genotype)
    return found


def evaluator(task=TASK, space=SPACE, kept=None, **given):
    return TrainingEvaluator(task, space, artifacts=Kept() if kept is None else kept, **given)


def score_at_start(task, space, parent, kept, candidate):
    """The validation score of an heir before its first epoch, and what it inherits."""
    trial = child_of(parent, candidate)
    plan = make_plan(task, space, trial.proposal)
    legacy, why = legacy_of(trial, plan, space, kept, "exact")
    assert not why
    fold = prepare_fold(task, plan.preparation, 0)
    network, data = untrained(task, plan.architecture, fold, seed=7)
    inherited = endow(network, network.architecture, legacy, fold, 0)
    scale = target_scale(task.problem, data.train)
    predicted = predict(network.eval(), fold.judged, task.problem, scale)
    return task.metric.score(data.validation.target, predicted, None), inherited


@pytest.mark.parametrize("name", ["mlp", "resnet"])
def test_an_exact_child_starts_with_its_parents_score(name):
    kept = Kept()
    seed = SPACE.seeds()[name]
    parent = parent_of(evaluator(kept=kept), seed)
    children = exact_children(seed)
    assert {"insert", "motif", "merge", "widen"} <= children.keys()
    for candidate in children.values():
        score, inherited = score_at_start(TASK, SPACE, parent, kept, candidate)
        assert inherited.exact
        assert 0 < inherited.share <= 1
        assert score == pytest.approx(parent.measurement.values[TASK.metric.name], abs=1e-5)


def test_what_a_child_inherited_is_told():
    used = evaluator(inherit="any")
    seed = SPACE.seeds()["mlp"]
    parent = parent_of(used, seed)
    told = evaluate(used, child_of(parent, exact_children(seed)["motif"])).measurement.data
    assert told["inherited"]["parent"] == 0
    assert told["inherited"]["exact"] is True
    assert 0.2 < told["inherited"]["share"] <= 1


def test_an_heir_trains_a_short_schedule_of_its_own():
    used = evaluator(inherit="any")
    seed = SPACE.seeds()["mlp"]
    parent = parent_of(used, seed)
    child = exact_children(seed)["motif"]
    found = evaluate(used, child_of(parent, child)).measurement
    whole = Recipe.of(seed.settings("recipe"))
    assert (
        found.data["schedule_epochs"]
        == round(HEIR_SHARE * whole.epochs)
        == heir_recipe(whole).epochs
    )
    assert found.cost["epochs"] <= HEIR_SHARE * whole.epochs
    scratch = evaluate(used, Trial(1, Proposal(child))).measurement
    assert "inherited" not in scratch.data
    assert scratch.data["schedule_epochs"] == whole.epochs


def test_who_may_inherit_is_an_option():
    seed = SPACE.seeds()["mlp"]
    kept = Kept()
    parent = parent_of(evaluator(kept=kept), seed)
    exact = exact_children(seed)["motif"]
    approximate = next(
        with_part(seed, "architecture", child.genotype)
        for child in SPACE.parts["architecture"].neighbours(seed.architecture)
        if child.moves[0].name == "delete"
    )

    def told(inherit, candidate):
        trial = evaluate(evaluator(kept=kept, inherit=inherit), child_of(parent, candidate))
        return trial.measurement.data.get("inherited")

    assert told("none", exact) is None
    assert told("exact", exact)["exact"] is True
    assert told("exact", approximate) is None
    assert told("any", approximate)["exact"] is False
    with pytest.raises(ValueError, match="inherit must be one of none, exact, any, got 'all'"):
        evaluator(inherit="all")


def test_lost_weights_and_other_columns_mean_training_from_scratch():
    seed = SPACE.seeds()["mlp"]
    kept = Kept()
    used = evaluator(kept=kept, inherit="any")
    parent = parent_of(used, seed)
    exact = exact_children(seed)["motif"]
    preparation = next(iter(SPACE.parts["preparation"].neighbours(seed.part("preparation"))))
    other = with_part(exact, "preparation", preparation.genotype)
    why = evaluate(used, child_of(parent, other)).measurement.data
    assert why["from_scratch"] == "trial 0 prepares its columns differently"
    recipe = next(iter(SPACE.parts["recipe"].neighbours(seed.part("recipe"))))
    taught = evaluate(used, child_of(parent, with_part(exact, "recipe", recipe.genotype)))
    assert taught.measurement.data["from_scratch"] == "trial 0 was trained by another recipe"
    fewer = evaluate(used, child_of(parent, exact, fidelity=Fidelity(rows=0.5))).measurement.data
    assert fewer["from_scratch"] == "trial 0 was trained on other rows"
    pruned = evaluator(kept=Pruned(), inherit="any")
    lost = evaluate(pruned, child_of(parent, exact)).measurement
    assert lost.data["from_scratch"] == "the weights of trial 0 are gone"
    scratch = evaluate(used, Trial(1, Proposal(exact))).measurement
    assert lost.values == scratch.values


def test_each_fold_starts_with_the_weights_that_have_not_seen_its_rows():
    task = task_of("wine", folds=3)
    space = space_for(task, effort=0.03)
    used = evaluator(task, space, inherit="exact")
    seed = space.seeds()["mlp"]
    parent = parent_of(used, seed)
    children = space.parts["architecture"].neighbours(seed.architecture)
    child = next(one.genotype for one in children if one.moves[0].exact)
    heir = child_of(parent, with_part(seed, "architecture", child))
    assert evaluate(used, heir).measurement.data["inherited"]["exact"] is True
    plan = make_plan(task, space, heir.proposal)
    legacy, _ = legacy_of(heir, plan, space, used.artifacts, "exact")
    own = parent.measurement.artifacts
    assert [used.artifacts[own[name]] for name in ("weights", "weights-1", "weights-2")] == list(
        legacy.weights
    )
    rewired = {**parent.measurement.artifacts}
    del rewired["weights-2"]
    short = replace(parent, measurement=replace(parent.measurement, artifacts=rewired))
    lost = evaluate(used, child_of(short, with_part(seed, "architecture", child))).measurement
    assert lost.data["from_scratch"] == "the weights of trial 0 are gone"


def test_a_repeat_of_a_child_is_trained_from_scratch():
    seed = SPACE.seeds()["mlp"]
    used = evaluator(inherit="any")
    parent = parent_of(used, seed)
    exact = exact_children(seed)["motif"]
    assert "inherited" not in evaluate(used, child_of(parent, exact, repeat=1)).measurement.data


def test_a_paused_heir_goes_on_as_one_that_was_never_interrupted():
    seed = SPACE.seeds()["mlp"]
    used = evaluator(inherit="any")
    parent = parent_of(used, seed)
    exact = exact_children(seed)["motif"]
    paused = evaluate(used, child_of(parent, exact, fidelity=Fidelity(epochs=0.5)))
    assert paused.measurement.data["inherited"]["exact"] is True
    on = Trial(2, Proposal(exact, continues=1), kin={1: paused})
    ended = evaluate(used, on).measurement
    whole = evaluate(used, child_of(parent, exact)).measurement
    assert ended.values == whole.values
    assert ended.curve == whole.curve
    assert ended.data["inherited"] == whole.data["inherited"]


@pytest.mark.slow
@pytest.mark.parametrize("name", ["diabetes", "breast_cancer"])
def test_every_exact_move_keeps_the_score_of_every_seed(name):
    task = task_of(name)
    space = space_for(task, effort=0.03)
    for seed in space.seeds().values():
        kept = Kept()
        parent = parent_of(evaluator(task, space, kept), seed)
        score = parent.measurement.values[task.metric.name]
        for child in space.parts["architecture"].neighbours(seed.architecture):
            if child.moves[0].exact:
                heir = with_part(seed, "architecture", child.genotype)
                start, inherited = score_at_start(task, space, parent, kept, heir)
                assert inherited.exact, child.moves
                assert start == pytest.approx(score, rel=1e-5, abs=1e-5), child.moves


def test_an_heir_leaves_the_weights_that_it_was_left_itself():
    seed = SPACE.seeds()["mlp"]
    used = evaluator(inherit="any")
    root = parent_of(used, seed)
    said = root.measurement.data
    ripe = round(said["best_epochs"][0] / said["schedule_epochs"], 4)
    exact = exact_children(seed)
    child = evaluate(used, child_of(root, exact["motif"]))
    again = Trial(2, Proposal(exact["merge"], parent=1), kin={0: root, 1: child})
    grandchild = evaluate(used, again)
    told = grandchild.measurement.data["inherited"]
    assert (told["parent"], told["root"], told["ripe"]) == (1, 0, ripe)
    lost = evaluate(used, child_of(child, exact["merge"], 2)).measurement.data
    assert lost["from_scratch"] == "where the line of trial 1 began is not known"
    sibling = evaluate(used, replace(child_of(root, exact["merge"]), number=2))
    assert sibling.measurement.values == grandchild.measurement.values
    assert child.measurement.data["inherited"]["ripe"] == ripe
