"""What the cache takes for the same question, and how trials of rungs, heirs and repeats fare in a search."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from coeval.evaluate.protocol import Report
from coeval.run.budget import Budget
from coeval.run.cache import key, reuse
from coeval.run.search import search
from coeval.space.protocol import Candidate
from coeval.testing.architectures import architectures, disguised
from coeval.trial import Fidelity, Measurement, Proposal, Trial, finish
from tests.run import fakes

shares = st.sampled_from([1 / 9, 1 / 3, 0.5, 1.0])
fidelities = st.builds(Fidelity, shares, shares, shares)
proposals = st.builds(
    Proposal,
    st.builds(fakes.candidate, st.sampled_from([1.0, 2.0])),
    fidelity=fidelities,
    cases=st.sampled_from([None, "0" * 32, "1" * 32]),
    repeat=st.integers(0, 2),
)


def asked(proposal):
    """Return all that a measurement depends on."""
    return proposal.candidate, proposal.fidelity, proposal.cases, proposal.repeat


@given(proposals, proposals)
def test_two_keys_are_equal_only_if_all_that_a_measurement_depends_on_is(first, second):
    assert (key(first, "task") == key(second, "task")) == (asked(first) == asked(second))
    assert key(first, "task") != key(first, "another task")


@given(proposals, st.integers(0, 9), st.integers(0, 9))
def test_where_a_trial_comes_from_does_not_change_its_key(proposal, parent, continues):
    other = replace(proposal, parent=parent, continues=continues, origin="elsewhere")
    assert key(other, "task") == key(proposal, "task")


@settings(max_examples=40)
@given(architectures(), st.integers(0, 99), st.randoms())
def test_equal_computations_in_other_forms_share_a_key_with_equal_preparation_and_recipe_only(
    architecture, number, random
):
    def of(found, rate=0.1, scaling="standard"):
        parts = {
            "architecture": found,
            "preparation": (("scaling", scaling),),
            "recipe": (("lr", rate), ("epochs", number)),
        }
        return key(Proposal(Candidate(tuple(parts.items()))), "task")

    other = disguised(architecture, Random(random.random()))
    assert of(other) == of(architecture)
    assert of(other, rate=0.2) != of(architecture)
    assert of(other, scaling="ranks") != of(architecture)


class Asking:
    """Asks given questions one after the other."""

    def __init__(self, questions):
        self.questions, self.numbers = questions, set()

    def ask(self, count):
        return list(self.questions[len(self.numbers) :][:count])

    def tell(self, trial):
        self.numbers.add(trial.number)


class Counting:
    """Measures by number, and keeps the trials as they were handed to it."""

    def __init__(self):
        self.seen = []

    def evaluate(
        self, trials: Sequence[Trial], report: Report
    ) -> Iterator[tuple[int, Measurement]]:
        for trial in trials:
            self.seen.append(trial)
            yield (
                trial.number,
                Measurement(
                    {"loss": float(trial.number)},
                    cost={"seconds": 1.0, "epochs": 3.0, "parameters": 7.0},
                    artifacts={"weights": f"of {trial.number}"},
                ),
            )

    def bucket(self, proposal: Proposal) -> str:
        return ""


def run(*questions):
    evaluator = Counting()
    found = search(
        fakes.task(),
        fakes.space(),
        Asking(questions),
        evaluator,
        Budget(trials=len(questions)),
        objective=fakes.LOSS,
    )
    return found.trials, evaluator.seen


@settings(max_examples=60)
@given(st.lists(proposals, min_size=1, max_size=25))
def test_every_question_is_evaluated_once_and_answered_alike_ever_after(questions):
    trials, seen = run(*questions)
    assert len(seen) == len({asked(one) for one in questions})
    first = {}
    for trial in trials:
        origin = first.setdefault(asked(trial.proposal), trial)
        assert trial.measurement.values == origin.measurement.values
        assert trial.measurement.cached_from == (None if trial is origin else origin.number)


CANDIDATE = fakes.candidate(1.0)
LOW, MIDDLE, FULL = (Fidelity(epochs=share) for share in (1 / 9, 1 / 3, 1.0))


def test_each_rung_is_trained_and_none_answers_for_another():
    chain = [
        Proposal(CANDIDATE, LOW),
        Proposal(CANDIDATE, MIDDLE, continues=0),
        Proposal(CANDIDATE, FULL, continues=1),
    ]
    trials, seen = run(*chain, *chain)
    assert [one.number for one in seen] == [0, 1, 2]
    assert [one.measurement.cached_from for one in trials[3:]] == [0, 1, 2]


def test_a_promotion_of_a_copy_goes_on_from_the_trial_that_was_trained():
    _, seen = run(
        Proposal(CANDIDATE, LOW),
        Proposal(CANDIDATE, LOW),
        Proposal(CANDIDATE, MIDDLE, continues=1),
    )
    promoted = seen[-1]
    assert promoted.proposal.continues == 1
    assert promoted.kin[1].number == 0
    assert promoted.kin[1].measurement.artifacts == {"weights": "of 0"}


def test_an_heir_of_a_known_candidate_is_that_candidate():
    trials, seen = run(
        Proposal(CANDIDATE), Proposal(fakes.candidate(2.0)), Proposal(CANDIDATE, parent=1)
    )
    assert len(seen) == 2
    assert trials[2].measurement.cached_from == 0


def test_repeats_are_trained_and_equal_repeats_are_not():
    trials, seen = run(*(Proposal(CANDIDATE, repeat=repeat) for repeat in (0, 1, 2, 1, 0)))
    assert [one.number for one in seen] == [0, 1, 2]
    assert [one.measurement.cached_from for one in trials] == [None, None, None, 1, 0]


def test_an_answer_from_the_cache_costs_nothing_and_names_the_trial_that_was_trained():
    source = finish(
        Trial(4, Proposal(CANDIDATE)),
        Measurement({"loss": 1.0}, cost={"seconds": 9.0, "epochs": 5.0, "parameters": 3.0}),
    )
    copy = reuse(source)
    assert copy.cost == {"seconds": 0.0, "epochs": 0.0, "parameters": 3.0}
    assert copy.cached_from == 4
    assert reuse(finish(Trial(9, Proposal(CANDIDATE)), copy)).cached_from == 4
    with pytest.raises(ValueError, match="trial 1 has no measurement to reuse"):
        reuse(Trial(1, Proposal(CANDIDATE)))
