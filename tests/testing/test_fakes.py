import pickle
import subprocess
import sys

import pytest

from coeval.strategy.random import RandomSearch
from coeval.testing.fakes import LadderEvaluator, drive, ladder_loss, ladder_space
from coeval.trial import State

SPACE = ladder_space(settings=3, choices=8)


def test_the_least_loss_is_at_the_target():
    target = SPACE.decide((5,) * 6)
    assert ladder_loss(target, 5) == 0
    assert all(ladder_loss(child.genotype, 5) > 0 for child in SPACE.neighbours(target))


def test_the_chosen_share_of_candidates_fails():
    log = drive(RandomSearch(SPACE), LadderEvaluator(failing=30), 200)
    failed = sum(one.state is State.FAILED for one in log)
    assert 30 < failed < 90


def test_running_is_told_before_finished():
    log = drive(RandomSearch(SPACE), LadderEvaluator(), 5, batch=2)
    assert [one.number for one in log if one.state is State.RUNNING] == list(range(5))
    for number in range(5):
        states = [one.state for one in log if one.number == number]
        assert states == [State.RUNNING, State.DONE]


def test_the_evaluator_travels():
    assert pickle.loads(pickle.dumps(LadderEvaluator(3))) == LadderEvaluator(3)


@pytest.mark.parametrize("name", ["fakes", "strategies", "spaces", "evaluators", "stores"])
def test_the_suites_need_neither_pytest_nor_torch(name):
    code = (
        f"import sys, coeval.testing.{name}; "
        "print([one for one in ('pytest', 'torch', 'sklearn', 'hypothesis') if one in sys.modules])"
    )
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert found.stdout.strip() == "[]"
