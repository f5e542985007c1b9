import numpy as np
import pytest

from coeval.testing.evaluators import check_evaluator
from coeval.testing.fakes import LadderEvaluator, ladder_space
from coeval.trial import Failure, Measurement, Proposal, Reason

SPACE = ladder_space()
PROPOSALS = [Proposal(SPACE.sample(np.random.default_rng(seed))) for seed in range(6)]


class Noisy(LadderEvaluator):
    def _measure(self, trial, report):
        return Measurement({"loss": float(np.random.default_rng().random())})


class Losing(LadderEvaluator):
    def evaluate(self, trials, report):
        return iter(list(super().evaluate(trials, report))[1:])


class Fixed(LadderEvaluator):
    answer = Measurement()

    def _measure(self, trial, report):
        return self.answer


class Both(Fixed):
    answer = Measurement({"loss": 1.0}, failure=Failure(Reason.DIVERGED))


class Infinite(Fixed):
    answer = Measurement({"loss": float("inf")})


class Integer(Fixed):
    answer = Measurement({"loss": 1})


class Other(Fixed):
    answer = Measurement({"gain": 1.0})


class Arrays(Fixed):
    answer = Measurement({"loss": 1.0}, data={"array": np.zeros(2)})


@pytest.mark.parametrize("failing", [0, 50, 100])
def test_a_right_evaluator_passes(failing):
    check_evaluator(LadderEvaluator(failing=failing), PROPOSALS, objective="loss")


@pytest.mark.parametrize(
    ("broken", "sentence"),
    [
        (Noisy, "measured otherwise the second time"),
        (Losing, "yielded measurements for"),
        (Both, "a failure and carries values"),
        (Fixed, "a success without values"),
        (Infinite, "not finite is a failure"),
        (Integer, "no float"),
        (Other, "lacks the objective 'loss'"),
        (Arrays, "Expected plain JSON values"),
    ],
)
def test_a_broken_promise_is_named(broken, sentence):
    with pytest.raises(AssertionError, match=sentence):
        check_evaluator(broken(), PROPOSALS, objective="loss")
