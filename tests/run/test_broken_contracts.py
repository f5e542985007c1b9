"""What a search does with evaluators and strategies that break their contract, and with values that are no result."""

import math
import re
from contextlib import closing

import pytest

from coeval.errors import RunError
from coeval.run.run import Run
from coeval.store.journal import SqliteStore
from coeval.store.memory import MemoryStore
from coeval.trial import Measurement, Objective, Proposal, Trial, finish

from . import fakes
from .test_search import find


@pytest.mark.parametrize(
    ("found", "says"),
    [
        (None, "must yield .number, Measurement., got NoneType"),
        ({"loss": 1.0}, "got dict as the measurement"),
        (Measurement({"loss": "1.5"}), "values must be numbers, got loss = '1.5' .str."),
        (Measurement({"loss": None}), "got loss = None"),
        (Measurement([1.0]), "values must map names to numbers"),
        (Measurement({"loss": 1.0}, cost={"parameters": "many"}), "cost must be numbers"),
        (Measurement({"loss": 1.0}, violations={"size": math.nan}), "keeps the limit on size"),
        (Measurement(failure="broke"), "must be a Failure"),
    ],
)
def test_what_is_no_measurement_fails_its_trial_and_the_journal_can_be_continued(found, says):
    class Careless(fakes.Parabola):
        def evaluate(self, trials, report):
            yield from ((trial.number, found) for trial in trials)

    store = MemoryStore()
    first = find(evaluator=Careless(), trials=1, store=store)
    assert re.search(says, first.trials[0].measurement.failure.detail)
    assert find(trials=2, store=store).best.number == 1


def test_a_failure_that_names_a_file_of_undecodable_name_is_recorded(tmp_path):
    class Lost(fakes.Parabola):
        def evaluate(self, trials, report):
            raise FileNotFoundError("no such file: caf\udce9.csv")

    with closing(SqliteStore(tmp_path / "run.sqlite", fakes.to_json, fakes.from_json)) as store:
        run = find(evaluator=Lost(), trials=1, store=store)
        assert "caf\\udce9.csv" in run.trials[0].measurement.failure.detail


@pytest.mark.parametrize(
    ("answer", "error", "says"),
    [
        (
            lambda ones: (one for one in ones),
            TypeError,
            "must return a list of Proposal.*generator",
        ),
        (lambda ones: None, TypeError, "Asking.ask.1. must return a list of Proposal.*got None"),
        (lambda ones: ones[0], TypeError, "must return a list of Proposal"),
        (lambda ones: [ones[0].candidate], TypeError, "must return a list of Proposal"),
        (lambda ones: ones * 3, ValueError, "must return up to 1 proposals, got 3"),
    ],
)
def test_a_strategy_that_breaks_its_contract_is_told_so(answer, error, says):
    class Asking(fakes.Climber):
        def ask(self, count):
            return answer(super().ask(count))

    with pytest.raises(error, match=says):
        find(Asking(), trials=2)


@pytest.mark.parametrize("infinite", [math.inf, -math.inf])
@pytest.mark.parametrize("maximise", [True, False])
def test_an_infinite_value_is_neither_the_best_nor_on_the_front(infinite, maximise):
    def trial(number, score):
        return finish(Trial(number, Proposal(fakes.candidate(0.0))), Measurement({"score": score}))

    objective = Objective("score", maximise)
    run = Run((trial(0, infinite), trial(1, 0.5)), objective, "trials", 1.0)
    assert run.best.number == 1
    assert [one.number for one in run.front] == [1]


def test_a_trial_of_a_value_better_than_any_number_does_not_beat_the_whole_front():
    def trial(number, loss, score):
        measured = Measurement({"loss": loss, "score": score})
        return finish(Trial(number, Proposal(fakes.candidate(0.0))), measured)

    trials = (trial(0, 1.0, math.inf), trial(1, 1.0, 0.5), trial(2, 2.0, 0.7))
    further = (Objective("score", maximise=True),)
    assert [t.number for t in Run(trials, fakes.LOSS, "trials", 1.0, None, further).front] == [1, 2]


def test_a_misspelt_objective_is_named_where_the_model_is_asked_for():
    run = find(trials=3, objective=Objective("los"), finish=lambda run: None)
    assert run.best is None
    with pytest.raises(RunError, match=r"none has a finite 'los'.*'loss'.*Did you mean"):
        run.model()
