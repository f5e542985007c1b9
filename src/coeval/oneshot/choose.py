"""How the final architectures are read off a supernet: the best sampled, bred, or what hurts most when removed."""

from collections.abc import Callable, Sequence

import numpy as np
import torch

from coeval.oneshot.front import Reading, front, reading, spread
from coeval.oneshot.members import Members, Picks

Score = Callable[[Picks], float]
"""From a path to its shared-weight score as a cost: less is better."""
Stop = Callable[[], bool]

PARENTS, MUTATION, SHARE = 10, 0.1, 0.5
"""Parents, chance of a slot to mutate, and share of mutants among children: SPOS (Guo et al. 2020, section 3.4)."""
LEAST_POPULATION, MOST_POPULATION = 6, 50
_REDRAWS = 20

Ranked = list[tuple[Picks, float]]


def best_sampled(
    score: Score,
    draw: Callable[[np.random.Generator], Picks],
    tries: int,
    rng: np.random.Generator,
    should_stop: Stop,
) -> Ranked:
    """Return paths that were drawn and scored, the best first.

    Args:
        score: Of a path, less is better.
        draw: Draws a path.
        tries: How many different ones to score.
        rng: Of the draws.
        should_stop: Asked before every path but the first.
    """
    known: dict[Picks, float] = {}
    for _ in range(_REDRAWS * tries):
        if len(known) >= tries or (known and should_stop()):
            break
        picks = draw(rng)
        if picks not in known:
            known[picks] = score(picks)
    return _ranked(known)


def best_bred(
    score: Score, members: Members, tries: int, rng: np.random.Generator, should_stop: Stop
) -> Ranked:
    """Return paths that were bred and scored, the best first: the evolution of SPOS over one supernet.

    A population of samples; then generations of children of the ten best so far, half of them mutants, half crossed.

    Args:
        score: Of a path, less is better.
        members: Draws and breeds.
        tries: Paths to score at most.
        rng: Of every draw.
        should_stop: Asked before every path but the first.
    """
    population = min(max(tries // 10, LEAST_POPULATION), MOST_POPULATION, tries)
    known = dict(best_sampled(score, members.sample, population, rng, should_stop))
    for _ in range(_REDRAWS * tries):
        if len(known) >= tries or should_stop():
            break
        parents = [picks for picks, _ in _ranked(known)[:PARENTS]]
        child = _child(parents, members, rng)
        if child not in known:
            known[child] = score(child)
    return _ranked(known)


def best_of_sizes(
    score: Score, members: Members, tries: int, rng: np.random.Generator, should_stop: Stop
) -> Ranked:
    """Return the members that no other scored one beats in both score and parameters, the best first.

    Half of the tries are spread from the smallest member to the largest; the other half breeds the best of them.

    Args:
        score: Of a member, less is better.
        members: Of an elastic network: in every slot smaller values come first.
        tries: Members to score at most.
        rng: Of every draw.
        should_stop: Asked before every member but the first.
    """
    known: dict[Picks, Reading] = {}

    def note(picks: Picks) -> None:
        known[picks] = reading(picks, score(picks), members.open.network(picks))

    for picks in spread(members.sizes, max(tries // 2, 2), rng):
        if known and should_stop():
            break
        note(picks)
    for _ in range(_REDRAWS * tries):
        if len(known) >= tries or should_stop():
            break
        child = _child([one.picks for one in front(list(known.values()))], members, rng)
        if child not in known:
            note(child)
    return _ranked({one.picks: one.cost for one in front(list(known.values()))})


def by_perturbation(
    logits: Sequence[torch.Tensor],
    cost: Callable[[Sequence[torch.Tensor]], float],
    tune: Callable[[int, Sequence[torch.Tensor]], None],
    rng: np.random.Generator,
    should_stop: Stop,
) -> list[list[float]]:
    """Return for each option what the mixture's cost rises by without it: DARTS-PT (Wang et al. 2021, algorithm 1).

    Slot after slot in random order: each option is removed in turn, its slot keeps the one whose removal costs most, and
    the supernet is tuned before the next slot is decided.

    Args:
        logits: ``(options,)`` for each slot; minus infinity removes an option.
        cost: Of a mixture of these logits, less is better.
        tune: Trains the shared weights under the mixture that is left; told how many slots were decided before.
        rng: Of the slots' order.
        should_stop: Asked before every slot; what is left then keeps its logits as what it counts.

    Returns:
        What each option counts, for each slot.
    """
    current = [one.clone() for one in logits]
    worth = [one.softmax(0).tolist() for one in logits]
    for place, slot in enumerate(rng.permutation(len(current)).tolist()):
        if should_stop():
            break
        whole = current[slot]
        if len(whole) < 2:
            continue
        costs = []
        for option in range(len(whole)):
            current[slot] = whole.index_fill(0, torch.tensor(option), -torch.inf)
            costs.append(cost(current))
        worth[slot] = costs
        kept = int(np.argmax(costs))
        current[slot] = torch.full_like(whole, -torch.inf).index_fill(0, torch.tensor(kept), 0.0)
        tune(place, current)
    return worth


def _child(parents: Sequence[Picks], members: Members, rng: np.random.Generator) -> Picks:
    first = parents[int(rng.integers(len(parents)))]
    if rng.random() < SHARE or len(parents) < 2:
        return members.mutate(first, rng, MUTATION)
    second = parents[int(rng.integers(len(parents)))]
    return members.cross(first, second, rng)


def _ranked(known: dict[Picks, float]) -> Ranked:
    return sorted(known.items(), key=lambda pair: (pair[1], pair[0]))
