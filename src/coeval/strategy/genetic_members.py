"""A population of programs: who lives, how fit, how old; no meaning twice."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from coeval.architecture.program import Program
from coeval.space.programs_arrays import Batch, Layout, join, pack, structure_keys, unpack
from coeval.strategy.genetic_breeding import Breeding, breed
from coeval.strategy.objectives import violation
from coeval.trial import Objective, Trial

Floats = npt.NDArray[np.float64]


@dataclass(slots=True)
class Members:
    """Programs that survived, best first.

    Attributes:
        genes: ``(members,)`` programs.
        costs: ``(members,)`` the least error each was measured with.
        ages: ``(members,)`` generations of this population lived through.
        names: Their semantic keys.
        structures: Their structure keys.
    """

    genes: Batch
    costs: Floats = field(default_factory=lambda: np.empty(0))
    ages: npt.NDArray[np.int64] = field(default_factory=lambda: np.empty(0, dtype=np.int64))
    names: list[str] = field(default_factory=list)
    structures: list[int] = field(default_factory=list)

    def __len__(self) -> int:
        return len(self.costs)

    def member(self, index: int) -> Program:
        """Return one member."""
        return unpack(self.genes.take(np.array([index], dtype=np.intp)))[0]

    def children(
        self, breeding: Breeding, layout: Layout, count: int, rng: np.random.Generator
    ) -> tuple[Batch, list[int]]:
        """Return new programs bred from the members and their structure keys; none that lives here."""
        return breed(breeding, layout, self.genes, self.costs, count, self.structures, rng)

    def survive(
        self,
        young: Batch,
        costs: Floats,
        names: Sequence[str],
        structures: Sequence[int],
        *,
        size: int,
        lifespan: int,
    ) -> None:
        """Let the best of members and young live on, each meaning once, none beyond its lifespan.

        A member's cost is what it was worth in its own time. As the team improves, the young have it easier:
        with the lifespan this keeps one family from taking over.

        Args:
            young: ``(young,)`` programs just evaluated.
            costs: ``(young,)``; infinite for what failed, which does not enter.
            names: Their semantic keys.
            structures: Their structure keys.
            size: Members at most.
            lifespan: Generations after which a member leaves.
        """
        pooled = np.concatenate([self.costs, costs])
        ages = np.concatenate([self.ages + 1, np.zeros(len(costs), dtype=np.int64)])
        everyone = [*self.names, *names]
        kept: list[int] = []
        seen: set[str] = set()
        for index in np.argsort(pooled, kind="stable").tolist():
            if len(kept) == size or not np.isfinite(pooled[index]):
                break
            if ages[index] <= lifespan and everyone[index] not in seen:
                seen.add(everyone[index])
                kept.append(index)
        self._keep(kept, young, pooled, ages, everyone, [*self.structures, *structures])

    def succeed(
        self,
        young: Batch,
        costs: Floats,
        names: Sequence[str],
        structures: Sequence[int],
        *,
        size: int,
        elites: int,
    ) -> None:
        """Let the young take the members' place, but for the best members; each meaning once.

        Args:
            young: ``(young,)`` programs just evaluated.
            costs: ``(young,)``; infinite for what failed, which does not enter.
            names: Their semantic keys.
            structures: Their structure keys.
            size: Members at most; where too few young are fit, older members fill the places.
            elites: How many members stay in any case.
        """
        old = len(self)
        pooled = np.concatenate([self.costs, costs])
        ages = np.concatenate([self.ages + 1, np.zeros(len(costs), dtype=np.int64)])
        everyone = [*self.names, *names]
        order = [*range(min(elites, old)), *range(old, len(pooled)), *range(min(elites, old), old)]
        kept: list[int] = []
        seen: set[str] = set()
        for index in order:
            if len(kept) == size:
                break
            if np.isfinite(pooled[index]) and everyone[index] not in seen:
                seen.add(everyone[index])
                kept.append(index)
        kept.sort(key=lambda index: (pooled[index], index))
        self._keep(kept, young, pooled, ages, everyone, [*self.structures, *structures])

    def _keep(
        self,
        kept: Sequence[int],
        young: Batch,
        costs: Floats,
        ages: npt.NDArray[np.int64],
        names: Sequence[str],
        structures: Sequence[int],
    ) -> None:
        rows = np.array(kept, dtype=np.intp)
        self.genes = join([self.genes, young]).take(rows)
        self.costs, self.ages = costs[rows], ages[rows]
        self.names = [names[index] for index in kept]
        self.structures = [structures[index] for index in kept]


def nobody(layout: Layout) -> Members:
    """Return a population without members."""
    return Members(pack(layout, []))


def judged(
    trials: Sequence[Trial], structures: Sequence[int], objective: Objective
) -> tuple[Floats, list[str]]:
    """Return what each finished trial is worth, and its semantic key.

    Where the evaluator gave no key, as on a subset of rows, the structure key stands in.
    """
    costs = np.array([worth(trial, objective) for trial in trials], dtype=np.float64)
    names = [
        str(trial.measurement.data.get("key", key)) if trial.measurement is not None else str(key)
        for trial, key in zip(trials, structures, strict=True)
    ]
    return costs, names


def worth(trial: Trial, objective: Objective) -> float:
    """Return a trial's cost; infinite where it failed, has no finite value, or breaks a limit."""
    cost = objective.cost(trial)
    return cost if math.isfinite(cost) and violation(trial) == 0 else math.inf


def distinct(layout: Layout, programs: Batch) -> tuple[Batch, list[int]]:
    """Return the programs of different structure, the first of equals, and their structure keys."""
    structures = structure_keys(layout, programs).tolist()
    first = {key: row for row, key in reversed(list(enumerate(structures)))}
    rows = np.array(sorted(first.values()), dtype=np.intp)
    return programs.take(rows), [structures[row] for row in rows]
