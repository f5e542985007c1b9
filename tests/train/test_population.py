"""Members of a population end as each of them would alone."""

import dataclasses
import time

import numpy as np
import pytest

from coeval.build.network import Network
from coeval.build.tape import write_tape
from coeval.build.weights import arrays
from coeval.component.channel import RELU
from coeval.component.head import CLASS_HEAD
from coeval.space.limits import Limits
from coeval.space.recipe import Recipe
from coeval.space.tabular import sequence_space
from coeval.task.task import Problem
from coeval.train import population
from coeval.train.errors import Diverged
from coeval.train.fit import Stopped, fit
from coeval.train.population import train_population
from coeval.train.population_engine import Member
from coeval.train.population_values import structure
from coeval.train.predict import predict
from tests.train.population_nets import COLUMNS, KINDS, branched, data_of, plain
from tests.train.problems import metric_of

SAME = 1e-4
WIDTHS = (6, 9, 6, 4)
RECIPE = Recipe(lr=4e-3, batch_size=32, epochs=8, weight_decay=0.02)
DATA = data_of(Problem.MULTICLASS)
ACCURACY = metric_of(Problem.MULTICLASS)


def members_of(make, recipes):
    return [
        Member(make(width), recipe, seed, recipe.epochs)
        for seed, (width, recipe) in enumerate(zip(WIDTHS, recipes, strict=False))
    ]


def both(make, recipes, data=DATA, **common):
    """Train members alone and together; return both with what ``fit`` said of them."""
    metric = metric_of(data.problem)
    alone, together = members_of(make, recipes), members_of(make, recipes)
    stops = common.pop("stop_after", [None] * len(alone))
    one_by_one = [
        fit(
            one.network,
            data,
            one.recipe,
            seed=one.seed,
            metric=metric,
            stop_after=stop,
            schedule_epochs=one.length,
            engine="eager",
            **common,
        )
        for one, stop in zip(alone, stops, strict=True)
    ]
    if stops[0] is not None:
        common["stop_after"] = stops
    return alone, one_by_one, together, train_population(together, data, metric=metric, **common)


def check_same(found, within=SAME):
    alone, one_by_one, together, fitted = found
    for one, said, other, says in zip(alone, one_by_one, together, fitted, strict=True):
        theirs, ours = arrays(one.network), arrays(other.network)
        assert max(np.abs(theirs[name] - ours[name]).max() for name in theirs) < within
        ignored = {"seconds": 0.0, "state": None, "curve": {}, "score": 0.0}
        assert dataclasses.replace(says, **ignored) == dataclasses.replace(said, **ignored)
        assert says.score == pytest.approx(said.score, abs=within, nan_ok=True)
        for name, curve in said.curve.items():
            np.testing.assert_allclose(says.curve[name], curve, atol=within)


@pytest.mark.parametrize("kind", KINDS)
def test_an_epoch_together_is_an_epoch_alone(kind):
    check_same(both(KINDS[kind], [RECIPE] * 4, stop_after=[1] * 4))


@pytest.mark.parametrize(
    ("problem", "optimizer"),
    [
        (Problem.BINARY, "adamw"),
        (Problem.MULTICLASS, "nadamw"),
        (Problem.REGRESSION, "sgd"),
        *(
            pytest.param(problem, optimizer, marks=pytest.mark.slow)
            for problem in Problem
            for optimizer in ("adamw", "nadamw", "sgd")
        ),
    ],
)
def test_members_keep_their_own_rates_schedules_and_best_epochs(problem, optimizer):
    schedules = ("cosine", "constant", "flat_cosine", "cosine")
    recipes = [
        Recipe(
            optimizer=optimizer,
            lr=2e-3 * (number + 1),
            schedule=schedule,
            weight_decay=0.05 * number,
            batch_size=32,
            epochs=6 + number,
            label_smoothing=0.0 if problem is Problem.REGRESSION else 0.05 * number,
        )
        for number, schedule in enumerate(schedules)
    ]
    data = data_of(problem, weighted=optimizer != "nadamw")
    check_same(both(lambda width: branched(problem, width, width / 30), recipes, data))


def test_who_stops_leaves_the_batch_and_the_others_train_on_as_if_alone():
    recipes = [dataclasses.replace(RECIPE, epochs=one, lr=3e-3) for one in (24, 3, 8, 60)]
    recipes[3] = dataclasses.replace(recipes[3], lr=1e-6)  # learns nothing: patience ends it
    found = both(lambda width: branched(Problem.MULTICLASS, width, 0.2), recipes)
    check_same(found, 1e-3)
    assert {one.stopped for one in found[3]} == {Stopped.EPOCHS, Stopped.PATIENCE}
    assert len({one.epochs for one in found[3]}) > 2


def test_a_member_that_diverges_fails_alone():
    recipes = [RECIPE, dataclasses.replace(RECIPE, lr=1e30), RECIPE]
    make = lambda width: plain(Problem.REGRESSION, width, RELU)  # noqa: E731
    data = data_of(Problem.REGRESSION)
    members = members_of(make, recipes)
    found = train_population(members, data, metric=metric_of(Problem.REGRESSION))
    assert isinstance(found[1], Diverged)
    assert "Lower the learning rate" in str(found[1])
    alone, one_by_one, _, _ = both(make, [RECIPE] * 3, data)
    check_same((alone[::2], one_by_one[::2], members[::2], found[::2]))


def test_without_validation_all_epochs_are_trained_and_the_last_counts():
    data = dataclasses.replace(DATA, validation=None)
    found = both(KINDS["dropout"], [RECIPE] * 3, data)
    check_same(found)
    assert [one.best_epoch for one in found[3]] == [RECIPE.epochs] * 3
    assert all(np.isnan(one.score) for one in found[3])


@pytest.mark.parametrize(
    "optimizer",
    ["nadamw", *(pytest.param(one, marks=pytest.mark.slow) for one in ("adamw", "sgd"))],
)
def test_a_population_goes_on_from_states_of_trainings_alone_and_they_from_its(optimizer):
    recipes = [dataclasses.replace(RECIPE, optimizer=optimizer)] * 3
    make = KINDS["branched"]
    first = both(make, recipes, stop_after=[3] * 3, keep_state=True)
    whole = both(make, recipes)
    for states in ([one.state for one in first[1]], [one.state for one in first[3]]):
        alone, together = members_of(make, recipes), members_of(make, recipes)
        one_by_one = [
            fit(
                one.network,
                DATA,
                one.recipe,
                seed=one.seed,
                metric=ACCURACY,
                start=state,
                engine="eager",
            )
            for one, state in zip(alone, states, strict=False)
        ]
        fitted = train_population(together, DATA, metric=ACCURACY, start=states)
        check_same((whole[0], whole[1], alone, one_by_one))
        check_same((whole[0], whole[1], together, fitted))


def test_members_of_unequal_age_are_told_apart():
    members = members_of(KINDS["relu"], [RECIPE] * 2)
    states = [
        one.state
        for stop in (1, 2)
        for one in both(KINDS["relu"], [RECIPE], stop_after=[stop], keep_state=True)[1]
    ]
    with pytest.raises(ValueError, match=r"trained equally long, got \[1, 2\] epochs"):
        train_population(members, DATA, metric=ACCURACY, start=states)


def test_each_member_is_asked_whether_it_goes_on():
    def go_on(member, epoch, values):
        assert set(values) == {"train_loss", "accuracy"}
        return epoch < 2 * member + 1

    members = members_of(KINDS["relu"], [RECIPE] * 3)
    found = train_population(members, DATA, metric=ACCURACY, on_epoch=go_on)
    assert [(one.epochs, one.stopped) for one in found] == [
        (1, Stopped.ASKED),
        (3, Stopped.ASKED),
        (5, Stopped.ASKED),
    ]


def test_a_stop_inside_the_first_epoch_scores_what_was_learnt_so_far(monkeypatch):
    monkeypatch.setattr(population, "POLL_SECONDS", 0.0)
    members = members_of(KINDS["relu"], [RECIPE] * 2)
    found = train_population(
        members, DATA, metric=ACCURACY, should_stop=lambda: True, keep_state=True
    )
    for one, member in zip(found, members, strict=True):
        assert (one.epochs, one.best_epoch, one.stopped, one.state) == (0, 0, Stopped.ASKED, None)
        judged = predict(member.network, DATA.validation.rows, Problem.MULTICLASS)
        score = ACCURACY.score(DATA.validation.target, judged, None)
        assert one.score == pytest.approx(score)


def test_the_seconds_of_members_are_their_shares():
    members = members_of(KINDS["relu"], [RECIPE] * 4)
    before = time.monotonic()
    found = train_population(members, DATA, metric=ACCURACY)
    whole = time.monotonic() - before
    assert 0.5 * whole < sum(one.seconds for one in found) <= whole


def test_networks_of_another_structure_do_not_fit_together():
    members = [
        Member(KINDS["relu"](6), RECIPE, 0, 10),
        Member(KINDS["tanh"](6), RECIPE, 1, 10),
    ]
    with pytest.raises(ValueError, match="one structure, batch size and optimizer, got 2"):
        train_population(members, DATA, metric=ACCURACY)


def test_validation_rows_need_a_metric():
    with pytest.raises(ValueError, match="a metric is needed"):
        train_population(members_of(KINDS["relu"], [RECIPE]), DATA)


def kin_of(space, rng):
    """Return an architecture of a space, and those of its structure among children of children."""
    found = [space.sample(rng)]
    shared = structure(write_tape(found[0]))
    for _ in range(60):
        child = space.mutate(found[rng.integers(len(found))], rng).genotype
        if structure(write_tape(child)) == shared and child not in found:
            found.append(child)
    return found[:4]


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(12))
def test_whatever_a_space_holds_trains_together_as_alone(seed):
    space = sequence_space(
        COLUMNS,
        CLASS_HEAD,
        CLASS_HEAD.complete({"classes": 3}),
        ladder=(8, 16, 24),
        limits=Limits(length=14, parameters=60_000, macs=200_000),
    )
    architectures = kin_of(space, np.random.default_rng(seed))
    recipe = dataclasses.replace(RECIPE, lr=1e-3)

    def made():
        networks = [Network(one, seed=number) for number, one in enumerate(architectures)]
        for one in networks:
            one.fit_entries(DATA.train.rows)
        return [Member(one, recipe, number, recipe.epochs) for number, one in enumerate(networks)]

    alone, together = made(), made()
    fitted = train_population(together, DATA, metric=ACCURACY, stop_after=[1] * len(together))
    for one, other, says in zip(alone, together, fitted, strict=True):
        said = fit(
            one.network,
            DATA,
            recipe,
            seed=one.seed,
            metric=ACCURACY,
            stop_after=1,
            engine="eager",
        )
        assert says.curve["train_loss"] == pytest.approx(said.curve["train_loss"], abs=1e-5)
        ours, theirs = (
            predict(which.network, DATA.validation.rows, Problem.MULTICLASS)
            for which in (other, one)
        )
        # Not by weights: a bias before batch normalisation has no gradient but rounding, which Adam makes large.
        np.testing.assert_allclose(ours, theirs, atol=1e-3)


def test_members_that_weigh_classes_differently_do_not_train_together():
    recipes = [RECIPE, dataclasses.replace(RECIPE, class_weights="balanced")]
    make = lambda width: plain(Problem.MULTICLASS, width, RELU)  # noqa: E731
    with pytest.raises(ValueError, match="weigh classes alike"):
        train_population(members_of(make, recipes), DATA, metric=ACCURACY)


def test_class_weights_are_those_of_training_alone():
    recipe = dataclasses.replace(RECIPE, class_weights="balanced", epochs=3)
    make = lambda width: plain(Problem.MULTICLASS, width, RELU)  # noqa: E731
    check_same(both(make, [recipe, recipe]))
