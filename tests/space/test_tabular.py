import dataclasses
import pickle

import numpy as np
import pytest

from coeval.architecture.inference import infer
from coeval.architecture.types import Columns, Vector
from coeval.component.members import VOTE
from coeval.space.digest import candidate_digest
from coeval.space.limits import Limits
from coeval.space.portfolio import looks_of, order
from coeval.space.presets import STRONG
from coeval.space.recipe import PASSES
from coeval.space.tabular import LEAST_MACS, WORK, head_for, space_for
from coeval.task.metric import Metric
from coeval.task.table import Column, ColumnSchema, Kind, Schema, Table
from coeval.task.task import Problem, Splits, Target, Task
from coeval.testing.spaces import check_candidate_space

ALWAYS = {"linear", "mlp", "resnet", "realmlp", "gated", "normed", "normed_bins"}


def task(
    problem=Problem.BINARY, rows=400, numbers=3, kinds=(Kind.CATEGORICAL, Kind.TEXT, Kind.DATE)
):
    rng = np.random.default_rng(0)
    columns = [Column(f"n{i}", Kind.NUMERIC, rng.normal(size=rows)) for i in range(numbers)]
    words = ("red house", "blue house", "green tree", "tree")
    for kind in kinds:
        if kind is Kind.DATE:
            columns.append(Column("d", kind, rng.integers(0, 20_000, rows).astype(float)))
        else:
            codes = rng.integers(0, 4, rows).astype(np.int32)
            columns.append(Column(str(kind), kind, codes, words))
    classes = {Problem.BINARY: ("no", "yes"), Problem.MULTICLASS: ("a", "b", "c")}.get(problem, ())
    index = np.arange(rows)
    cuts = [int(rows * share) for share in (0.55, 0.7, 0.8)]
    splits = Splits(*np.split(index, cuts))
    return Task(
        name="test",
        problem=problem,
        schema=Schema(tuple(ColumnSchema(one.name, one.kind) for one in columns)),
        table=Table(tuple(columns), rows),
        target=Target("y", rng.integers(0, max(1, len(classes)), rows), classes),
        splits=splits,
        folds=((splits.train, splits.validation),),
        metric=Metric("accuracy", True, lambda truth, found, weights: 0.0),
        weights=None,
        fingerprint="x",
    )


def test_keeps_the_contract_of_candidate_spaces():
    check_candidate_space(space_for(task()), samples=12)


@pytest.mark.parametrize("problem", list(Problem))
def test_the_head_is_the_problem_s(problem):
    one = task(problem)
    space = space_for(one, models="neural")
    candidate = space.sample(np.random.default_rng(0))
    assert infer(space.architecture(candidate)).output == Vector(one.outputs)
    heads = (head_for(one)[0], VOTE)
    assert candidate.architecture.body.steps[-1].component in heads


@pytest.mark.parametrize("rows", [40, 400, 30_000])
@pytest.mark.parametrize("numbers", [1, 700])
def test_all_seeds_are_members_whatever_the_table(rows, numbers):
    space = space_for(task(rows=rows, numbers=numbers, kinds=()), models="neural")
    roomy = ["tabm", "tabm_bins"] if numbers == 1 else []  # a wide table leaves ensembles no room
    assert set(space.seeds()) == {*ALWAYS, *roomy}
    assert list(space.seeds()) == order(
        space.seeds(), looks_of(task(rows=rows, numbers=numbers, kinds=()))
    )
    assert all(map(space.contains, space.seeds().values()))
    assert len({candidate_digest(one) for one in space.seeds().values()}) == len(ALWAYS) + len(
        roomy
    )


@pytest.mark.parametrize("rows", [100, 3_000, 40_000])
def test_no_candidate_trains_for_minutes(rows):
    space = space_for(task(rows=rows))
    train = int(rows * 0.55)
    for seed in range(30):
        candidate = space.sample(np.random.default_rng(seed))
        macs = infer(candidate.architecture).cost.macs
        epochs = candidate.settings("recipe")["epochs"]
        assert macs * epochs * train <= max(WORK, LEAST_MACS * PASSES)


def test_a_limit_that_the_user_gives_holds():
    space = space_for(task(), models="neural", limits=Limits(macs=5_000))
    assert space.parts["architecture"].grammar.limits.macs == 5_000
    assert infer(space.seeds()["mlp"].architecture).cost.macs <= 5_000


def test_seeds_shrink_where_the_limits_are_tight():
    space = space_for(task(), limits=Limits(parameters=30_000))
    assert set(space.seeds()) >= ALWAYS


def test_small_tables_get_more_dropout():
    def rate(rows):
        steps = space_for(task(rows=rows)).seeds()["mlp"].architecture.body.steps
        return next(one.setting("rate") for one in steps if one.component.name == "dropout")

    assert rate(200) > rate(20_000)


def test_where_most_columns_are_categories_some_seeds_have_strong_weight_decay():
    def decay(name, **columns):
        return space_for(task(**columns)).seeds()[name].settings("recipe")["weight_decay"]

    for name in ("resnet", "gated"):
        assert decay(name, numbers=1) == STRONG > decay(name, numbers=20)
    assert decay("tabm_bins", numbers=1) < STRONG


def test_the_preparation_types_the_input():
    space = space_for(task())
    seed = space.seeds()["mlp"]
    other = dataclasses.replace(
        seed,
        parts=(("preparation", space.parts["preparation"].default(dates="both")), *seed.parts[1:]),
    )
    plain, dated = space.architecture(seed), space.architecture(other)
    assert isinstance(plain.inputs[0], Columns)
    assert plain.inputs == seed.architecture.inputs
    assert dated.inputs[0].numeric > plain.inputs[0].numeric
    assert infer(dated).output == infer(plain).output


def test_every_preparation_types_into_a_legal_architecture():
    space = space_for(task())
    for preparation in space.parts["preparation"]:
        for seed in space.seeds().values():
            parts = (("preparation", preparation), *seed.parts[1:])
            assert infer(space.architecture(dataclasses.replace(seed, parts=parts)))


def test_proposals_travel_to_workers():
    space = space_for(task())
    candidate = space.sample(np.random.default_rng(1))
    assert pickle.loads(pickle.dumps(candidate)) == candidate
