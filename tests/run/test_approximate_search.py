import numpy as np
import pytest

from coeval.architecture.program import make_program
from coeval.build.numeric.answer import Answer
from coeval.exact.solve import solve
from coeval.run.approximate_components import material
from coeval.run.approximate_fit import fitted, polished
from coeval.run.approximate_search import (
    OBJECTIVE,
    coevolve,
    length_of,
    modules,
    search_operations,
    seeds_of,
)
from coeval.run.approximate_simplify import with_identity
from coeval.task.points import make_points
from coeval.trial import Trial

X = np.linspace(0.2, 3, 40)
POINTS = make_points([X], 2 * np.exp(-X) - X * np.sin(X) + 0.5)
NAMES = ("mul", "sin", "neg", "exp", "const")


def found(points=POINTS, constants="linear", semantics="tree", length=12, seconds=0.6, **options):
    made = material(NAMES, constants=constants)
    slots = 1 if constants == "none" else 2
    return coevolve(
        points, made, length, semantics, slots=slots, seconds=seconds, seed=0, **options
    )


def usable(event):
    return isinstance(event, Trial) and OBJECTIVE.cost(event) < np.inf


def test_a_sum_of_terms_is_found_by_a_team():
    seen = []
    result = found(
        seconds=20.0,  # an idle core needs half of one
        on_event=seen.append,
        stop=lambda: any(
            isinstance(one, Trial) and OBJECTIVE.cost(one) < 1e-3 for one in seen[-1000:]
        ),
    )
    assert result.answer is not None
    assert result.sse < 1e-3 * POINTS.rows * POINTS.target.var()
    assert length_of(result.answer, "tree") <= 12
    left = result.answer.predict(POINTS.columns) - POINTS.target
    assert float(left @ left) == pytest.approx(result.sse, rel=1e-6, abs=1e-20)


@pytest.mark.parametrize("semantics", ["tree", "dag"])
@pytest.mark.parametrize("constants", ["none", "linear", "nonlinear"])
def test_no_answer_is_longer_than_asked(semantics, constants):
    seen = []
    result = found(
        semantics=semantics,
        constants=constants,
        length=7,
        seconds=20.0,  # an idle core needs half of one
        on_event=seen.append,
        stop=lambda: len(seen) > 500 and any(usable(one) for one in seen),
    )
    assert result.answer is not None
    assert length_of(result.answer, semantics) <= 7
    assert np.isfinite(result.answer.predict(POINTS.columns)).all()


def test_without_fitted_constants_a_whole_program_is_bred():
    result = found(constants="none")
    assert result.answer is not None
    assert (len(result.answer.programs), result.answer.weights) == (1, ())
    assert all(len(one.proposal.candidate.parts) == 1 for one in result.run.trials[:50])


def test_the_exact_searchs_programs_are_seeds():
    points = make_points([X], np.sin(X) * X + np.exp(X * X / 9))
    made = material(NAMES)
    options = {"numbers": made.numbers, "constants": "linear"}
    solution = solve(points.columns, points.target, made.operations, 5, **options)
    seeds = seeds_of(solution, points)
    assert set(solution.programs) <= set(seeds)
    result = coevolve(points, made, 12, "tree", slots=2, seconds=1.0, seed=0, seeds=seeds)
    assert result.sse <= solution.error


def test_equal_seeds_begin_alike():
    first, second = found(), found()
    shared = min(len(first.run.trials), len(second.run.trials), 300)
    assert [one.proposal for one in first.run.trials[:shared]] == [
        one.proposal for one in second.run.trials[:shared]
    ]


def test_a_stop_ends_it():
    assert len(found(stop=lambda: True).run.trials) == 0


def test_longer_lengths_have_more_modules_within_bounds():
    counts = [modules(length) for length in range(1, 256)]
    assert counts == sorted(counts)
    assert (counts[0], counts[-1]) == (1, 8)
    assert all(length // count >= 3 or count == 1 for length, count in enumerate(counts, 1))


def test_numbers_are_steps_that_no_mutation_changes():
    made = material(("add",), constants="grid", grid=[2.0, 3.0])
    names = [(one.name, dict(one.settings).get("value")) for one in search_operations(made)]
    assert names == [("add", None), ("const", 2.0), ("const", 3.0)]


def test_lengths_are_counted_as_the_exact_search_counts():
    made = material(NAMES)
    operations = with_identity(search_operations(made))
    square = make_program([(1, 0), (0, 1, 1)])  # sin(x) * sin(x): five nodes, two steps
    bare = make_program([(len(operations) - 1, 0)])
    answer = Answer((square, bare), (0.0, 1.0, 1.0), operations, 1)
    assert (length_of(answer, "tree"), length_of(answer, "dag")) == (6, 2)


def test_constants_inside_are_fitted_to_what_the_others_leave():
    made = material(("mul", "sin", "exp"), constants="nonlinear")
    operations = with_identity(search_operations(made))
    wave = make_program([(0, 0, 1), (1, 2)], [2.6])
    fall = make_program([(0, 0, 1), (2, 2)], [-0.5])
    points = make_points([X], 3 * np.sin(2.8 * X) + np.exp(-0.5 * X))
    answer, before = fitted([wave, fall], operations, points)
    better, after = polished(answer, points, before)
    assert after < 1e-9 < before
    assert better.programs[0].constants[0] == pytest.approx(2.8)
