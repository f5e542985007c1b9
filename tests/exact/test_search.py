"""What every search promises, whatever its semantics: distinct values, each by the shortest sequence."""

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from coeval.architecture.program import WIDTH, Operation, live_steps
from coeval.build.numeric.evaluate import bind, values
from coeval.component.library import SCALAR
from coeval.errors import SpaceError
from coeval.exact.plan import make_search
from coeval.exact.search import Block, Search
from coeval.exact.vocabulary import make_vocabulary
from coeval.exact.writer import program_operations
from tests.exact import brute

SEMANTICS = ("tree", "chain", "dag")
LEVELS = {"tree": 4, "chain": 2, "dag": 2}
KOZA = (
    ("add", 2),
    ("sub", 2),
    ("mul", 2),
    ("div", 2),
    ("sin", 1),
    ("cos", 1),
    ("exp", 1),
    ("log", 1),
)
names = st.lists(st.sampled_from(sorted(brute.STEPS)), min_size=1, max_size=3, unique=True)
columns = st.lists(st.integers(-2, 2).map(float), min_size=3, max_size=3)


def search_of(semantics: str, inputs, operations, numbers=()) -> Search:
    chosen = [Operation(SCALAR[name], arity) for name, arity in operations]
    return make_search(make_vocabulary(inputs, chosen, numbers), semantics)


def grown(search: Search, covered: int) -> Search:
    while search.covered < covered:
        for _ in search.grow():
            pass
    return search


def by_brute_force(semantics: str, length: int, leaves, steps) -> set[brute.Column]:
    if semantics == "tree":
        return {one for s in range(1, length + 1) for one in brute.trees(s, leaves, steps)}
    found = set(leaves)
    for more in range(1, length + 1):
        if semantics == "dag":
            found |= set(brute.dags(more, leaves, steps))
        else:
            found |= set(brute.chains(more, leaves, leaves, steps))
    return found


@pytest.mark.parametrize("semantics", SEMANTICS)
@settings(max_examples=25, deadline=None)
@given(first=columns, second=columns, chosen=names)
def test_the_kept_values_are_those_of_all_sequences_each_once(semantics, first, second, chosen):
    length = LEVELS[semantics]
    steps = [brute.STEPS[one] for one in chosen]
    search = search_of(
        semantics, [first, second], [(one, brute.STEPS[one][1]) for one in chosen], (1.0,)
    )
    grown(search, length)
    leaves = [tuple(first), tuple(second), (1.0,) * 3]
    found = [tuple(one) for one in search.values.tolist()]
    assert len(set(found)) == len(found)
    assert set(found) == by_brute_force(semantics, length, leaves, steps)
    for one in range(1, length):
        shorter = by_brute_force(semantics, one, leaves, steps)
        assert {found[v] for v in range(search.level(one).stop)} == shorter


@pytest.mark.parametrize("semantics", SEMANTICS)
def test_a_value_is_what_its_program_computes_to_the_last_bit(semantics):
    rng = np.random.default_rng(1)
    inputs = [rng.normal(size=21), rng.uniform(0.1, 2, size=21)]
    search = grown(search_of(semantics, inputs, [*KOZA, ("pow", 2)], (1.0, 0.3)), LEVELS[semantics])
    operations = program_operations(search.vocabulary.operations)
    functions = [bind(one) for one in operations]
    for value in range(0, len(search), 3):
        program = search.program(value)
        result = values(program, inputs, operations, functions)
        assert result is not None
        # NumPy's pow has another loop, and now and then another last bit, where an operand is a number
        steps = {operations[code].name for code in program.code[::WIDTH]}
        tolerance = 1e-15 if "pow" in steps else 0.0
        np.testing.assert_allclose(result, search.values[value], rtol=tolerance, atol=0)


@pytest.mark.parametrize("semantics", SEMANTICS)
def test_what_is_streamed_is_what_would_be_kept(semantics):
    x = np.linspace(0.5, 2, 7)
    operations = [("min", 2), ("square", 1), ("select", 3), ("sin", 1)]
    length = LEVELS[semantics] + 1
    kept = grown(search_of(semantics, [x], operations, (1.0,)), length)
    wanted = {tuple(one) for one in kept.values.tolist()}
    for before in (length - 1, kept.reach(length)):
        search = grown(search_of(semantics, [x], operations, (1.0,)), before)
        found = {tuple(one) for one in search.values.tolist()}
        kept_before = len(search)
        for item in search.stream(length):
            if isinstance(item, Block):
                found |= {tuple(one) for one in item.values.tolist()}
            else:
                for rows in itertools.product(*(range(len(one)) for one in item.banks)):
                    taken = [bank[row] for bank, row in zip(item.banks, rows, strict=True)]
                    found.add(tuple((item.function(*taken) + 0.0).tolist()))
        assert found == wanted
        assert len(search) == kept_before


@pytest.mark.parametrize("semantics", SEMANTICS)
def test_an_unfinished_length_is_forgotten_and_can_be_covered_again(semantics):
    x = np.linspace(-1, 1, 9)
    search = grown(search_of(semantics, [x], KOZA, (1.0,)), LEVELS[semantics] - 1)
    other = grown(search_of(semantics, [x], KOZA, (1.0,)), LEVELS[semantics])
    before = len(search)
    next(search.grow())
    search.discard()
    assert len(search) == before
    grown(search, LEVELS[semantics])
    assert (search.values == other.values).all()
    assert search.program(len(search) - 1) == other.program(len(other) - 1)


@pytest.mark.parametrize("semantics", SEMANTICS)
def test_a_level_that_is_not_covered_is_an_error(semantics):
    search = grown(search_of(semantics, [[1.0, 2.0]], KOZA), 1)
    with pytest.raises(SpaceError, match="Grow"):
        search.level(2)


@pytest.mark.parametrize("semantics", SEMANTICS)
def test_programs_hold_no_step_of_no_use(semantics):
    search = grown(search_of(semantics, [np.linspace(-1, 1, 9)], KOZA, (1.0,)), LEVELS[semantics])
    operations = program_operations(search.vocabulary.operations)
    for value in range(len(search)):
        program = search.program(value)
        assert len(live_steps(program, 1, operations)) == program.length


def test_the_koza_set_has_about_as_many_distinct_values_as_the_reference_states():
    x = np.random.default_rng(0).uniform(-1, 1, 20)
    search = grown(search_of("tree", [x], KOZA, (1.0,)), 7)
    counts = [len(search.level(one)) for one in range(1, 8)]
    assert counts == [
        2,
        7,
        29,
        161,
        895,
        5367,
        33108,
    ]  # reference, other points: 934, 5,358, 31,664
    for found, stated in zip(counts[4:], (934, 5_358, 31_664), strict=True):
        assert abs(found / stated - 1) < 0.06


def distinct_polynomials(most: int) -> list[int]:
    """Return how many polynomials of {+, -, x} over {x, 1} first appear at sizes 1 to ``most``, by their coefficients."""
    levels: list[list[tuple[int, ...]]] = [[], [(0, 1), (1,)]]
    known = set(levels[1])
    for size in range(2, most + 1):
        new: dict[tuple[int, ...], None] = {}
        for i in range(1, size - 1):
            for a, b in itertools.product(levels[i], levels[size - 1 - i]):
                width = max(len(a), len(b))
                left, right = (one + (0,) * (width - len(one)) for one in (a, b))
                product = [0] * (len(a) + len(b) - 1)
                for (k, c), (m, d) in itertools.product(enumerate(a), enumerate(b)):
                    product[k + m] += c * d
                for sign in (1, -1):
                    new[_trimmed([c + sign * d for c, d in zip(left, right, strict=True)])] = None
                new[_trimmed(product)] = None
        levels.append([one for one in new if one not in known])
        known.update(levels[-1])
    return [len(one) for one in levels[1:]]


def _trimmed(coefficients: list[int]) -> tuple[int, ...]:
    while len(coefficients) > 1 and coefficients[-1] == 0:
        coefficients.pop()
    return tuple(coefficients)


@pytest.mark.parametrize("size", [9, pytest.param(13, marks=pytest.mark.slow)])
def test_where_arithmetic_is_exact_the_distinct_values_are_the_distinct_polynomials(size):
    x = np.arange(-10, 10) / 4  # powers up to the seventh fit a float64
    search = grown(search_of("tree", [x], [("add", 2), ("sub", 2), ("mul", 2)], (1.0,)), size)
    assert [len(search.level(one)) for one in range(1, size + 1)] == distinct_polynomials(size)
