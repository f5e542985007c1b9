"""A canonical order of a region's steps: equal graphs, however numbered, get the same sequence.

Steps are placed one after the other. Of those whose inputs are all placed comes next the one with the
least (inputs by their new numbers, label); so far every choice is forced. Steps that tie there have one
label and one set of inputs, and differ at most in what is made of them: colour refinement (Weisfeiler &
Leman 1968) tells most apart, twins with the same users may stand in any order, and for the rest each is
tried and the least sequence taken (individualise and refine; McKay & Piperno 2014,
doi:10.1016/j.jsc.2013.09.003).
"""

from bisect import insort
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

Form = tuple[tuple[tuple[str, tuple[int, ...]], ...], int]
TRIALS = 2000  # sequences tried for one region: beyond it only the hash's invariance is given up, not its soundness


@dataclass(frozen=True, slots=True)
class Graph:
    """A region as the order sees it.

    Attributes:
        inputs: How many values the region takes; these keep their numbers.
        labels: For each step everything about it except its inputs.
        references: For each step the values it uses.
        free: For each step whether the order of its references does not matter.
        output: The value that is the result.
    """

    inputs: int
    labels: tuple[str, ...]
    references: tuple[tuple[int, ...], ...]
    free: tuple[bool, ...]
    output: int


@dataclass(slots=True)
class _Search:
    graph: Graph
    users: list[list[tuple[int, int]]]
    budget: int = TRIALS


def canonical_order(graph: Graph) -> tuple[int, ...]:
    """Return the steps' old positions in canonical order, which is topological.

    Args:
        graph: Steps in any topological order; every step's references are inputs or earlier steps.
    """
    users: list[list[tuple[int, int]]] = [[] for _ in graph.labels]
    for one, references in enumerate(graph.references):
        for port, value in enumerate(references):
            if value >= graph.inputs:
                users[value - graph.inputs].append((one, -1 if graph.free[one] else port))
    return _best(_Search(graph, users), [])


def form(graph: Graph, order: tuple[int, ...]) -> Form:
    """Return the region's steps renumbered in this order; unordered references are sorted."""
    new = _numbers(graph, order)
    steps = tuple((graph.labels[one], _mapped(graph, one, new)) for one in order)
    return steps, new[graph.output]


def _numbers(graph: Graph, order: tuple[int, ...] | list[int]) -> dict[int, int]:
    new = {value: value for value in range(graph.inputs)}
    for position, one in enumerate(order):
        new[graph.inputs + one] = graph.inputs + position
    return new


def _mapped(graph: Graph, one: int, new: dict[int, int]) -> tuple[int, ...]:
    references = [new[value] for value in graph.references[one]]
    return tuple(sorted(references) if graph.free[one] else references)


def _best(search: _Search, placed: list[int]) -> tuple[int, ...]:
    """Return the canonical order that begins with the steps already placed."""
    order, tied = _place(search, placed, stop_at_tie=True)
    if not tied:
        return tuple(order)
    # Equal completed sequences are an automorphism, so one of those candidates stands for all.
    candidates: dict[Form, int] = {}
    for one in tied:
        completed, _ = _place(search, [*order, one], stop_at_tie=False)
        candidates.setdefault(form(search.graph, tuple(completed)), one)
        search.budget -= 1
        if search.budget <= 0:
            break
    orders = [_best(search, [*order, one]) for one in candidates.values()]
    return min(orders, key=lambda one: form(search.graph, one))


def _place(search: _Search, placed: list[int], *, stop_at_tie: bool) -> tuple[list[int], list[int]]:
    """Place steps until all are placed, or until several tie (returned too)."""
    graph, order = search.graph, list(placed)
    new = _numbers(graph, order)
    missing = [sum(value not in new for value in one) for one in graph.references]
    ready = [
        one for one, count in enumerate(missing) if not count and graph.inputs + one not in new
    ]
    while ready:
        tied = _least(search, ready, new)
        if len(tied) > 1 and stop_at_tie and search.budget > 0:
            return order, tied
        chosen = tied[0]
        new[graph.inputs + chosen] = graph.inputs + len(order)
        order.append(chosen)
        ready.remove(chosen)
        for user, _ in search.users[chosen]:
            missing[user] -= 1
            if not missing[user]:
                insort(ready, user)
    return order, []


def _least(search: _Search, ready: list[int], new: dict[int, int]) -> list[int]:
    if len(ready) == 1:
        return ready
    graph = search.graph
    keys = {one: (_mapped(graph, one, new), graph.labels[one]) for one in ready}
    least = min(keys.values())
    tied = [one for one in ready if keys[one] == least]
    if len(tied) == 1:
        return tied
    colours = _refined(search, new)
    first = min(colours[one] for one in tied)
    tied = [one for one in tied if colours[one] == first]
    twins = all(search.users[one] == search.users[tied[0]] for one in tied)
    return tied[:1] if twins else tied


def _refined(search: _Search, new: dict[int, int]) -> list[int]:
    """Return a colour for each step, refined by both its inputs and its users until stable.

    Steps already placed keep apart from all others, so each placement makes the rest less alike.
    """
    graph, users, offset = search.graph, search.users, search.graph.inputs
    everything = range(len(graph.labels))
    colours = _ranked(
        [
            (new.get(offset + one, -1), graph.labels[one], graph.output == offset + one)
            for one in everything
        ]
    )
    while True:
        signatures: list[tuple[Any, ...]] = []
        for one in everything:
            sources = [
                value if value < offset else offset + colours[value - offset]
                for value in graph.references[one]
            ]
            signatures.append(
                (
                    colours[one],
                    tuple(sorted(sources) if graph.free[one] else sources),
                    tuple(sorted((colours[user], port) for user, port in users[one])),
                )
            )
        refined = _ranked(signatures)
        if max(refined, default=0) == max(colours, default=0):
            return refined
        colours = refined


def _ranked(keys: Sequence[tuple[Any, ...]]) -> list[int]:
    ranks = {key: rank for rank, key in enumerate(sorted(set(keys)))}
    return [ranks[key] for key in keys]
