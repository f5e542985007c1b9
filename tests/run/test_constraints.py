from dataclasses import replace
from pathlib import Path

import pytest

from coeval.architecture.inference import infer
from coeval.errors import BudgetError, ExportError, SpaceError
from coeval.run.constraints import Constraints, Costs, constraints_of, limited
from coeval.run.options import Options
from coeval.seed import generator
from coeval.space import nasbench201
from coeval.space.footprint import inference_bytes
from coeval.space.protocol import Candidate
from coeval.space.tabular import space_for
from coeval.trial import Limit, Objective
from tests.evaluate.tasks import task_of

OPTIONS = Options(Path("wine.csv"), "target", Path("run"))


@pytest.fixture(scope="module")
def wine():
    return space_for(task_of("wine"))


def test_nothing_is_demanded_by_default():
    assert constraints_of(OPTIONS) == Constraints()


def test_limits_are_read_with_their_units():
    asked = replace(
        OPTIONS, max_latency="5ms", max_parameters="200k", max_macs="20M", max_memory="8MB"
    )
    found = constraints_of(asked)
    assert found.needs_latency
    assert {one.name: one.most for one in found.limits} == {
        "latency_ms": 5.0,
        "parameters": 200_000,
        "macs": 20_000_000,
        "inference_bytes": 8_000_000,
    }


def test_objectives_are_minimised_beside_the_score():
    found = constraints_of(replace(OPTIONS, objective="latency, score,memory"))
    assert found.minimised == ("latency_ms", "inference_bytes")
    score = Objective("accuracy", maximise=True)
    assert found.objectives(score)[0] is score
    assert not constraints_of(replace(OPTIONS, objective="score,macs")).needs_latency


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("score,latncy", "Did you mean 'latency'"),
        ("latency", "must name score too, got 'latency'"),
        ("score,macs,macs", "each objective once"),
        ("", "got ''"),
    ],
)
def test_an_objective_that_makes_no_sense_is_explained(text, said):
    with pytest.raises(SpaceError, match=said):
        constraints_of(replace(OPTIONS, objective=text))


def test_a_search_that_has_latency_in_its_loss_asks_for_it():
    assert constraints_of(replace(OPTIONS, strategy="proxylessnas")).needs_latency


def test_costs_are_those_of_the_whole_network(wine):
    candidate = next(iter(wine.seeds().values()))
    network = wine.architecture(candidate)
    costs = Costs(wine, Constraints(), lambda one: 0.25)
    assert costs.of(candidate) == {
        "parameters": infer(network).cost.parameters,
        "macs": infer(network).cost.macs,
        "inference_bytes": inference_bytes(network),
        "latency_ms": 0.25,
    }


def test_latency_is_not_asked_for_where_another_limit_is_broken_already(wine):
    asked = []

    def latency(candidate: Candidate) -> float:
        asked.append(candidate)
        return 1.0

    limits = (Limit("parameters", 10), Limit("latency_ms", 0.5))
    costs = Costs(wine, Constraints(limits), latency)
    candidate = next(iter(wine.seeds().values()))
    assert set(costs.violations(candidate)) == {"parameters"}
    assert not asked
    loose = Costs(wine, Constraints(limits[1:]), latency)
    assert loose.violations(candidate) == {"latency_ms": 1.0}


def test_a_network_that_cannot_be_exported_is_no_contender_where_latency_counts(wine):
    def latency(candidate: Candidate) -> float:
        raise ExportError("cannot be written")

    candidate = next(iter(wine.seeds().values()))
    bounded = Costs(wine, Constraints((Limit("latency_ms", 1.0),)), latency)
    assert bounded.violations(candidate) == {"latency_ms": 1.0}
    assert "latency_ms" not in bounded.of(candidate)
    minimised = Costs(wine, Constraints(minimised=("latency_ms",)), latency)
    assert minimised.violations(candidate) == {}
    with pytest.raises(BudgetError, match="--max-latency: ONNX Runtime can time no network"):
        limited(wine, bounded)


def test_a_limited_space_draws_within_all_limits(wine):
    limits = Constraints((Limit("parameters", 2000), Limit("inference_bytes", 10_000)))
    costs = Costs(wine, limits)
    space = limited(wine, costs)
    assert all(costs.allows(one) for one in space.seeds().values())
    import numpy as np  # noqa: PLC0415

    assert all(costs.allows(space.sample(np.random.default_rng(n))) for n in range(10))


def test_without_limits_the_space_is_left_as_it_is(wine):
    assert limited(wine, Costs(wine, Constraints(minimised=("macs",)))) is wine


@pytest.mark.parametrize(
    ("limit", "said"),
    [
        (Limit("macs", 100), "--max-macs must be at least 7,783,040, .* got 100"),
        (Limit("latency_ms", 0.01), r"--max-latency must be at least 0\.\d+ ms, .* got 0.01 ms"),
        (Limit("inference_bytes", 500), "--max-memory must be at least .* KB, .* got 0.5 KB"),
    ],
)
def test_a_limit_below_the_smallest_member_says_what_is_reachable(limit, said):
    cells = nasbench201.space()

    def latency(candidate: Candidate) -> float:
        return infer(cells.architecture(candidate)).cost.macs / 1e8

    with pytest.raises(BudgetError, match=said):
        limited(cells, Costs(cells, Constraints((limit,)), latency))


def test_limits_that_exclude_each_other_are_named_together(wine):
    fewest = (Limit("parameters", 60), Limit("latency_ms", 1.0))
    costs = Costs(wine, Constraints(fewest), lambda one: 2.0 - 1e-3 * _parameters(wine, one))
    with pytest.raises(BudgetError, match="No network was found that keeps all limits together"):
        limited(wine, costs)


def _parameters(space, candidate) -> int:
    return min(infer(space.architecture(candidate)).cost.parameters, 1900)


def test_what_is_predicted_near_a_limit_is_measured_before_it_is_trained(wine):
    asked = []

    def measured(candidate):
        asked.append(candidate)
        return 1.2

    def costs(predicted):
        limits = Constraints((Limit("latency_ms", 1.0),))
        return Costs(wine, limits, lambda one: predicted, measured)

    one = wine.sample(generator(0))
    assert costs(0.4).confirmed(one) == {}
    assert costs(1.5).confirmed(one) == {"latency_ms": 0.5}
    assert asked == []
    near = costs(0.7)
    assert near.allows(one)
    for _ in range(2):
        assert near.confirmed(one) == {"latency_ms": pytest.approx(0.2)}
    assert asked == [one]
    assert near.of(one)["latency_ms"] == 1.2
    assert not near.allows(one)
