import numpy as np
import pytest

from coeval.architecture.component import Setting
from coeval.errors import SpaceError
from coeval.space.choices import ChoiceSpace, adjacent
from coeval.space.recipe import (
    MANY,
    MANY_PASSES,
    PASSES,
    RECIPE,
    UPDATES,
    Recipe,
    recipe_for,
    weights_may_pay,
)
from coeval.task.metrics import metric
from coeval.task.table import Column, Kind
from coeval.task.task import Problem
from coeval.testing.spaces import check_space
from tests.evaluate.tasks import task_from

SMALL = ChoiceSpace(
    (
        Setting("lr", (0.1, 0.2, 0.4), 0.2),
        Setting("tied", (False, True), True),
        Setting("name", ("a", "b", "c"), "a"),
    ),
    "recipe",
)


def test_keeps_the_contract_of_spaces():
    check_space(SMALL, leaves=100)
    check_space(ChoiceSpace(RECIPE, "recipe"))


def test_a_space_without_settings_has_one_genotype():
    empty = ChoiceSpace(())
    assert empty.size() == 1
    assert list(empty) == [()]
    assert not empty.mutate((), np.random.default_rng(0)).moves


def test_numbers_step_to_the_next_rung_and_names_to_any_other():
    lr, _, name = SMALL.settings
    assert adjacent(lr, 0.1) == (0.2,)
    assert adjacent(lr, 0.2) == (0.1, 0.4)
    assert adjacent(name, "b") == ("a", "c")


def test_a_mutation_changes_one_setting_and_says_which():
    genotype = SMALL.default()
    child = SMALL.mutate(genotype, np.random.default_rng(3))
    changed = [
        name for (name, old), (_, new) in zip(genotype, child.genotype, strict=True) if old != new
    ]
    assert changed == [child.moves[0].site]
    assert "->" in child.moves[0].detail


def test_a_crossover_takes_every_value_from_a_parent():
    first, second = SMALL.default(), SMALL.default(lr=0.4, tied=False, name="c")
    for seed in range(20):
        child = SMALL.cross(first, second, np.random.default_rng(seed)).genotype
        assert all(pair in (a, b) for pair, a, b in zip(child, first, second, strict=True))


def test_a_misspelt_setting_gets_a_hint():
    with pytest.raises(SpaceError, match="Did you mean 'name'"):
        SMALL.default(nam="a")


def test_a_value_of_another_type_is_no_member():
    assert not SMALL.contains((("lr", 0.1), ("tied", 1), ("name", "a")))


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ((Setting("a", (), 0),), "at least one choice"),
        ((Setting("a", (1,), 1), Setting("a", (2,), 2)), "different names"),
    ],
)
def test_impossible_settings_are_refused(settings, message):
    with pytest.raises(SpaceError, match=message):
        ChoiceSpace(settings)


@pytest.mark.parametrize("rows", [1, 30, 500, 3_000, 30_000, 400_000, 5_000_000])
@pytest.mark.parametrize("folds", [1, 5])
def test_recipes_of_a_table_stay_affordable_whatever_its_size(rows, folds):
    space = ChoiceSpace(recipe_for(rows, classes=True, folds=folds))
    by_name = {one.name: one for one in space.settings}
    epochs, batch = by_name["epochs"].choices, by_name["batch_size"].default
    assert epochs[-1] * rows * folds <= PASSES or epochs == (1,)
    assert epochs[-1] * rows * folds / batch <= UPDATES or epochs == (1,)
    assert space.contains(space.default())
    assert Recipe.of(dict(space.default())).epochs in epochs


def test_of_very_many_rows_no_search_however_long_asks_for_many_epochs_by_default():
    def usual(rows, effort):
        settings = recipe_for(rows, classes=True, effort=effort)
        return next(one.default for one in settings if one.name == "epochs")

    assert usual(MANY, 4.0) == MANY_PASSES // MANY
    assert usual(10 * MANY, 4.0) == 1
    assert usual(MANY - 1, 4.0) > 2 * usual(MANY, 4.0)


def test_values_have_no_labels_to_smooth():
    by_name = {one.name: one for one in recipe_for(1000, classes=False)}
    assert by_name["label_smoothing"].choices == (0.0,)


@pytest.mark.parametrize(
    ("metric_name", "rare", "offered"),
    [
        ("balanced_accuracy", 20, True),
        ("macro_f1", 20, True),
        ("balanced_accuracy", 60, False),
        ("log_loss", 20, False),
        ("accuracy", 20, False),
    ],
)
def test_class_weights_are_a_choice_where_they_may_pay(metric_name, rare, offered) -> None:
    values = (np.arange(400) % 200 < rare).astype(np.int64)
    columns = (Column("x", Kind.NUMERIC, np.arange(400.0)),)
    task = task_from(
        "rare", Problem.BINARY, columns, values, metric=metric(metric_name, Problem.BINARY)
    )
    assert weights_may_pay(task) is offered
    names = [one.name for one in recipe_for(220, classes=True, weighted=weights_may_pay(task))]
    assert ("class_weights" in names) is offered
    by_name = {one.name: one for one in recipe_for(220, classes=True, weighted=True)}
    assert Recipe.of({"class_weights": by_name["class_weights"].default}) == Recipe()
