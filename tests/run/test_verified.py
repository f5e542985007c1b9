import math
from types import SimpleNamespace

import pytest

from coeval.architecture.inference import infer
from coeval.errors import ExportError
from coeval.export.ensemble import Ensemble
from coeval.run import verified
from coeval.run.constraints import Constraints
from coeval.run.run import Run
from coeval.run.verified import check, constraint_facts, finalists_within, together_within
from coeval.seed import generator
from coeval.space.tabular import space_for
from coeval.trial import Limit, Measurement, Objective, Proposal, State, Trial
from tests.evaluate.tasks import task_of

LOSS = Objective("log_loss")
TASK = task_of("wine")
SPACE = space_for(TASK, models="neural")


class Clock:
    """Says that a network takes its multiply-accumulates in microseconds; refuses the one of a certain size."""

    def __init__(self, refused=-1):
        self.refused, self.asked = refused, 0

    def measured(self, architecture, preparation):
        self.asked += 1
        macs = infer(architecture).cost.macs
        if macs == self.refused:
            raise ExportError("cannot be written")
        return macs / 1000

    def __call__(self, candidate):
        return 0.5


def site(*limits, latency=None):
    demands = SimpleNamespace(
        constraints=Constraints(limits),
        latency=latency,
        is_plain=not limits,
    )
    notes = []
    return SimpleNamespace(
        demands=demands,
        space=SPACE,
        task=TASK,
        objective=LOSS,
        record=lambda *more: notes.extend(more),
        notes=notes,
    )


@pytest.fixture(scope="module")
def run():
    """Return a finished search whose better trials are the larger networks."""
    by_size = {macs(one): one for one in (SPACE.sample(generator(0, n)) for n in range(20))}
    drawn = [by_size[size] for size in sorted(by_size, reverse=True)][:8]
    trials = tuple(
        Trial(number, Proposal(one), State.DONE, Measurement(values={"log_loss": 0.1 + number}))
        for number, one in enumerate(drawn)
    )
    return Run(trials, LOSS, "trials", 1.0)


def macs(candidate):
    return infer(SPACE.architecture(candidate)).cost.macs


def sizes(run):
    return [macs(one.proposal.candidate) for one in run.trials]


def test_without_limits_the_best_are_finalists_and_nothing_is_measured(run):
    clock = Clock()
    found = finalists_within(site(latency=clock), run, count=3)
    assert [one.trial for one in found] == [0, 1, 2]
    assert clock.asked == 0


def test_the_next_best_takes_the_place_of_one_that_measures_over_the_limit(run):
    most = sizes(run)[2] / 1000
    place = site(Limit("latency_ms", most), latency=Clock())
    found = finalists_within(place, run, count=3)
    assert [one.trial for one in found] == [2, 3, 4]
    assert [one.data["trial"] for one in place.notes] == [0, 1]
    assert all(one.kind == "over_limit" and one.data["excess"] for one in place.notes)


def test_where_none_keeps_the_limits_the_nearest_becomes_the_model(run):
    place = site(Limit("latency_ms", 1e-6), latency=Clock())
    (found,) = finalists_within(place, run)
    assert found.trial == len(run.trials) - 1
    assert len(place.notes) == len(run.trials)


def test_once_one_keeps_them_no_more_are_looked_at_than_there_is_time_for(run):
    clock = Clock()
    found = finalists_within(site(Limit("latency_ms", 1e6), latency=clock), run, end=-math.inf)
    assert [one.trial for one in found] == [0]
    assert clock.asked == 1


def test_a_network_that_cannot_be_written_is_passed_over(run):
    place = site(Limit("latency_ms", 1e6), latency=Clock(refused=sizes(run)[0]))
    found = finalists_within(place, run, count=2)
    assert [one.trial for one in found] == [1, 2]
    assert place.notes[0].data["failure"] == "cannot be written"


def test_symbolic_limits_hold_on_the_columns_of_all_rows(run):
    place = site(Limit("macs", sizes(run)[3]))
    (best, *_) = finalists_within(place, run)
    assert check(place, best).costs["macs"] == sizes(run)[3]


def test_a_busy_moment_does_not_break_a_limit(run):
    network = SPACE.architecture(run.trials[-1].proposal.candidate)
    model = SimpleNamespace(architecture=network, preparation=SimpleNamespace(settings={}))
    most = infer(network).cost.macs / 1000
    place = site(Limit("latency_ms", most), latency=Clock())
    facts = constraint_facts(place, run, [run.trials[-1].number], model, 10 * most)
    assert facts["measured"]["latency_ms"] == most
    assert facts["excess"] == {}
    assert facts["predicted_ms"] == 0.5
    over = site(Limit("latency_ms", most / 2), latency=Clock())
    again = constraint_facts(over, run, [run.trials[-1].number], model, 10 * most)
    assert again["excess"] == {"latency_ms": pytest.approx(1.0)}


def test_the_costs_of_an_ensembles_members_add_up(run):
    small, smaller = sorted(sizes(run))[1], sorted(sizes(run))[0]
    members = finalists_within(site(), run, count=8)[-2:]
    assert together_within(site(), members)
    assert together_within(site(Limit("macs", small + smaller)), members)
    assert not together_within(site(Limit("macs", small + smaller - 1)), members)
    assert not together_within(site(Limit("macs", 2 * small)), [*members, members[0]])


@pytest.mark.parametrize("bound", ["TOGETHER_MACS", "TOGETHER_BYTES"])
def test_without_limits_an_ensemble_stays_small_and_quick_all_the_same(run, monkeypatch, bound):
    members = finalists_within(site(), run, count=2)
    assert together_within(site(), members)
    monkeypatch.setattr(verified, bound, 1)
    assert not together_within(site(), members)


def test_where_a_cost_is_minimised_there_is_no_ensemble(run):
    place = site()
    place.demands.constraints = Constraints((), minimised=("macs",))
    assert not together_within(place, finalists_within(site(), run, count=2))


def test_what_an_ensemble_measures_is_the_sum_of_its_members(run):
    network = SPACE.architecture(run.trials[-1].proposal.candidate)
    model = SimpleNamespace(
        architecture=network, preparation=SimpleNamespace(settings={}), problem=None
    )
    place = site(Limit("latency_ms", 1e9), latency=Clock())
    number = run.trials[-1].number
    facts = constraint_facts(
        place, run, [number, number], Ensemble((model, model), (0.5, 0.5)), 3.0
    )
    assert facts["measured"]["macs"] == 2 * infer(network).cost.macs
    assert facts["measured"]["latency_ms"] == 3.0
    assert facts["predicted_ms"] == 1.0


def test_nothing_demanded_nothing_said(run):
    assert constraint_facts(site(), run, [0], None, 1.0) is None
