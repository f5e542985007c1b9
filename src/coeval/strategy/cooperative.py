"""Cooperative coevolution: a team of short programs, each slot with its own population (the default numeric search).

After Potter & De Jong 2000 (doi:10.1162/106365600568086). Least squares on [1, f1 … fK] joins the modules, so a
member of one slot is worth what it adds to its partners: the evaluator scores a whole generation by projection. A
generation varies one slot, the slots take turns, and each child serves in two teams, with the best partners and
with random ones; the better one counts, against the robust mediocre parts that best partners alone breed.

The number of populations adapts: one more when the error stalls; when there are all, the one that the team needs
least starts anew if it adds less than ``least_gain``. The solution concept is the least error on all rows, the
champion the best team ever.
"""

import math
from collections.abc import Sequence

import numpy as np

from coeval.architecture.program import Program
from coeval.seed import generator
from coeval.space.programs import ProgramSpace
from coeval.space.programs_arrays import Batch, join, pack, sample_batch, structure_keys, unpack
from coeval.space.protocol import Candidate, Genotype, Move
from coeval.space.teams import ABSENT, module_name
from coeval.strategy.genetic_batches import Generations
from coeval.strategy.genetic_breeding import Breeding
from coeval.strategy.genetic_members import Members, distinct, nobody, worth
from coeval.trial import Objective, Proposal, Trial

STALL = 0.1
"""A round in which the error falls by less than this share is a stall. 0.05 to 0.3 search alike."""
BREEDING = Breeding()
BEST, RANDOM, WITHOUT = "cooperative:best", "cooperative:random", "cooperative:without"


class CooperativeCoevolution:
    """Coevolves the modules of a team.

    Args:
        space: What each module is drawn from.
        objective: What is minimised on all rows.
        seed: Below which every draw has its address.
        slots: Modules of a team at most: the parts of ``team_space(space, slots)``.
        start: Populations at first.
        population: Members of each population.
        breeding: How children are made.
        lifespan: Generations of its slot after which a member leaves.
        least_gain: Share by which the error must rise without a module for it to stay through a stall.
        seeds: Programs that join every slot's first generation, such as the exact bank's.

    Raises:
        ValueError: A number is out of its range.
        SpaceError: A seed does not fit into the space.
    """

    def __init__(
        self,
        space: ProgramSpace,
        objective: Objective,
        seed: int = 0,
        *,
        slots: int = 8,
        start: int = 2,
        population: int = 50,
        breeding: Breeding = BREEDING,
        lifespan: int = 20,
        least_gain: float = 0.01,
        seeds: Sequence[Program] = (),
    ) -> None:
        if not 1 <= start <= slots:
            raise ValueError(f"start must lie in 1..slots={slots}, got {start}.")
        if population < 2:
            raise ValueError(f"population must be at least 2, got {population}.")
        if lifespan < 1 or not 0 <= least_gain < 1:
            raise ValueError(
                f"lifespan must be at least 1 and least_gain in 0..1, got {lifespan} and {least_gain}."
            )
        self.objective, self.seed = objective, seed
        self._layout = space.layout
        self._slots_most, self._start = slots, start
        self._population, self._breeding, self._lifespan = population, breeding, lifespan
        self._least_gain = least_gain
        self._seeds = pack(self._layout, [space.fitted(one) for one in seeds])
        self._slots: list[Members] = []
        self._team: list[Program] = [ABSENT] * slots
        self._error = math.inf  # of the team
        self._turn = -1  # the slot of the generation in flight
        self._pending: tuple[Batch, list[int]] = (self._seeds, [])
        self._drawn = 0  # generations made
        self._mark, self._since = math.inf, 0
        self._generations = Generations(self._advance, objective)

    @property
    def champion(self) -> Trial | None:
        """Return the best comparable team ever, the earliest of equals."""
        return self._generations.champion

    def ask(self, count: int) -> list[Proposal]:
        """Return up to ``count`` teams of the current generation; none while it is being evaluated."""
        return self._generations.ask(count)

    def tell(self, trial: Trial) -> None:
        """Record a trial."""
        self._generations.tell(trial)

    def _advance(self, trials: Sequence[Trial]) -> list[Proposal]:
        """Take a generation's results in, and return the next one."""
        rng = generator(self.seed, "cooperative", self._drawn)
        self._drawn += 1
        if trials and trials[0].proposal.origin == WITHOUT:
            return self._renewed(trials, rng)
        if trials:
            self._take(trials)
        if len(self._slots) < self._start:
            return self._opened(rng)
        if self._since >= len(self._slots):
            stalls = not self._error <= (1 - STALL) * self._mark
            self._mark, self._since = self._error, 0
            if stalls and len(self._slots) < self._slots_most:
                return self._opened(rng)
            if stalls and sum(one != ABSENT for one in self._team) > 1:
                return self._without()
        return self._varied((self._turn + 1) % len(self._slots), rng)

    def _take(self, trials: Sequence[Trial]) -> None:
        """Let a generation compete for its slot, and the team take over the best."""
        young, structures = self._pending
        costs = np.full(len(structures), math.inf)
        names = [""] * len(structures)
        contexts = len(trials) // len(structures)
        for place, trial in enumerate(trials):
            cost = worth(trial, self.objective) if trial.is_comparable else math.inf
            child = place // contexts
            costs[child] = min(costs[child], cost)
            if trial.measurement is not None and "key" in trial.measurement.data:
                names[child] = str(trial.measurement.data["key"])
            if cost < self._error:
                self._error = cost
                self._team = _programs(trial.proposal.candidate)
        names = [name or f"structure {key}" for name, key in zip(names, structures, strict=True)]
        self._slots[self._turn].survive(
            young, costs, names, structures, size=self._population, lifespan=self._lifespan
        )
        self._since += 1

    def _opened(self, rng: np.random.Generator) -> list[Proposal]:
        """Return the first generation of a further slot."""
        self._slots.append(nobody(self._layout))
        return self._begun(len(self._slots) - 1, rng)

    def _begun(self, turn: int, rng: np.random.Generator) -> list[Proposal]:
        """Return a slot's first generation: seeds and samples, beside the team as it is."""
        samples = sample_batch(self._layout, self._population, rng)
        self._turn, self._pending = turn, distinct(self._layout, join([self._seeds, samples]))
        return self._teams([(BEST, self._team)])

    def _varied(self, turn: int, rng: np.random.Generator) -> list[Proposal]:
        """Return the next generation of a slot, each child in two teams."""
        slot = self._slots[turn]
        young, structures = slot.children(self._breeding, self._layout, self._population, rng)
        if not structures:  # the space is used up, or nearly: something must be asked
            young = sample_batch(self._layout, 1, rng)
            structures = structure_keys(self._layout, young).tolist()
        self._turn, self._pending = turn, (young, structures)
        partners = [ABSENT] * self._slots_most
        for other, members in enumerate(self._slots):
            if len(members):
                partners[other] = members.member(int(rng.integers(len(members))))
        contexts = [(BEST, self._team)]
        if any(one != ABSENT for place, one in enumerate(partners) if place != turn):
            contexts.append((RANDOM, partners))
        return self._teams(contexts)

    def _teams(self, contexts: Sequence[tuple[str, Sequence[Program]]]) -> list[Proposal]:
        name = module_name(self._turn)
        moves = (Move("vary", name),)
        frames = []
        for origin, programs in contexts:
            parts: list[tuple[str, Genotype]] = [
                (module_name(place), one) for place, one in enumerate(programs)
            ]
            frames.append((origin, tuple(parts[: self._turn]), tuple(parts[self._turn + 1 :])))
        return [
            Proposal(Candidate((*before, (name, child), *after)), moves=moves, origin=origin)
            for child in unpack(self._pending[0])
            for origin, before, after in frames
        ]

    def _without(self) -> list[Proposal]:
        """Return the team without each of its modules, to see which one it needs least."""
        proposals = []
        for place, one in enumerate(self._team):
            if one != ABSENT:
                left = [*self._team[:place], ABSENT, *self._team[place + 1 :]]
                parts = tuple((module_name(slot), module) for slot, module in enumerate(left))
                moves = (Move("leave", module_name(place)),)
                proposals.append(Proposal(Candidate(parts), moves=moves, origin=WITHOUT))
        return proposals

    def _renewed(self, trials: Sequence[Trial], rng: np.random.Generator) -> list[Proposal]:
        """Start the slot that the team needs least anew, unless it adds enough; go on with the next turn."""
        costs = [worth(trial, self.objective) for trial in trials]
        least = int(np.argmin(costs))
        turn = (self._turn + 1) % len(self._slots)
        if not costs[least] * (1 - self._least_gain) < self._error:
            return self._varied(turn, rng)
        self._error, self._team = costs[least], _programs(trials[least].proposal.candidate)
        self._mark = self._error
        dropped = int(trials[least].proposal.moves[0].part.rpartition("-")[2]) - 1
        self._slots[dropped] = nobody(self._layout)
        return self._begun(dropped, rng)


def _programs(candidate: Candidate) -> list[Program]:
    return [part for _, part in candidate.parts if isinstance(part, Program)]
