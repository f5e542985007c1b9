"""Competitive coevolution for ordinary tasks: candidates are judged on few rows, and the rows evolve to tell them apart.

Rosin & Belew 1997 (doi:10.1162/evco.1997.5.1.1): competitive fitness sharing, shared sampling, hall of fame, here
with errors in place of won and lost games: a candidate passes a row where its error is below the generation's
median. Rows are kept for the distinctions they make, never for being hard: those would be the outliers (reference
D.2). The best member of a generation is judged on all rows in turn, and only such trials may be the answer.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from coeval.pareto import crowding, pareto_ranks
from coeval.seed import generator
from coeval.space.protocol import Candidate, Space
from coeval.strategy.competitive_bank import Bank
from coeval.strategy.competitive_breeding import Member, children, samples
from coeval.strategy.competitive_options import Competition
from coeval.strategy.competitive_tests import Passed, shared_fitness
from coeval.strategy.genetic_batches import Generations
from coeval.strategy.log import Log
from coeval.strategy.objectives import Objectives, violation
from coeval.trial import Objective, Proposal, Trial

KIND = "rows"
"""What ``Proposal.cases`` begins with."""
COMPETITION = Competition(
    population=20, opponents_each=32, tournament=4, elite=2, check_every=2, kind=KIND
)
"""Small, for evaluations that train: 20 candidates a generation, 32 rows, and every second generation's best on all."""
BRED, CHECK = "competitive:rows", "champion"


@dataclass(frozen=True, slots=True)
class RowGeneration:
    """What is reported of a generation.

    Attributes:
        engaged: Share of its rows that between a tenth and nine tenths of the candidates passed.
        forgotten: Share of its rows from the hall of fame on which its best candidate is worse than the median.
        judged: Candidates that had errors.
    """

    engaged: float
    forgotten: float
    judged: int


class CompetitiveRows:
    """Searches with few rows a candidate, and lets the rows compete.

    The evaluator must take ``cases="rows:3,17"`` and give ``data["errors"]``, the first objective's error on each of
    these rows in their order, less being better; values are those on the rows. What it spends for rows it is not
    asked for it must not spend. Candidates that break limits are ranked by how far, behind all others, and say nothing of rows.

    Attributes:
        generations: What is reported of each.

    Args:
        space: Where to sample, mutate and cross.
        objective: What is optimised; several for a Pareto front, the first of which has errors by row.
        seed: Below which every draw has its address.
        rows: How many there are.
        options: How candidates and rows meet.

    Raises:
        ValueError: There are no rows, or ``options.kind`` is not ``"rows"``.
    """

    def __init__(
        self,
        space: Space[Candidate],
        objective: Objective | Sequence[Objective],
        seed: int = 0,
        *,
        rows: int,
        options: Competition = COMPETITION,
    ) -> None:
        if rows < 1:
            raise ValueError(f"rows must be at least 1, got {rows}.")
        if options.kind != KIND:
            raise ValueError(f"options.kind must be {KIND!r}, got {options.kind!r}.")
        self.space, self.rows, self.seed, self.options = space, rows, seed, options
        self.generations: list[RowGeneration] = []
        self._objectives = Objectives(objective)
        self._log = Log()
        self._bank = Bank(rows, options)
        self._members: list[Member] = []
        self._rows: list[int] = []
        self._drawn = 0
        self._generations = Generations(self._advance, self._objectives.all[0])

    @property
    def champion(self) -> Trial | None:
        """Return the best trial on all rows by the first objective, the earliest of equals."""
        return self._generations.champion

    def ask(self, count: int) -> list[Proposal]:
        """Return up to ``count`` proposals of the current generation; none while it is being evaluated."""
        return self._generations.ask(count)

    def tell(self, trial: Trial) -> None:
        """Record a trial.

        Raises:
            ValueError: A finished trial of this search lacks the errors of its rows.
        """
        self._generations.tell(trial)
        self._log.tell(trial)

    def _advance(self, trials: Sequence[Trial]) -> list[Proposal]:
        """Take a generation's results in, and return the next one."""
        rng = generator(self.seed, "competitive-rows", self._drawn)
        self._drawn += 1
        ranked: list[Member] = []
        if trials:
            ranked = self._take(trials[: len(self._members)])
        if ranked:
            stay = [
                Member(one.candidate, "elite", one.number, one.number)
                for one in ranked[: self.options.elite]
            ]
            fitness = -np.arange(len(ranked), dtype=np.float64)
            count = self.options.population - len(stay)
            new = children(self.space, ranked, fitness, count, self.options, rng, self._log)
            self._members = [*stay, *new]
        else:
            self._members = samples(self.space, self.options.population, rng, self._log)
        self._rows = self._bank.draw(rng)
        return self._proposals(ranked)

    def _proposals(self, ranked: Sequence[Member]) -> list[Proposal]:
        whole = len(self._rows) == self.rows
        cases = None if whole else f"{KIND}:{','.join(map(str, self._rows))}"
        proposals = [
            Proposal(one.candidate, parent=one.parent, moves=one.moves, cases=cases, origin=BRED)
            for one in self._members
        ]
        if ranked and not whole and self._drawn % self.options.check_every == 0:
            best = ranked[0]
            proposals.append(Proposal(best.candidate, parent=best.number, origin=CHECK))
        return proposals

    def _take(self, trials: Sequence[Trial]) -> list[Member]:
        """Return the members that were measured, best first; the rows learn from the feasible ones."""
        measured = [place for place, one in enumerate(trials) if self._objectives.is_measured(one)]
        feasible = [place for place in measured if violation(trials[place]) == 0]
        broken = [place for place in measured if violation(trials[place]) > 0]
        broken.sort(key=lambda place: violation(trials[place]))
        order: list[int] = []
        if feasible:
            errors = np.array([self._errors(trials[place]) for place in feasible])
            passed: Passed = errors < np.median(errors, axis=0)
            ranks = self._ranked([trials[place] for place in feasible], passed, errors)
            order = [feasible[place] for place in ranks]
            self._observe(passed[ranks])
        return [
            Member(self._members[place].candidate, "parent", trials[place].number)
            for place in (*order, *broken)
        ]

    def _observe(self, passed: Passed) -> None:
        """Let the rows learn, and report the generation."""
        hall = set(self._bank.hall)
        known = [place for place, row in enumerate(self._rows) if row in hall]
        self._bank.observe(self._rows, passed)
        self._bank.met(self._rows, passed[0])
        forgotten = float(1.0 - passed[0, known].mean()) if known else 0.0
        self.generations.append(RowGeneration(self._bank.engaged, forgotten, len(passed)))

    def _ranked(self, trials: Sequence[Trial], passed: Passed, errors: np.ndarray) -> list[int]:
        """Return places, best first: by shared fitness, mean error among equals; by fronts with more objectives."""
        shared = shared_fitness(passed)
        means = errors.mean(axis=1)
        if len(self._objectives) == 1:
            return [int(one) for one in np.lexsort((means, -shared))]
        others = np.array([self._objectives.costs(one)[1:] for one in trials])
        costs = np.column_stack([-shared, others])
        ranks = pareto_ranks(costs)
        lonely = np.zeros(len(trials))
        for rank in np.unique(ranks):
            lonely[ranks == rank] = crowding(costs[ranks == rank])
        return [int(one) for one in np.lexsort((means, -lonely, ranks))]

    def _errors(self, trial: Trial) -> np.ndarray:
        """Return the errors of a measured trial, row by row."""
        found = None if trial.measurement is None else trial.measurement.data.get("errors")
        errors = np.asarray([] if found is None else found, dtype=np.float64)
        if errors.shape != (len(self._rows),) or not np.isfinite(errors).all():
            raise ValueError(
                f"CompetitiveRows needs data['errors'] with a finite number for each of the {len(self._rows)} rows "
                f"in cases, got {found!r:.60} in trial {trial.number}. The evaluator must judge on the rows that "
                "Proposal.cases names and tell the error of each; one that trains on all rows cannot be used here."
            )
        return errors
