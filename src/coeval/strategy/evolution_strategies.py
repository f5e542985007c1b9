"""Evolution strategies on the parameters of a policy (Salimans et al. 2017, algorithm 1, arXiv:1703.03864)."""

from collections.abc import Sequence

import numpy as np

from coeval.seed import generator
from coeval.space.protocol import Candidate, Move, Space
from coeval.strategy.objectives import Objectives
from coeval.strategy.policy import Decisions, Floats, Lesson, Lessons, Path, Slot, standings
from coeval.strategy.policy_adam import Adam
from coeval.trial import Objective, Proposal, Trial

NAME = "evolution-strategies"
NOISE = f"{NAME}:noise"
"""The move whose site is the address of the noise: pair, draw and sign. Like the paper's workers, the log keeps seeds, no vectors."""


class EvolutionStrategies:
    """Moves the logits of a policy along the noise that did well.

    A policy has a logit for every option of every slot, all zero at first, and takes the options of greatest logits.
    Each trial is the policy under Gaussian noise of width ``sigma``: the noise is what explores, and it fades
    as logits outgrow it. Trials ``2k`` and ``2k + 1`` have the same noise with opposite signs. After every
    ``batch`` lessons the logits take a step of Adam along ``1 / (n sigma) * sum F noise``, F being the ranks within the
    batch, centred at 0 and by the order of ``Objectives``: no rising function of a value changes the search. Slots that
    a trial did not pass had no part in its result, and their noise is left out. A lesson counts in the batch
    in which it finishes, though its noise may have been added to older logits.

    A draw that repeats a trial or breaks the space's limits has its noise drawn anew; where that keeps happening, a
    sample of the space takes its place.

    Args:
        space: Must offer ``decisions`` and ``decide``.
        objective: One or more.
        seed: Below which every draw has its address.
        sigma: Width of the noise; the paper's 0.02.
        lr: Step size of Adam; the paper's 0.01. Only its ratio to ``sigma`` matters, but for ``decay``.
        decay: Share of the logits taken off the gradient; the paper's 0.005.
        batch: Lessons between two steps. The paper has thousands of episodes; a budget of hundreds has not.

    Raises:
        SpaceError: The space is not described by decisions.
        ValueError: A setting is out of its range.
    """

    def __init__(
        self,
        space: Space[Candidate],
        objective: Objective | Sequence[Objective],
        seed: int = 0,
        *,
        sigma: float = 0.02,
        lr: float = 0.01,
        decay: float = 0.005,
        batch: int = 10,
    ) -> None:
        for name, value in (("sigma", sigma), ("lr", lr)):
            if not value > 0:
                raise ValueError(f"{name} must be above 0, got {value}.")
        if not decay >= 0:
            raise ValueError(f"decay must be at least 0, got {decay}.")
        if batch < 2:
            raise ValueError(f"batch must be at least 2, got {batch}: ranks need another trial.")
        self.space = space
        self.objectives = Objectives(objective)
        self.seed = seed
        self.sigma = sigma
        self.decay = decay
        self.batch = batch
        self._decisions = Decisions(space)
        self._lessons = Lessons(NAME, self._decisions, self.objectives)
        self._collected: list[Lesson] = []
        self._logits: dict[Slot, Floats] = {}
        self._adam: Adam[Slot] = Adam(lr)

    def ask(self, count: int) -> list[Proposal]:
        """Return ``count`` candidates of the policy under noise."""
        for lesson in self._lessons.take():
            self._collected.append(lesson)
            if len(self._collected) == self.batch:
                self._step()
        return self._lessons.log.ask(count, self._propose)

    def tell(self, trial: Trial) -> None:
        """Record a trial; the next ``ask`` learns from it."""
        self._lessons.tell(trial)

    def _propose(self, number: int, taken: set[str]) -> Proposal:
        pair, sign = number // 2, -1 if number % 2 else 1
        draft = self._decisions.draft(
            self._lessons.log, taken, lambda draw: self._draw(pair, draw, sign)
        )
        if draft is None:
            candidate = self.space.sample(generator(self.seed, NAME, number, "sample"))
            return Proposal(candidate, origin=f"{NAME}:sample")
        noise = Move(NOISE, "", f"{pair}.{draft.draw}.{sign}")
        return Proposal(draft.candidate, moves=(self._lessons.move(draft.path), noise), origin=NAME)

    def _draw(self, pair: int, draw: int, sign: int) -> Path:
        def choose(slot: Slot) -> int:
            noise = self.sigma * sign * self._noise(pair, draw, slot)
            return int(np.argmax(self._at(slot) + noise))

        return self._decisions.walk(choose)

    def _step(self) -> None:
        """Follow the estimated gradient of the batch once."""
        lessons, self._collected = self._collected, []
        fitness = standings(self.objectives, [one.trial for one in lessons]) - 0.5
        gradients: dict[Slot, Floats] = {}
        for lesson, rank in zip(lessons, fitness, strict=True):
            site = next(one.site for one in lesson.trial.proposal.moves if one.name == NOISE)
            pair, draw, sign = map(int, site.split("."))
            for choice in lesson.choices:
                slot = choice.slot
                start = gradients.get(slot, self.decay * self._at(slot))
                share = rank * sign / (self.batch * self.sigma)
                gradients[slot] = start - share * self._noise(pair, draw, slot)
        self._adam.step(self._logits, gradients)

    def _noise(self, pair: int, draw: int, slot: Slot) -> Floats:
        rng = generator(self.seed, NAME, pair, draw, slot.turn, *slot.options)
        return rng.standard_normal(len(slot.options))

    def _at(self, slot: Slot) -> Floats:
        return self._logits.setdefault(slot, np.zeros(len(slot.options)))
