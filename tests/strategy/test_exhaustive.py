import itertools
import json
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from coeval.architecture.component import Setting
from coeval.errors import SpaceError
from coeval.space.choices import ChoiceSpace
from coeval.space.digest import candidate_digest
from coeval.space.product import ProductSpace
from coeval.space.tabular import space_for
from coeval.strategy.exhaustive import Exhaustive
from coeval.strategy.random import RandomSearch
from coeval.strategy.seeded import Seeded
from coeval.testing.fakes import LOSS, LadderEvaluator, drive, ladder_space
from coeval.testing.strategies import check_strategy, shuffled
from coeval.trial import Fidelity, Limit, Measurement, Proposal, State, Trial, best, finish
from tests.space.test_tabular import task
from tests.strategy.fronts import TWO, FrontEvaluator

SPACE = ladder_space(settings=2, choices=4, parts=2)
SIZE = 4**4


def asked(log):
    return [one.proposal.candidate for one in log if one.state is State.RUNNING]


def told(records, space=SPACE, objective=LOSS):
    strategy = Exhaustive(space, objective)
    for one in records:
        strategy.tell(one)
    return strategy


class Mirrored(ChoiceSpace):
    """Yields every member twice, its settings in the other order: another genotype of the same digest."""

    def size(self):
        return 2 * super().size()

    def __iter__(self):
        for one in super().__iter__():
            yield one
            yield one[::-1]

    def contains(self, genotype):
        return super().contains(tuple(sorted(genotype)))


def mirrored():
    two = (Setting("a", (1, 2, 3), 1), Setting("b", (1, 2), 1))
    return ProductSpace({"only": Mirrored(two)})


@pytest.mark.parametrize("space", [SPACE, ladder_space(settings=2, choices=2, parts=1), mirrored()])
def test_keeps_the_contract_of_strategies(space):
    judge = LadderEvaluator(failing=15)
    check_strategy(lambda: Exhaustive(space, LOSS), space, judge, trials=20)


def test_proposes_every_member_in_the_order_of_the_space_and_then_nothing():
    strategy = Exhaustive(SPACE, LOSS)
    log = drive(strategy, LadderEvaluator(), SIZE + 10, batch=7, order=shuffled(2))
    assert asked(log) == list(SPACE)
    assert strategy.ask(5) == []


def test_finds_and_proves_the_optimum():
    strategy = Exhaustive(SPACE, LOSS)
    log = drive(strategy, LadderEvaluator(target=2), SIZE)
    certificate = strategy.certificate()
    assert certificate.best == (best(log, LOSS).number,)
    assert certificate.is_proven
    assert certificate.gaps == ()
    assert certificate.share == 1.0
    assert certificate.describe().startswith("Proven: the optimum of the space.")


def test_candidates_of_one_normal_form_are_tried_once():
    strategy = Exhaustive(mirrored(), LOSS)
    log = drive(strategy, LadderEvaluator(), 99)
    digests = [candidate_digest(one) for one in asked(log)]
    certificate = strategy.certificate()
    assert len(digests) == len(set(digests)) == 6
    assert (certificate.enumerated, certificate.classes, certificate.share) == (12, 6, 1.0)
    assert "6 equal to an earlier one" in certificate.describe()


def test_what_others_tried_is_not_tried_again():
    seeds = {"last": list(SPACE)[-1], "second": list(SPACE)[1]}
    strategy = Exhaustive(SPACE, LOSS)
    log = drive(Seeded(strategy, seeds), LadderEvaluator(), SIZE + 1)
    assert len(asked(log)) == SIZE
    assert strategy.certificate().is_proven


def test_names_the_front_of_several_objectives():
    strategy = Exhaustive(SPACE, TWO)
    log = drive(strategy, _Opposed(), SIZE)
    certificate = strategy.certificate()
    values = [dict(one) for one in certificate.values]
    assert {(one["f1"], one["f2"]) for one in values} == {(x, 12.0 - x) for x in range(13)}
    assert set(certificate.best) <= {one.number for one in log}
    assert certificate.describe().startswith("Proven: the front of the space.")


def test_says_that_members_are_left():
    strategy = Exhaustive(SPACE, LOSS)
    drive(strategy, LadderEvaluator(), 64)
    certificate = strategy.certificate()
    assert certificate.gaps == ("192 of 256 members were not tried",)
    assert certificate.share == 0.25
    assert certificate.describe().startswith("Not proven: 192 of 256 members were not tried.")


def test_says_that_evaluations_failed():
    strategy = Exhaustive(SPACE, LOSS)
    log = drive(strategy, LadderEvaluator(failing=10), SIZE)
    failures = sum(one.state is State.FAILED for one in log)
    certificate = strategy.certificate()
    assert failures > 1
    assert certificate.failed == failures
    assert certificate.gaps == (f"the evaluation of {failures} classes failed",)
    assert certificate.share == (SIZE - failures) / SIZE


def test_says_that_an_evaluation_is_not_finished():
    log = drive(Exhaustive(SPACE, LOSS), LadderEvaluator(), SIZE)
    certificate = told(log[:-1]).certificate()
    assert certificate.gaps == ("the evaluation of 1 class is not finished",)


def test_says_that_an_evaluation_was_partial():
    log = drive(Exhaustive(SPACE, LOSS), LadderEvaluator(), SIZE)
    proposal = Proposal(log[0].proposal.candidate, Fidelity(epochs=0.5))
    strategy = told([finish(Trial(0, proposal), Measurement({"loss": 1.0})), *log[2:]])
    assert strategy.certificate().gaps == ("1 class was evaluated only in part",)
    assert strategy.ask(1) == []


def test_proves_that_nothing_is_feasible():
    strategy = Exhaustive(SPACE, TWO)
    drive(strategy, FrontEvaluator(limit=Limit("f1", -1.0)), SIZE)
    certificate = strategy.certificate()
    assert certificate.best == ()
    assert certificate.describe().startswith("Proven: no member of the space is feasible.")


@settings(max_examples=15, deadline=None)
@given(st.integers(0, 2 * SIZE), st.integers(0, 3))
def test_the_certificate_is_derived_from_the_log(length, curiosity):
    live = Exhaustive(SPACE, LOSS)
    log = drive(live, LadderEvaluator(failing=20), SIZE, batch=3)[:length]
    again = told(log)
    curious = Exhaustive(SPACE, LOSS)
    for one in log:
        curious.ask(curiosity)
        curious.tell(one)
    assert again.certificate() == curious.certificate()
    assert again.ask(4) == curious.ask(4)


def test_the_certificate_is_plain_json():
    strategy = Exhaustive(SPACE, LOSS)
    drive(strategy, LadderEvaluator(), 10)
    values = json.loads(json.dumps(strategy.certificate().to_json()))
    assert values["proven"] is False
    assert values["gaps"] == ["246 of 256 members were not tried"]
    assert values["values"][0].keys() == {"loss"}


def test_a_space_too_large_is_refused_with_its_count_and_the_time():
    with pytest.raises(
        SpaceError, match=r"at most 1,000,000 members, this space has 68,719,476,736"
    ):
        Exhaustive(ladder_space(), LOSS)
    with pytest.raises(SpaceError, match=r"at 12 s an evaluation that would take 26,131 years"):
        Exhaustive(ladder_space(), LOSS, seconds=12)
    with pytest.raises(
        SpaceError, match=r"has 256: at 0.5 s an evaluation that would take 2.13 min"
    ):
        Exhaustive(SPACE, LOSS, most=255, seconds=0.5)
    with pytest.raises(SpaceError, match=r"this space has about 10\^\d\d: .* 10\^\d\d years"):
        Exhaustive(space_for(task()), LOSS)


def test_a_space_that_cannot_be_counted_says_so():
    class Endless:
        def size(self):
            raise SpaceError("This space cannot be enumerated.")

    with pytest.raises(SpaceError, match="cannot be enumerated"):
        Exhaustive(Endless(), LOSS)


def test_a_long_log_is_resumed_in_one_sweep():
    space = ladder_space(settings=3, choices=5, parts=2)
    trials = [
        finish(Trial(number, Proposal(candidate)), Measurement({"loss": float(number)}))
        for number, candidate in enumerate(itertools.islice(space, 4_001))
    ]

    def seconds(count):
        strategy = Exhaustive(space, LOSS)
        began = time.process_time()
        for one in trials[:count]:
            strategy.tell(one)
        assert strategy.ask(1)[0].candidate == trials[count].proposal.candidate
        return time.process_time() - began

    quarter = seconds(1_000)
    assert seconds(4_000) < 8 * quarter + 0.2


def test_random_trials_in_between_do_not_disturb_it():
    strategy, chance = Exhaustive(SPACE, LOSS), RandomSearch(SPACE, 3)
    number = 0
    while strategy.ask(1):
        for proposal in (*chance.ask(1), *strategy.ask(1)):
            trial = finish(Trial(number, proposal), Measurement({"loss": float(number)}))
            strategy.tell(trial)
            chance.tell(trial)
            number += 1
    assert strategy.certificate().is_proven
    assert number <= SIZE + 40


class _Opposed:
    """Measures the sum of the numbers, and what is missing of the greatest sum."""

    def evaluate(self, trials, report):
        for trial in trials:
            total = sum(value for _, part in trial.proposal.candidate.parts for _, value in part)
            yield trial.number, Measurement({"f1": float(total), "f2": 12.0 - total})

    def bucket(self, proposal):
        return "all"
