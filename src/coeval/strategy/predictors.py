"""Coevolved fitness predictors: programs are judged on few rows, and the rows evolve to tell the truth.

Schmidt & Lipson 2008 (doi:10.1109/TEVC.2008.919006). Three populations: programs, judged on the rows of the best
predictor only; predictors, arrays of row indices, bred every few generations on what is known; trainers, programs
with exact errors, chosen where predictors disagree most. Everything evaluated for it is a trial and so is paid for.

Two safeguards (reference D.2, D.5): under noise half of the rows are drawn at random; where predicted and exact errors
no longer rank alike, the rows are random until they do. The solution concept is the least error on all rows; champions
are checked on them every ten generations, and nothing else may win.
"""

import math
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from coeval.architecture.program import Program
from coeval.seed import generator
from coeval.space.programs import ProgramSpace
from coeval.space.programs_arrays import Batch, join, sample_batch, structure_keys, unpack
from coeval.space.teams import single
from coeval.statistics import spearman
from coeval.strategy.genetic import BREEDING, CHAMPION, CHECK_EVERY, CHECKED, cases_of
from coeval.strategy.genetic_batches import Generations
from coeval.strategy.genetic_breeding import Breeding
from coeval.strategy.genetic_members import distinct, judged, nobody, worth
from coeval.strategy.predictors_coevolve import (
    draw_predictors,
    evolve_predictors,
    most_disputed,
    predicted,
    with_random_half,
)
from coeval.trial import Objective, Proposal, Trial

UPDATE_EVERY = 5
DISPUTED = 8
"""Programs that all predictors judge, to see where they disagree: eight of 16 rows cost two programs on 512."""
LEAST_CORRELATION, LEAST_PAIRS, PAIRS = 0.5, 8, 20
TRAINER, DISPUTE, BRED = "trainer", "predictors:dispute", "predictors"
NOISY = 0.02
"""A share of noise above which half of the rows are random; ``predictors_coevolve.noise_share`` estimates it."""


@dataclass(frozen=True, slots=True)
class _Plan:
    """What a generation asked, in the order of its proposals."""

    young: Batch
    structures: list[int]
    disputed: list[Program]
    trainers: int


class FitnessPredictors:
    """Breeds programs on coevolved rows.

    Args:
        space: What programs may be.
        objective: What is minimised.
        rows: How many rows there are.
        seed: Below which every draw has its address.
        population: Programs.
        breeding: How children are made.
        elites: Programs that are judged again in the next generation.
        size: Rows of a predictor.
        predictors: How many of them.
        trainers: How many programs with exact errors are kept.
        noise: Share of the target's variance that is noise, as far as known.

    Raises:
        ValueError: A number is out of its range.
    """

    def __init__(
        self,
        space: ProgramSpace,
        objective: Objective,
        rows: int,
        seed: int = 0,
        *,
        population: int = 200,
        breeding: Breeding = BREEDING,
        elites: int = 4,
        size: int = 16,
        predictors: int = 8,
        trainers: int = 10,
        noise: float = 0.0,
    ) -> None:
        if not 1 <= size <= rows:
            raise ValueError(
                f"size must lie in 1..rows={rows}, got {size}. With so few rows, judge on all."
            )
        if predictors < 2 or trainers < 2:
            raise ValueError(
                f"predictors and trainers must be at least 2, got {predictors}, {trainers}."
            )
        if not 0 <= elites < population:
            raise ValueError(f"elites must lie in 0..population-1={population - 1}, got {elites}.")
        self.objective, self.seed = objective, seed
        self._layout, self._rows, self._size = space.layout, rows, size
        self._population, self._breeding, self._elites = population, breeding, elites
        self._noisy = noise > NOISY
        first = generator(seed, "predictors", "first")
        self._predictors = draw_predictors(predictors, size, rows, first)
        self._errors: deque[np.ndarray] = deque(maxlen=trainers)  # of trainers, (rows,) each
        self._wanted: list[Program] = []  # trainers to be judged next
        self._pairs: deque[tuple[float, float]] = deque(maxlen=PAIRS)  # predicted, exact
        self._members = nobody(self._layout)
        self._plan = _Plan(self._members.genes, [], [], 0)
        self._drawn = 0
        self._generations = Generations(self._advance, objective)

    @property
    def champion(self) -> Trial | None:
        """Return the best program that was judged on all rows, the earliest of equals."""
        return self._generations.champion

    @property
    def correlation(self) -> float | None:
        """Return the rank correlation of predicted with exact errors lately; ``None`` with too few to tell."""
        if len(self._pairs) < LEAST_PAIRS:
            return None
        predictions, exact = zip(*self._pairs, strict=True)
        found = spearman(predictions, exact)
        return 0.0 if math.isnan(found) else float(found)

    @property
    def uses_random_rows(self) -> bool:
        """Return whether predictors are out of use, as they no longer rank programs as all rows do."""
        found = self.correlation
        return found is not None and found < LEAST_CORRELATION

    def ask(self, count: int) -> list[Proposal]:
        """Return up to ``count`` proposals of the current generation; none while it is being evaluated."""
        return self._generations.ask(count)

    def tell(self, trial: Trial) -> None:
        """Record a trial."""
        self._generations.tell(trial)

    def _advance(self, trials: Sequence[Trial]) -> list[Proposal]:
        """Take a generation's results in, and return the next one."""
        rng = generator(self.seed, "predictors", self._drawn)
        self._drawn += 1
        if not trials:
            young, structures = distinct(
                self._layout, sample_batch(self._layout, self._population, rng)
            )
            self._wanted = unpack(young)[: self._errors.maxlen]
            return self._proposals(young, structures, rng)
        self._take(trials)
        if self._drawn % UPDATE_EVERY == 0 and self._errors:
            errors = np.stack(self._errors)
            self._predictors = evolve_predictors(self._predictors, errors, self._rows, rng)
        young, structures = self._bred(rng)
        return self._proposals(young, structures, rng)

    def _take(self, trials: Sequence[Trial]) -> None:
        plan, count = self._plan, len(self._plan.structures)
        costs, names = judged(trials[:count], plan.structures, self.objective)
        self._members = nobody(self._layout)
        self._members.succeed(
            plan.young, costs, names, plan.structures, size=self._population, elites=0
        )
        ended = count + len(plan.disputed) * len(self._predictors)
        self._wanted = []
        if plan.disputed:
            shape = (len(plan.disputed), len(self._predictors))
            estimates = [worth(trial, self.objective) for trial in trials[count:ended]]
            chosen = most_disputed(np.array(estimates).reshape(shape))
            self._wanted = plan.disputed[chosen : chosen + 1] if chosen >= 0 else []
        for trial in trials[ended : ended + plan.trainers]:
            self._train(trial)
        candidates = map(single, unpack(plan.young))
        known = dict(zip(candidates, costs.tolist(), strict=True))
        for trial in trials[ended + plan.trainers :]:
            estimate = known.get(trial.proposal.candidate, math.inf)
            exact = worth(trial, self.objective)
            if estimate < math.inf and exact < math.inf:
                self._pairs.append((estimate, exact))

    def _train(self, trial: Trial) -> None:
        """Keep a trainer's errors, and what the best predictor would have said of it."""
        errors = trial.measurement.data.get("errors") if trial.measurement is not None else None
        if errors is None:
            return
        exact = np.asarray(errors, dtype=np.float64)
        if self._errors:  # before, predictors were drawn at random and have learnt nothing
            guess = float(predicted(self._predictors[:1], exact[None])[0, 0])
            self._pairs.append((guess, float(exact.mean())))
        self._errors.append(exact)

    def _bred(self, rng: np.random.Generator) -> tuple[Batch, list[int]]:
        """Return the elites, to be judged on the new rows, and children."""
        members = self._members
        young, structures = members.children(self._breeding, self._layout, self._population, rng)
        if not structures:  # the space is used up, or nearly: something must be asked
            young = sample_batch(self._layout, 1, rng)
            structures = structure_keys(self._layout, young).tolist()
        best = np.arange(min(self._elites, len(members)))
        return (
            join([members.genes.take(best), young]),
            [*members.structures[: len(best)], *structures],
        )

    def _proposals(
        self, young: Batch, structures: list[int], rng: np.random.Generator
    ) -> list[Proposal]:
        cases = cases_of(self._chosen_rows(rng))
        proposals = [Proposal(single(one), cases=cases, origin=BRED) for one in unpack(young)]
        disputed: list[Program] = []
        members = self._members
        if self._drawn % UPDATE_EVERY == 0 and len(members):
            half = max(1, len(members) // 2)
            drawn = rng.choice(half, size=min(DISPUTED, half), replace=False)
            disputed = unpack(members.genes.take(drawn))
            subsets = [cases_of(list(set(one))) for one in self._predictors.tolist()]
            proposals += [
                Proposal(single(one), cases=subset, origin=DISPUTE)
                for one in disputed
                for subset in subsets
            ]
        proposals += [Proposal(single(one), origin=TRAINER) for one in self._wanted]
        if self._drawn % CHECK_EVERY == 0:
            best = np.arange(min(CHECKED, len(members)))
            proposals += [
                Proposal(single(one), origin=CHAMPION) for one in unpack(members.genes.take(best))
            ]
        self._plan = _Plan(young, structures, disputed, len(self._wanted))
        return proposals

    def _chosen_rows(self, rng: np.random.Generator) -> list[int]:
        """Return the rows that this generation is judged on."""
        if self.uses_random_rows:
            return [int(row) for row in rng.choice(self._rows, size=self._size, replace=False)]
        rows = list(dict.fromkeys(self._predictors[0].tolist()))
        return with_random_half(rows, self._rows, rng) if self._noisy else rows
