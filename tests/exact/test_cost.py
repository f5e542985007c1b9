import itertools

import numpy as np
import pytest

from coeval.architecture.program import Operation
from coeval.component.library import SCALAR
from coeval.exact.clock import Clock
from coeval.exact.cost import Prediction, calibrate, predict
from coeval.exact.plan import make_search
from coeval.exact.score import make_target, score
from coeval.exact.scorer import Scorer
from coeval.exact.size import count
from coeval.exact.vocabulary import make_vocabulary

ARITY = {"add": 2, "sub": 2, "mul": 2, "div": 2, "sin": 1, "cos": 1, "exp": 1, "log": 1}
OPERATIONS = tuple(Operation(SCALAR[one], arity) for one, arity in ARITY.items())
X = np.random.default_rng(0).uniform(-1, 1, 20)
TARGET = make_target(np.random.default_rng(1).normal(size=20), 20, scaled=False)


def begun(semantics: str, covered: int) -> Scorer:
    search = make_search(make_vocabulary([X], OPERATIONS, (1.0,)), semantics)
    scorer = Scorer(search, TARGET, Clock(None))
    while search.covered < covered:
        scorer.grow()
    return scorer


@pytest.mark.parametrize(
    ("semantics", "covered", "length"), [("tree", 5, 8), ("chain", 3, 4), ("dag", 2, 3)]
)
def test_evaluations_and_memory_are_foretold_within_half_of_what_they_turn_out_to_be(
    semantics, covered, length
):
    scorer = begun(semantics, covered)
    search = scorer._search
    foretold = predict(search, calibrate(search, TARGET), length)
    before = scorer.evaluated
    while search.covered < search.reach(length):
        scorer.grow()
    scorer.stream(length)
    assert 0.66 < foretold.evaluations / (scorer.evaluated - before) < 1.5
    assert 0.66 < foretold.memory_bytes / search.memory_bytes < 1.5
    assert foretold.sequences == count(semantics, length, 2, OPERATIONS)


@pytest.mark.parametrize("semantics", ["tree", "chain", "dag"])
def test_a_longer_length_costs_more(semantics):
    search = begun(semantics, 2)._search
    rates = calibrate(search, TARGET)
    costs = [predict(search, rates, length) for length in range(3, 9)]
    for one, longer in itertools.pairwise(costs):
        assert one.seconds < longer.seconds
        assert one.sequences < longer.sequences
        assert one.memory_bytes <= longer.memory_bytes
    assert costs[0].seconds > 0


@pytest.mark.parametrize("semantics", ["tree", "chain", "dag"])
def test_the_cost_of_the_longest_length_is_told_at_once(semantics):
    search = begun(semantics, 2)._search
    cost = predict(search, calibrate(search, TARGET), 60)
    assert cost.verdict.startswith("intractable: about ")
    assert "years" in cost.verdict


def test_the_verdict_is_in_units_that_a_person_reads():
    assert Prediction(9, 1_093_632, 10, 0.25, 12_000_000).describe() == (
        "length 9: 1,093,632 sequences, about 0.25 seconds, 12 MB"
    )
    assert Prediction(30, 10**24, 10**20, 1e11, 4 * 10**13).describe() == (
        "length 30: about 10^24 sequences, intractable: about 3,200 years, 40 TB"
    )
    assert "10^" in Prediction(99, 10**99, 10**90, 1e80, 10**80).verdict


def test_linear_models_of_two_features_cost_all_pairs():
    search = begun("tree", 5)._search
    rates = calibrate(search, TARGET)
    one, two = (predict(search, rates, 7, features=many) for many in (1, 2))
    assert two.evaluations > 100 * one.evaluations
    assert two.seconds > one.seconds


def test_many_examples_are_timed_on_few_sequences(monkeypatch):
    examples, scored = 200_000, []

    def noted(values, target, bar):
        scored.append(values.size)
        return score(values, target, bar)

    monkeypatch.setattr("coeval.exact.cost.score", noted)
    column = np.random.default_rng(2).uniform(1, 2, examples)
    search = make_search(make_vocabulary([column], OPERATIONS, (1.0,)), "tree")
    for _ in search.grow():
        pass
    rates = calibrate(search, make_target(column**2, examples, scaled=False))
    assert max(scored) <= 2**19
    assert min(rates.applications) > 0
