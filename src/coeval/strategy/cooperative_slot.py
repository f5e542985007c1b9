"""The population of one slot of a team: who lives, how fit, how old."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from coeval.architecture.program import Program
from coeval.space.programs_arrays import Batch, Layout, pack, unpack
from coeval.strategy.genetic_breeding import Breeding, breed

Floats = npt.NDArray[np.float64]


@dataclass(slots=True)
class Slot:
    """Members that survived, best first.

    Attributes:
        genes: ``(members,)`` programs.
        costs: ``(members,)`` error of the best team each served in when it was young.
        ages: ``(members,)`` generations of this slot lived through.
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
        rows = np.array(kept, dtype=np.intp)
        all_structures = [*self.structures, *structures]
        self.genes = Batch(
            np.concatenate([self.genes.codes, young.codes])[rows],
            np.concatenate([self.genes.constants, young.constants])[rows],
        )
        self.costs, self.ages = pooled[rows], ages[rows]
        self.names = [everyone[index] for index in kept]
        self.structures = [all_structures[index] for index in kept]


def empty_slot(layout: Layout) -> Slot:
    """Return a slot without members."""
    return Slot(pack(layout, []))
