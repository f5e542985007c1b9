from itertools import permutations, product

from hypothesis import given, settings
from hypothesis import strategies as st

from coeval.architecture.order import Graph, canonical_order, form


@st.composite
def graphs(draw, most=5):
    """Small graphs with few labels, so that symmetric and equal ones are common."""
    inputs = draw(st.integers(1, 2))
    labels, references, free = [], [], []
    for position in range(draw(st.integers(1, most))):
        free.append(draw(st.booleans()))
        labels.append("f" if free[-1] else draw(st.sampled_from("ab")))
        values = st.integers(0, inputs + position - 1)
        references.append(tuple(draw(st.lists(values, min_size=1, max_size=2))))
    output = draw(st.integers(0, inputs + len(labels) - 1))
    return Graph(inputs, tuple(labels), tuple(references), tuple(free), output)


def topological(graph):
    count = len(graph.labels)
    for order in permutations(range(count)):
        place = {graph.inputs + one: position for position, one in enumerate(order)}
        if all(
            place.get(value, -1) < place[graph.inputs + one]
            for one in range(count)
            for value in graph.references[one]
        ):
            yield order


def brute_force(graph):
    return min(form(graph, order) for order in topological(graph))


def renumbered(graph, order):
    new = {value: value for value in range(graph.inputs)}
    new |= {graph.inputs + old: graph.inputs + position for position, old in enumerate(order)}
    return Graph(
        graph.inputs,
        tuple(graph.labels[one] for one in order),
        tuple(tuple(new[value] for value in graph.references[one]) for one in order),
        tuple(graph.free[one] for one in order),
        new[graph.output],
    )


@given(graphs(), st.data())
@settings(max_examples=150, deadline=None)
def test_every_numbering_of_a_graph_gets_the_same_form(graph, data):
    other = renumbered(graph, data.draw(st.sampled_from(list(topological(graph)))))
    assert form(graph, canonical_order(graph)) == form(other, canonical_order(other))


def all_graphs(steps):
    """Every graph of so many steps over a one-input function and an unordered two-input one."""
    choices = []
    for position in range(steps):
        values = range(1 + position)
        one = [("a", (x,), False) for x in values]
        choices.append(one + [("f", (x, y), True) for x in values for y in values])
    for chosen in product(*choices):
        labels, references, free = zip(*chosen, strict=True)
        yield Graph(1, labels, references, free, steps)


def test_two_graphs_share_a_form_exactly_when_a_brute_force_search_finds_them_equal():
    canonical, brute = {}, {}
    for number, graph in enumerate(all_graphs(4)):
        canonical.setdefault(form(graph, canonical_order(graph)), set()).add(number)
        brute.setdefault(brute_force(graph), set()).add(number)
    assert len(brute) < 2880 == sum(len(one) for one in brute.values())
    assert sorted(canonical.values(), key=min) == sorted(brute.values(), key=min)


@given(graphs())
@settings(max_examples=60, deadline=None)
def test_the_order_is_topological_and_complete(graph):
    assert canonical_order(graph) in set(topological(graph))


def branches(count, order):
    """``count`` equal chains of two steps from one input into one unordered step."""
    labels, references, free = [], [], []
    ends = []
    for chain in order:
        labels += [f"a{chain // 4}", "b"]
        references += [(0,), (len(references) + 1,)]
        free += [False, False]
        ends.append(len(references))
    return Graph(1, (*labels, "f"), (*references, tuple(ends)), (*free, True), 2 * count + 1)


def test_many_interchangeable_branches_are_ordered_without_trying_all_permutations():
    first, second = branches(12, range(12)), branches(12, reversed(range(12)))
    assert form(first, canonical_order(first)) == form(second, canonical_order(second))
