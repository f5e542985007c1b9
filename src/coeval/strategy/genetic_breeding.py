"""Breeding programs: tournaments, crossover on sequences, point mutation, no structure twice.

Linear genetic programming (Brameier & Banzhaf 2007) on arrays: one call makes a whole generation.
"""

from collections.abc import Collection
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from coeval.space.programs_arrays import (
    Batch,
    Layout,
    cross_batch,
    join,
    mutate_batch,
    sample_batch,
    structure_keys,
)

ROUNDS = 4
"""How often what is missing of a generation is bred again when structures were known: a bound, so that asking ends."""


@dataclass(frozen=True, slots=True)
class Breeding:
    """How children are made.

    Attributes:
        tournament: Members that compete for being a parent, drawn with replacement.
        crossover: Probability that a child has two parents.
        mutation: Probability that a child of two parents is mutated as well; others always are.
        changes: Points that a mutation changes on average, beyond one.
        fresh: Share of children that are samples of the space, so that no population closes in on itself.
    """

    tournament: int = 5
    crossover: float = 0.5
    mutation: float = 0.7
    changes: float = 0.5
    fresh: float = 0.0

    def __post_init__(self) -> None:
        if self.tournament < 1:
            raise ValueError(f"tournament must be at least 1, got {self.tournament}.")
        for name in ("crossover", "mutation", "fresh"):
            if not 0 <= getattr(self, name) <= 1:
                raise ValueError(f"{name} is a probability in 0..1, got {getattr(self, name)}.")
        if self.changes < 0:
            raise ValueError(f"changes must be at least 0, got {self.changes}.")


def breed(
    breeding: Breeding,
    layout: Layout,
    parents: Batch,
    costs: npt.NDArray[np.float64],
    count: int,
    known: Collection[int],
    rng: np.random.Generator,
) -> tuple[Batch, list[int]]:
    """Return children whose structures are new.

    Args:
        breeding: How.
        layout: Of the programs.
        parents: ``(members,)``; with fewer than two, the children are samples of the space.
        costs: ``(members,)``, the least being the best.
        count: Children wanted.
        known: Structure keys that no child may have.
        rng: Where all draws come from.

    Returns:
        Up to ``count`` children, fewer where hardly any new structure is found, and their structure keys.
    """
    kept: list[Batch] = []
    keys: list[int] = []
    taken = set(known)
    for _ in range(ROUNDS):
        missing = count - len(keys)
        if missing <= 0:
            break
        children = _children(breeding, layout, parents, costs, missing, rng)
        new: list[int] = []
        for row, key in enumerate(structure_keys(layout, children).tolist()):
            if key not in taken:
                taken.add(key)
                new.append(row)
                keys.append(key)
        kept.append(children.take(np.array(new, dtype=np.intp)))
    return join(kept), keys


def _children(
    breeding: Breeding,
    layout: Layout,
    parents: Batch,
    costs: npt.NDArray[np.float64],
    count: int,
    rng: np.random.Generator,
) -> Batch:
    if len(parents) < 2:
        return sample_batch(layout, count, rng)
    entrants = rng.integers(len(parents), size=(2 * count, breeding.tournament))
    winners = entrants[np.arange(2 * count), costs[entrants].argmin(axis=1)]
    first, second = parents.take(winners[:count]), parents.take(winners[count:])
    has_two = rng.random(count) < breeding.crossover
    children = _chosen(has_two, cross_batch(layout, first, second, rng), first)
    mutates = ~has_two | (rng.random(count) < breeding.mutation)
    mutants = mutate_batch(layout, children, breeding.changes, rng)
    children = _chosen(mutates, mutants, children)
    if breeding.fresh > 0:
        is_fresh = rng.random(count) < breeding.fresh
        children = _chosen(is_fresh, sample_batch(layout, count, rng), children)
    return children


def _chosen(mask: npt.NDArray[np.bool_], yes: Batch, no: Batch) -> Batch:
    return Batch(
        np.where(mask[:, None, None], yes.codes, no.codes),
        np.where(mask[:, None], yes.constants, no.constants),
    )
