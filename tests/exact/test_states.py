import itertools

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from coeval.architecture.program import Operation
from coeval.component.library import SCALAR
from coeval.exact.dag import DagSearch
from coeval.exact.vocabulary import make_vocabulary
from tests.exact import brute

names = st.lists(st.sampled_from(sorted(brute.STEPS)), min_size=1, max_size=3, unique=True)
columns = st.lists(st.integers(-2, 2).map(float), min_size=3, max_size=3)


def reachable_sets(
    length: int, leaves: frozenset[brute.Column], steps
) -> set[frozenset[brute.Column]]:
    """Return all sets of so many new values that some order of steps makes."""
    sets = {frozenset()}
    for _ in range(length):
        larger = set()
        for one in sets:
            for step in steps:
                for operands in itertools.product(leaves | one, repeat=step[1]):
                    value = brute.apply(step, operands)
                    if value is not None and value not in leaves | one:
                        larger.add(one | {value})
        sets = larger
    return sets


@settings(max_examples=25, deadline=None)
@given(columns, columns, names, st.integers(1, 3))
def test_every_reachable_set_of_values_is_made_exactly_once(first, second, chosen, length):
    if length == 3:
        chosen = chosen[:1]
    operations = [Operation(SCALAR[one], brute.STEPS[one][1]) for one in chosen]
    search = DagSearch(make_vocabulary([first, second], operations))
    while search.covered < length:
        for _ in search.grow():
            pass
    states = search._levels[length]
    rows = [tuple(one) for one in search.values.tolist()]
    found = [frozenset(rows[value] for value in state) for state in states.values.tolist()]
    leaves = frozenset((tuple(first), tuple(second)))
    steps = [brute.STEPS[one] for one in chosen]
    assert len(set(found)) == len(found)
    assert set(found) == reachable_sets(length, leaves, steps)


@settings(max_examples=15, deadline=None)
@given(columns, names)
def test_a_value_counts_as_unused_when_no_later_step_takes_it(column, chosen):
    operations = [Operation(SCALAR[one], brute.STEPS[one][1]) for one in chosen]
    search = DagSearch(make_vocabulary([column], operations, (1.0,)))
    while search.covered < 2:
        for _ in search.grow():
            pass
    states, leaves = search._levels[2], len(search._leaves)
    for steps, unused in zip(states.steps.tolist(), states.unused.tolist(), strict=True):
        arity = operations[steps[1][0]].arity
        assert unused == [leaves not in steps[1][1 : 1 + arity], True]
    assert states.values.dtype == np.int32
