import numpy as np
import pytest

from coeval.architecture.program import Program
from coeval.errors import SpaceError
from coeval.evaluate.language import LanguageEvaluator, chosen_cases
from coeval.evaluate.protocol import never_stop
from coeval.seed import generator
from coeval.space.product import ProductSpace
from coeval.space.protocol import Candidate
from coeval.space.recurrent import RELU, RecurrentSpace
from coeval.task.language import A_N_B_N, PARITY, labelled, training_examples
from coeval.testing.evaluators import check_evaluator
from coeval.trial import Proposal, Reason, Trial
from tests.evaluate.recurrent_solutions import SOLUTIONS, member

NET = RecurrentSpace(RELU, channels=1, units=2)
SPACE = ProductSpace({"network": NET})
WORDS = training_examples(PARITY, 4)


def evaluator():
    return LanguageEvaluator(PARITY, WORDS, NET)


def measured(proposal, judge=None):
    return dict((judge or evaluator()).evaluate([Trial(0, proposal)], never_stop))[0]


def bits(measurement, count):
    packed = np.frombuffer(bytes.fromhex(measurement.data["passed"]), dtype=np.uint8)
    return np.unpackbits(packed, count=count).tolist()


def never():
    """A network that rejects every word."""
    return Candidate((("network", NET.member(np.zeros((1, 2, 4)), [0, 0, 0, -1])),))


def test_keeps_the_contract_of_evaluators():
    proposals = [
        Proposal(SPACE.sample(generator(0, "x", k)), cases=cases)
        for k, cases in enumerate([None, "strings:0,3,29", None, "strings:0,3,29", "strings:7"])
    ]
    check_evaluator(evaluator(), proposals, objective="error_rate")


def test_a_perfect_network_has_no_errors():
    _, genotype = member(SOLUTIONS[0])
    found = measured(Proposal(Candidate((("network", genotype),))))
    assert found.values == {"error_rate": 0.0, "balanced_error": 0.0, "worst": 0.0}
    assert found.cost["symbols"] == WORDS.symbols
    assert bits(found, 30) == [1] * 30


def test_one_that_rejects_all_fails_the_words_that_belong():
    found = measured(Proposal(never()))
    assert found.values["error_rate"] == np.mean(WORDS.labels)
    assert found.values["balanced_error"] == 0.5
    assert found.values["worst"] == 1.0
    assert bits(found, 30) == [int(not label) for label in WORDS.labels]


def test_on_some_words_only_these_count():
    found = measured(Proposal(never(), cases="strings:1,0,29"))
    assert bits(found, 3) == [int(not WORDS.labels[place]) for place in (1, 0, 29)]
    assert found.cost["symbols"] == 1 + 1 + 4


def test_a_state_that_overflows_is_a_failure():
    net = RecurrentSpace(RELU, channels=2, units=1)
    growing = Candidate((("network", net.member([[[2, 0, 0, 1]]], [1, 0, 0, 0])),))
    judge = LanguageEvaluator(A_N_B_N, labelled(A_N_B_N, [(0,) * 1200]), net)
    failure = measured(Proposal(growing), judge).failure
    assert failure is not None
    assert failure.reason is Reason.REFUSED


def test_a_batch_gives_what_each_trial_gives_alone():
    trials = [
        Trial(k, Proposal(SPACE.sample(generator(1, "x", k)), cases=["strings:2,5", None][k % 2]))
        for k in range(8)
    ]
    together = dict(evaluator().evaluate(trials, never_stop))
    for trial in trials:
        alone = measured(trial.proposal)
        assert together[trial.number].values == alone.values
        assert together[trial.number].data == alone.data


@pytest.mark.parametrize("text", ["rows:1", "strings:", "strings:1,x", "strings:30", "strings:-1"])
def test_cases_of_another_form_are_refused(text):
    with pytest.raises(SpaceError, match="Expected cases such as 'strings:0,29'"):
        chosen_cases(text, 30, "strings")


def test_a_space_of_other_channels_is_refused():
    with pytest.raises(SpaceError, match="channels=2"):
        LanguageEvaluator(A_N_B_N, WORDS, NET)


def test_more_subsets_than_are_kept_are_read_rightly():
    judge = evaluator()
    for place in [*range(20), 0]:
        found = measured(Proposal(never(), cases=f"strings:{place}"), judge)
        assert bits(found, 1) == [int(not WORDS.labels[place])]


def test_wrong_cases_and_candidates_of_another_kind_are_failures_not_exceptions():
    wrong = measured(Proposal(never(), cases="rows:1")).failure
    assert wrong is not None
    assert wrong.reason is Reason.ERROR
    other = measured(Proposal(Candidate((("network", Program()),)))).failure
    assert other is not None
    assert "got Program" in other.detail
