"""Each check fails for a strategy that breaks its one promise, and passes for one that keeps all."""

import math

import pytest

from coeval.seed import generator
from coeval.strategy.evolution import RegularisedEvolution
from coeval.strategy.objectives import Objectives, violation
from coeval.strategy.random import RandomSearch
from coeval.testing.fakes import LOSS, ladder_space
from coeval.testing.strategies import check_strategy
from coeval.testing.strategies_judges import DigestEvaluator, Disturbed, evaluated, share
from coeval.testing.strategies_results import check_vector_results
from coeval.trial import Proposal, State, Trial

SPACE = ladder_space()


class Climber:
    """Changes the best trial so far: right in every way; the classes below break one promise each."""

    def __init__(self, objectives=LOSS):
        self.objectives = Objectives(objectives)
        self.numbers = set()
        self.trials = []

    def ask(self, count):
        first = len(self.numbers)
        return [self.propose(number) for number in range(first, first + count)]

    def propose(self, number):
        best = self.objectives.best(self.trials)
        rng = generator(0, "climber", number)
        if best is None:
            return Proposal(SPACE.sample(rng))
        return Proposal(SPACE.mutate(best.proposal.candidate, rng).genotype, parent=best.number)

    def tell(self, trial):
        self.numbers.add(trial.number)
        if self.welcomes(trial):
            self.trials.append(trial)

    def welcomes(self, trial):
        return self.objectives.is_judged(trial)


class Penalising(Climber):
    """Adds the excess to the cost."""

    def propose(self, number):
        rng = generator(0, "climber", number)
        if not self.trials:
            return Proposal(SPACE.sample(rng))
        best = min(self.trials, key=lambda one: (LOSS.cost(one) + 10 * violation(one), one.number))
        return Proposal(SPACE.mutate(best.proposal.candidate, rng).genotype, parent=best.number)


class Quitting(Climber):
    """Ends when there are trials, but none is feasible."""

    def ask(self, count):
        feasible = [trial for trial in self.trials if not violation(trial)]
        return super().ask(count) if len(self.trials) < 20 or feasible else []


class Rating(Climber):
    """Takes every DONE trial for a good one if its cost is below that of the best."""

    def welcomes(self, trial):
        return trial.state is State.DONE and trial.proposal.fidelity.is_full

    def propose(self, number):
        rng = generator(0, "climber", number)
        if not self.trials:
            return Proposal(SPACE.sample(rng))
        best = min(self.trials, key=lambda one: (self.objectives.costs(one), one.number))
        return Proposal(SPACE.mutate(best.proposal.candidate, rng).genotype, parent=best.number)


class Squaring(Climber):
    """Overflows at a large value."""

    def tell(self, trial):
        super().tell(trial)
        for one in self.trials[-1:]:
            math.exp(max(self.objectives.costs(one)))


class Eager(Climber):
    """Learns from whatever is measured."""

    def welcomes(self, trial):
        return self.objectives.is_measured(trial)


class Repeating(Climber):
    """Learns from repeats."""

    def welcomes(self, trial):
        whole = trial.proposal.fidelity.is_full and trial.proposal.cases is None
        return whole and self.objectives.is_measured(trial)


class Announced(Climber):
    """Counts the trials that were told as RUNNING."""

    def tell(self, trial):
        if trial.state is State.RUNNING:
            self.numbers.add(trial.number)
        elif self.welcomes(trial):
            self.trials.append(trial)


class First(Climber):
    """Sees the first objective only."""

    def __init__(self, objectives):
        super().__init__(objectives[0])


class Unsigned(Climber):
    """Minimises everything."""

    def propose(self, number):
        rng = generator(0, "climber", number)
        if not self.trials:
            return Proposal(SPACE.sample(rng))
        best = min(self.trials, key=lambda one: (sum(one.measurement.values.values()), one.number))
        return Proposal(SPACE.mutate(best.proposal.candidate, rng).genotype, parent=best.number)


def test_a_right_strategy_passes():
    check_strategy(Climber, SPACE)
    check_vector_results(Climber, SPACE)
    check_vector_results(lambda objectives: RandomSearch(SPACE), SPACE, learns=False)


@pytest.mark.parametrize(
    ("broken", "sentence"),
    [
        (Penalising, "depends on the values of infeasible trials"),
        (Quitting, "100% of the trials infeasible, the strategy stopped after 20 trials"),
        (Rating, "with the value -inf and a fifth FAILED, trial .* which has no finite value"),
        (Eager, "Values of low-fidelity trials"),
        (Repeating, "of repeats that others proposed changed the question"),
        (Announced, "where earlier trials were not told as RUNNING"),
    ],
)
def test_a_broken_promise_about_results_is_named(broken, sentence):
    with pytest.raises(AssertionError, match=sentence):
        check_strategy(broken, SPACE, DigestEvaluator(), trials=40)


def test_a_strategy_that_a_large_value_breaks_is_found():
    with pytest.raises(OverflowError):
        check_strategy(Squaring, SPACE, DigestEvaluator(), trials=40)


def test_what_a_strategy_says_of_itself_is_not_asked_of_it():
    check_strategy(Eager, SPACE, trials=40, single_fidelity=False)
    check_strategy(Penalising, SPACE, trials=40, models_infeasible=True)


@pytest.mark.parametrize(
    ("broken", "sentence"),
    [
        (First, "'score' does not change a single question"),
        (Unsigned, "Maximising a value asks otherwise"),
        (Quitting, "the strategy stopped after 20 trials"),
    ],
)
def test_a_broken_promise_about_several_objectives_is_named(broken, sentence):
    with pytest.raises(AssertionError, match=sentence):
        check_vector_results(broken, SPACE, trials=40)


def test_a_strategy_that_does_not_learn_says_so():
    with pytest.raises(AssertionError, match="say learns=False"):
        check_vector_results(lambda objectives: RandomSearch(SPACE), SPACE)


def test_evolution_keeps_its_promises_about_several_objectives():
    check_vector_results(
        lambda objectives: RegularisedEvolution(SPACE, objectives, 1, population=10, sample_size=4),
        SPACE,
    )


def trial(number):
    return Trial(number, Proposal(SPACE.sample(generator(0, number))))


def test_disturbances_follow_the_candidate_and_keep_their_shares():
    judge = Disturbed(DigestEvaluator(("a", "b")), infeasible=0.3, strange=0.4, failing=0.2)
    done = [evaluated(trial(number), judge)[1] for number in range(2000)]
    again = [evaluated(trial(number), judge)[1] for number in range(20)]
    assert str(again) == str(done[:20])
    failed = [one for one in done if one.state is State.FAILED]
    assert 0.17 < len(failed) / 2000 < 0.23
    infeasible = [one for one in done if violation(one) > 0]
    assert 0.26 < len(infeasible) / (2000 - len(failed)) < 0.34
    values = [one.measurement.values.get("a") for one in done if one.measurement.failure is None]
    strange = [value for value in values if value is None or not math.isfinite(value)]
    assert 0.36 < len(strange) / len(values) < 0.44
    assert {str(value) for value in strange} == {"None", "nan", "inf", "-inf"}


def test_values_of_a_digest_differ_by_name_and_turn_their_sign():
    one = trial(0)
    measured = evaluated(one, DigestEvaluator(("a", "b", "c"), constant=("b",), turned=("c",)))[1]
    values = measured.measurement.values
    assert values == {"a": share(one, "a"), "b": 0.0, "c": -share(one, "c")}
    assert share(one, "a") != share(one, "c")
