import functools
import math
import pickle
from dataclasses import replace

import pytest

from coeval.errors import SpaceError
from coeval.evaluate.limited import Limited
from coeval.evaluate.protocol import never_stop
from coeval.evaluate.table_catalogue import load_benchmark
from coeval.evaluate.table_evaluator import TableEvaluator
from coeval.seed import generator
from coeval.space.digest import candidate_digest
from coeval.testing.evaluators import check_evaluator
from coeval.trial import Fidelity, Limit, Measurement, Proposal, Trial
from tests.evaluate.tables import SPACE, candidate, table

HALF, TENTH = Fidelity(epochs=0.5), Fidelity(epochs=0.1)


def measured(evaluator, one, number=0, report=never_stop, **fields) -> Measurement:
    ((_, found),) = evaluator.evaluate([Trial(number, Proposal(one, **fields))], report)
    return found


def limited(of, limit):
    return Limited(TableEvaluator(of, needed=[limit.name]), (limit,))


@pytest.mark.parametrize("curves", [False, True])
def test_the_contract_of_evaluators_holds(curves):
    proposals = [Proposal(SPACE.sample(generator(0, n))) for n in range(6)]
    proposals += [Proposal(candidate(1, 2), TENTH), Proposal(candidate(1, 2), TENTH)]
    judge = limited(table(curves=curves), Limit("latency", 1.0))
    check_evaluator(judge, proposals, objective="accuracy")


def test_the_contract_holds_on_the_shipped_table():
    benchmark = load_benchmark("nasbench201")
    proposals = [Proposal(benchmark.space.sample(generator(1, n))) for n in range(4)]
    check_evaluator(TableEvaluator(benchmark.table), proposals, objective="accuracy")


def test_a_short_schedule_has_its_own_value_and_its_share_of_the_cost():
    judge = TableEvaluator(table())
    short, full = (
        measured(judge, candidate(2, 3), number, fidelity=fidelity)
        for number, fidelity in enumerate([TENTH, Fidelity()])
    )
    assert (short.values["accuracy"], full.values["accuracy"]) == (11.5, 23.0)
    assert (short.cost, full.cost) == (
        {"evaluations": 0.1, "epochs": 10.0},
        {"evaluations": 1.0, "epochs": 100.0},
    )


@pytest.mark.parametrize("fidelity", [HALF, Fidelity(rows=0.5), Fidelity(epochs=0.1, width=0.5)])
def test_a_fidelity_that_the_table_lacks_is_an_error_that_lists_those_it_has(fidelity):
    with pytest.raises(SpaceError, match=r"epochs=0\.1 \(10 epochs\), epochs=1 \(100 epochs\)"):
        measured(TableEvaluator(table()), candidate(0, 0), fidelity=fidelity)


def test_a_candidate_that_the_table_lacks_is_an_error():
    with pytest.raises(SpaceError, match=r"no row for \(1, 1\) among its 15"):
        measured(TableEvaluator(table(missing=(1, 1))), candidate(1, 1))


def test_limits_are_measured_and_what_a_device_cannot_run_breaks_them():
    judge = limited(table(), Limit("latency", 1.0))
    assert measured(judge, candidate(1, 0)).violations == {"latency": 0.0}
    assert measured(judge, candidate(2, 0), 1).violations == {"latency": 1.0}
    undeployable = measured(judge, candidate(3, 0), 2)
    assert undeployable.violations == {"latency": 1.0}
    assert "latency" not in undeployable.values
    assert undeployable.values["accuracy"] == 30.0


def test_a_missing_value_matters_only_where_it_is_needed():
    assert measured(TableEvaluator(table()), candidate(3, 0)).violations == {}
    needing = TableEvaluator(table(), needed=["latency"])
    assert measured(needing, candidate(3, 0)).violations == {"latency": 1.0}


def test_a_limit_on_an_unknown_value_is_an_error():
    with pytest.raises(SpaceError, match="has the values accuracy, latency, flops, got 'energy'"):
        limited(table(), Limit("energy", 1.0))


@functools.cache
def twins():
    """Return two different cells of NAS-Bench-201 that compute the same."""
    seen = {}
    for one in load_benchmark("nasbench201").space:
        other = seen.setdefault(candidate_digest(one), one)
        if other != one and differ(other, one):
            return other, one
    raise AssertionError("the space has no copies")


def differ(first, second) -> bool:
    own = load_benchmark("nasbench201").table
    return own.column("accuracy")[own.row(first)] != own.column("accuracy")[own.row(second)]


def test_copies_answer_with_the_first_one_asked_within_one_search():
    own = load_benchmark("nasbench201").table
    first, second = twins()
    for one, other in ((first, second), (second, first)):
        judge = TableEvaluator(own)
        asked, copied = measured(judge, one, 4), measured(judge, other, 5)
        assert asked.values == copied.values
        assert asked.values["accuracy"] == own.column("accuracy")[own.row(one)]
        assert (asked.cached_from, copied.cached_from) == (None, 4)
        assert copied.cost == asked.cost
        assert judge.test(other) == judge.test(one)
        assert judge.distinct == 1


def test_copies_may_answer_for_themselves():
    first, second = twins()
    judge = TableEvaluator(load_benchmark("nasbench201").table, canonical=False)
    assert measured(judge, first).values != measured(judge, second, 1).values


def test_looking_up_a_test_score_claims_nothing():
    first, second = twins()
    judge = TableEvaluator(load_benchmark("nasbench201").table)
    judge.test(first)
    assert differ(first, second)
    own = judge.table.column("accuracy")[judge.table.row(second)]
    assert measured(judge, second).values["accuracy"] == own


def test_the_test_score_stands_in_no_measurement():
    judge = TableEvaluator(table())
    found = measured(judge, candidate(2, 2))
    assert judge.test(candidate(2, 2)) == 11.0
    assert 11.0 not in found.values.values()


def test_a_curve_is_reported_epoch_by_epoch_and_costs_its_seconds():
    seen = []

    def report(number, progress, values):
        seen.append((number, progress, values["accuracy"]))
        return True

    found = measured(TableEvaluator(table(curves=True)), candidate(1, 0), 7, report)
    assert seen == [(7, epoch, pytest.approx(epoch)) for epoch in range(1, 11)]
    assert found.curve["accuracy"] == pytest.approx(tuple(range(1, 11)))
    assert found.cost == {"evaluations": 1.0, "epochs": 10.0, "seconds": 60.0}


def test_stop_ends_a_curve_early():
    judge = TableEvaluator(table(curves=True))
    found = measured(judge, candidate(1, 0), report=lambda number, progress, values: progress < 3)
    assert found.values["accuracy"] == pytest.approx(3.0)
    assert found.cost["evaluations"] == pytest.approx(0.3)
    assert found.data == {"stopped_early": True}


def test_a_continuation_pays_for_its_own_epochs_only():
    judge = TableEvaluator(table(curves=True))
    first = measured(judge, candidate(1, 0), 0, fidelity=TENTH)
    again = measured(judge, candidate(1, 0), 1, fidelity=HALF, continues=0)
    assert (first.cost["epochs"], again.cost["epochs"]) == (1.0, 4.0)
    assert again.curve["accuracy"] == pytest.approx((1, 2, 3, 4, 5))
    other = measured(judge, candidate(2, 0), 2, fidelity=HALF, continues=0)
    assert other.cost["epochs"] == 5.0


def test_a_share_of_the_epochs_is_that_of_the_row_s_own_length():
    found = measured(TableEvaluator(table(curves=True)), candidate(0, 2), fidelity=HALF)
    assert found.cost["epochs"] == 10.0
    assert found.cost["evaluations"] == 0.5


def test_a_table_without_test_scores_says_nan():
    assert math.isnan(TableEvaluator(replace(table(), test=None)).test(candidate(0, 0)))


def test_a_pickled_evaluator_remembers_who_was_first():
    first, second = twins()
    judge = TableEvaluator(load_benchmark("nasbench201").table)
    asked = measured(judge, first)
    assert measured(pickle.loads(pickle.dumps(judge)), second, 1).values == asked.values
