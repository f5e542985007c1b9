import pickle

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from coeval.architecture.program import Program
from coeval.errors import DataError
from coeval.evaluate import numeric
from coeval.evaluate.numeric import UNDEFINED, NumericEvaluator
from coeval.evaluate.numeric_score import fit_weights, score, semantic_keys
from coeval.evaluate.protocol import never_stop
from coeval.space.protocol import Candidate
from coeval.testing.evaluators import check_evaluator
from coeval.trial import Measurement, Reason, Trial

from . import programs as world

ROWS = 64
X, Y = world.columns(ROWS)
TARGET = world.target(ROWS)
SUM = world.program(("add", 0, 1))
SINE = world.program(("sin", 0))
CUBE = world.program(("cube", 0), ("cos", 2))
LOG = world.program(("log", 0))
ABSENT = Program(b"", (0.0,))


def evaluator(constants="linear"):
    return NumericEvaluator((X, Y), TARGET, world.OPERATIONS, constants)


def measured(*trials: Trial, ours=None) -> list[Measurement]:
    found = dict((ours or evaluator()).evaluate(trials, never_stop))
    return [found[one.number] for one in trials]


def drawn_teams(seed: int, modules: int) -> list[Trial]:
    """Generations of a few contexts, with some trials that share nothing, as strategies make them."""
    rng = np.random.default_rng(seed)
    trials = []
    for number in range(24):
        if number % 8 == 0:
            partners = [world.drawn(rng) for _ in range(modules - 1)]
        slot = int(rng.integers(modules)) if number % 5 == 0 else 0
        found = list(partners)
        found.insert(slot, world.drawn(rng))
        trials.append(world.trial(number, world.team(*found), f"module-{slot + 1}"))
    return trials


def test_the_numeric_evaluator_keeps_the_contract():
    proposals = [one.proposal for one in drawn_teams(0, 3)]
    proposals += [world.trial(0, world.single(one), cases=c).proposal for one in (SUM, LOG) for c in (None, "rows:1,2,3")]  # fmt: skip
    proposals += [world.trial(0, world.single(SUM), origin="trainer").proposal]
    check_evaluator(evaluator(), proposals, objective="nmse")
    check_evaluator(evaluator("none"), proposals[-5:], objective="nmse")


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 2**32), st.integers(1, 4))
def test_every_team_has_the_error_of_its_own_least_squares_fit(seed, modules):
    trials = drawn_teams(seed, modules)
    for trial, found in zip(trials, measured(*trials), strict=True):
        candidate = trial.proposal.candidate
        weights = fit_weights(candidate, (X, Y), TARGET, world.OPERATIONS)
        if weights is None:
            assert found.failure is UNDEFINED
        else:
            expected = score(candidate, (X, Y), TARGET, weights, world.OPERATIONS)
            assert found.values["nmse"] == pytest.approx(expected, rel=1e-6, abs=1e-9)


def test_a_single_program_is_scaled_and_shifted_or_taken_as_it_is():
    (linear,) = measured(world.trial(0, world.single(SUM)))
    assert linear.values["nmse"] == pytest.approx(1 - np.corrcoef(X + Y, TARGET)[0, 1] ** 2)
    (bare,) = measured(world.trial(0, world.single(SUM)), ours=evaluator("none"))
    assert bare.values["nmse"] == pytest.approx(np.mean((X + Y - TARGET) ** 2) / np.var(TARGET))
    assert "weights" not in bare.data


def test_a_team_without_weights_is_refused():
    (found,) = measured(world.trial(0, world.team(SUM, SINE)), ours=evaluator("none"))
    assert found.failure.reason is Reason.REFUSED
    assert "needs weights" in found.failure.detail


def test_an_absent_module_adds_nothing():
    one, other = measured(
        world.trial(0, world.team(SUM, SINE)), world.trial(1, world.team(SUM, SINE, ABSENT))
    )
    assert one.values["nmse"] == pytest.approx(other.values["nmse"], rel=1e-12)
    assert measured(world.trial(0, world.team(ABSENT, ABSENT)))[0].values["nmse"] == pytest.approx(
        1
    )


def test_an_undefined_program_fails_with_one_shared_reason_and_is_charged():
    one, other = measured(
        world.trial(0, world.single(LOG)), world.trial(1, world.team(LOG, SUM), "module-2")
    )
    assert one.failure is other.failure is UNDEFINED
    assert one.cost["point_evaluations"] == ROWS
    assert one.data == {}


def test_an_error_that_overflows_is_a_failure():
    huge = world.program(("cube", 2), ("cube", 3), constants=(1e34,))
    (found,) = measured(world.trial(0, world.single(huge)), ours=evaluator("none"))
    assert "overflows" in found.failure.detail
    (scaled,) = measured(world.trial(0, world.single(huge)))
    assert scaled.values["nmse"] == pytest.approx(1)


def points(*trials: Trial) -> list[float]:
    return [one.cost["point_evaluations"] / ROWS for one in measured(*trials)]


def test_only_new_programs_are_charged_and_each_once_in_a_batch():
    assert points(world.trial(0, world.team(CUBE, SUM))) == [3]  # no moves: all of it is new
    assert points(
        world.trial(0, world.team(CUBE, SUM), "module-1"),
        world.trial(1, world.team(CUBE, SINE), "module-1"),  # the same child in another context
        world.trial(2, world.team(SINE, SUM), "module-1"),
        world.trial(3, world.team(SINE, CUBE), "module-1", "module-2"),
    ) == [2, 0, 1, 0]


def test_what_was_computed_before_is_charged_all_the_same():
    """Else the journal would depend on how long a process has lived."""
    ours = evaluator()
    trials = [world.trial(0, world.single(CUBE))]
    first, second = measured(*trials, ours=ours), measured(*trials, ours=ours)
    assert first[0].cost["point_evaluations"] == second[0].cost["point_evaluations"] == 2 * ROWS
    assert first[0].values == second[0].values


def test_rows_are_fitted_scored_and_charged_alone():
    cases = "rows:3,5,8,13,21,34"
    chosen = [3, 5, 8, 13, 21, 34]
    (found,) = measured(world.trial(0, world.team(SUM, SINE), "module-2", cases=cases))
    columns = (X[chosen], Y[chosen])
    weights = fit_weights(world.team(SUM, SINE), columns, TARGET[chosen], world.OPERATIONS)
    left = TARGET[chosen] - weights[0] - weights[1] * (columns[0] + columns[1])
    left -= weights[2] * np.sin(columns[0])
    assert found.values["nmse"] == pytest.approx(left @ left / 6 / np.var(TARGET))
    assert found.cost["point_evaluations"] == 6
    assert found.data == {}


def test_a_program_may_be_defined_on_some_rows_only():
    positive = ",".join(str(row) for row in np.flatnonzero(X > 0)[:5])
    whole, part = measured(
        world.trial(0, world.single(LOG)),
        world.trial(1, world.single(LOG), cases=f"rows:{positive}"),
    )
    assert whole.failure is UNDEFINED
    assert part.failure is None


@pytest.mark.parametrize("cases", ["rows:", "rows:3,64", "rows:-1", "rows:a", "1,2", "c0ffee"])
def test_cases_that_name_no_rows_fail_their_trial_and_no_other(cases):
    wrong, right = measured(
        world.trial(0, world.single(SUM), cases=cases), world.trial(1, world.single(SUM))
    )
    assert wrong.failure.reason is Reason.ERROR
    assert "rows from 0 to 63" in wrong.failure.detail
    assert right.failure is None


def test_many_row_subsets_do_not_pile_up():
    ours = evaluator()
    for row in range(40):
        measured(world.trial(0, world.single(SUM), cases=f"rows:{row},{row + 1}"), ours=ours)
    assert len(ours._subsets) == 17


def test_the_best_of_a_batch_carries_its_weights():
    trials = [world.trial(n, world.team(SUM, one)) for n, one in enumerate((SINE, CUBE, LOG))]
    found = measured(*trials)
    best = min(found[:2], key=lambda one: one.values["nmse"])
    assert [list(one.data) for one in found].count(["key"]) == 1
    candidate = trials[found.index(best)].proposal.candidate
    weights = fit_weights(candidate, (X, Y), TARGET, world.OPERATIONS)
    assert best.data["weights"] == pytest.approx(list(weights))


def test_keys_name_the_values_of_the_varied_module():
    other = world.program(("add", 1, 0), ("cube", 2))  # its first step is SUM the other way round
    twin = world.program(("cube", 1), ("add", 0, 1))  # SUM with a dead step
    found = measured(
        world.trial(0, world.team(SUM, SINE), "module-1"),
        world.trial(1, world.team(twin, CUBE), "module-1"),
        world.trial(2, world.team(SINE, SUM), "module-2"),
        world.trial(3, world.team(other, SINE), "module-1"),
        world.trial(4, world.team(SUM, ABSENT)),
    )
    keys = [one.data["key"] for one in found]
    assert keys[0] == keys[1] == keys[2] == keys[4] != keys[3]
    assert keys[0] == semantic_keys((X + Y)[None])[0]


def test_trainers_tell_their_squared_errors_by_row():
    found = measured(
        world.trial(0, world.single(SUM), origin="trainer:disagreement"),
        world.trial(1, world.single(SUM), origin="trainer", cases="rows:1,2"),
        world.trial(2, world.single(SINE), origin="genetic"),
    )
    weights = fit_weights(world.single(SUM), (X, Y), TARGET, world.OPERATIONS)
    expected = (weights[0] + weights[1] * (X + Y) - TARGET) ** 2
    assert found[0].data["errors"] == pytest.approx(expected.tolist())
    assert "errors" not in found[1].data
    assert "errors" not in found[2].data
    bare = evaluator("none")
    (found,) = measured(world.trial(0, world.single(SUM), origin="trainer"), ours=bare)
    assert found.data["errors"] == pytest.approx(((X + Y - TARGET) ** 2).tolist())


def test_a_deadline_is_seen_between_chunks(monkeypatch):
    monkeypatch.setattr(numeric, "_CHUNK", ROWS * 2)
    asked = []

    def report(number, progress, values):
        asked.append(number)
        return len(asked) < 2

    trials = [world.trial(number, world.single(SUM)) for number in range(5)]
    found = dict(evaluator().evaluate(trials, report))
    assert asked == [0, 2, 4]
    assert [found[n].failure is None for n in range(5)] == [True, True, False, False, False]
    assert found[4].failure.reason is Reason.TIMED_OUT


def test_a_candidate_of_another_kind_is_named():
    (found,) = measured(Trial(0, world.trial(0, Candidate((("recipe", ()),))).proposal))
    assert "recipe" in found.failure.detail
    assert found.failure.reason is Reason.ERROR


def test_a_pickled_evaluator_leaves_what_it_computed_behind():
    ours = evaluator()
    size = len(pickle.dumps(ours))
    measured(*drawn_teams(1, 3), ours=ours)
    assert len(pickle.dumps(ours)) == size


@pytest.mark.parametrize(
    ("columns", "target", "sentence"),
    [
        ([X], np.full(ROWS, 2.0), "constant is the whole answer"),
        ([X], np.where(X > 0, X, np.nan), "finite numbers"),
        ([np.full(ROWS, np.inf)], TARGET, "finite numbers"),
        ([X[:5]], TARGET, "one length"),
        ([], TARGET, "one length"),
    ],
)
def test_points_that_cannot_be_fitted_are_refused(columns, target, sentence):
    with pytest.raises(DataError, match=sentence):
        NumericEvaluator(columns, target, world.OPERATIONS)


@pytest.mark.parametrize("size", [1e-250, 1e250])
def test_targets_of_any_size_are_fitted(size):
    ours = NumericEvaluator((X, Y), TARGET * size, world.OPERATIONS)
    (found,) = measured(world.trial(0, world.single(SUM)), ours=ours)
    (plain,) = measured(world.trial(0, world.single(SUM)))
    assert found.values["nmse"] == pytest.approx(plain.values["nmse"])
