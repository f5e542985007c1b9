"""Tabular Q-learning over a space's decisions, with experience replay (Baker et al. 2017, MetaQNN, arXiv:1611.02167)."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from coeval.seed import generator
from coeval.space.protocol import Candidate, Space
from coeval.strategy.objectives import Objectives, violation
from coeval.strategy.policy import Choice, Decisions, Lesson, Lessons, Path, Slot, standings
from coeval.trial import Objective, Proposal, Trial

NAME = "q-learning"
SCHEDULE = (
    (1.0, 1500),
    (0.9, 100),
    (0.8, 100),
    (0.7, 100),
    (0.6, 150),
    (0.5, 150),
    (0.4, 150),
    (0.3, 150),
    (0.2, 150),
    (0.1, 150),
)
"""Epsilon, and how many different models were trained with it (table 2 of the paper): 2,700 in all."""
BEGIN = 0.5
"""What an option is worth before anything is known (section 4.3); as rewards are ranks, that of a middling trial."""

State = tuple[str, Slot]
"""The option taken last, and the slot of the decision to come: the paper's layer type and depth."""


@dataclass(frozen=True, slots=True)
class _Episode:
    """A finished trial: the values of each decision's options, and the option taken."""

    trial: Trial
    steps: tuple[tuple[list[float], int], ...]


class QLearning:
    """Acts epsilon-greedily by a table of values, which replayed episodes update from their last decision to their first.

    A state is the option taken last together with the slot of the next decision (see ``policy``). That is the
    paper's (layer type, depth): whole prefixes would hardly ever come again, and their values never fill.
    With discount 1 and rewards at the end only, a decision is worth what its best successor is worth.

    After every lesson ``replays`` episodes are drawn with replacement from all so far. The reward of each is the
    share of the others in the draw that it beats, by the order of ``Objectives``: the paper's accuracy lies in
    0..1 and needs no scale; a loss would, and several objectives have none.

    Infeasible episodes have no reward: their last decision keeps its value, and the others are worth their best
    successors as in any episode. Were they left out altogether, what was tried would rise above what was
    not, by the maximum in the update, and feasible options, so small ones, are those that get tried.

    At the paper's rate of 0.01 a value needs a hundred updates to move; within 300 trials this is little more than
    random search, as published re-runs find too.

    Args:
        space: Must offer ``decisions`` and ``decide``.
        objective: One or more.
        seed: Below which every draw has its address.
        evaluations: The trials that the schedule of epsilon is scaled to; the paper's 2,700 if not given. Behind them
            epsilon keeps its last value.
        lr: The share of a new value in an update, alpha in the paper.
        replays: Episodes replayed after a lesson.

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
        evaluations: int = 2700,
        lr: float = 0.01,
        replays: int = 128,
    ) -> None:
        if evaluations < 1:
            raise ValueError(f"evaluations must be at least 1, got {evaluations}.")
        if not 0 < lr <= 1:
            raise ValueError(f"lr must lie in 0..1, 0 excluded, got {lr}.")
        if replays < 2:
            raise ValueError(
                f"replays must be at least 2, got {replays}: rewards are ranks among those replayed."
            )
        self.space = space
        self.objectives = Objectives(objective)
        self.seed = seed
        self.evaluations = evaluations
        self.lr = lr
        self.replays = replays
        self._decisions = Decisions(space)
        self._lessons = Lessons(NAME, self._decisions, self.objectives, infeasible=True)
        self._values: dict[State, list[float]] = {}
        self._episodes: list[_Episode] = []

    def ask(self, count: int) -> list[Proposal]:
        """Return ``count`` candidates, each by the epsilon of its trial's number."""
        for lesson in self._lessons.take():
            self._learn(lesson)
        return self._lessons.log.ask(count, self._propose)

    def tell(self, trial: Trial) -> None:
        """Record a trial; the next ``ask`` learns from it."""
        self._lessons.tell(trial)

    def _propose(self, number: int, taken: set[str]) -> Proposal:
        chance = epsilon(number, self.evaluations)
        draft = self._decisions.draft(
            self._lessons.log,
            taken,
            lambda draw: self._draw(chance, generator(self.seed, NAME, number, draw)),
        )
        if draft is None:
            candidate = self.space.sample(generator(self.seed, NAME, number, "sample"))
            return Proposal(candidate, origin=f"{NAME}:sample")
        move = self._lessons.move(draft.path, f"epsilon {chance}")
        return Proposal(draft.candidate, moves=(move,), origin=NAME)

    def _draw(self, chance: float, rng: np.random.Generator) -> Path:
        last = ""

        def choose(slot: Slot) -> int:
            nonlocal last
            best = list(range(len(slot.options)))
            if rng.random() >= chance:
                values = self._at(last, slot)
                greatest = max(values)
                best = [index for index, value in enumerate(values) if value == greatest]
            index = best[int(rng.integers(len(best)))]
            last = slot.options[index]
            return index

        return self._decisions.walk(choose)

    def _learn(self, lesson: Lesson) -> None:
        self._episodes.append(_Episode(lesson.trial, self._steps(lesson.choices)))
        rng = generator(self.seed, NAME, "replay", lesson.trial.number)
        drawn = rng.integers(len(self._episodes), size=self.replays)
        episodes = [self._episodes[int(index)] for index in drawn]
        different = {one.trial.number: one.trial for one in episodes if violation(one.trial) == 0}
        ranks = standings(self.objectives, tuple(different.values())).tolist()
        rewards = dict(zip(different, ranks, strict=True))
        for one in episodes:
            target = rewards.get(one.trial.number)
            for values, index in reversed(one.steps):
                if target is not None:
                    values[index] += self.lr * (target - values[index])
                target = max(values)

    def _steps(self, choices: Sequence[Choice]) -> tuple[tuple[list[float], int], ...]:
        before = ["", *(one.option for one in choices)]
        pairs = zip(before, choices, strict=False)
        return tuple([(self._at(last, one.slot), one.index) for last, one in pairs])

    def _at(self, last: str, slot: Slot) -> list[float]:
        return self._values.setdefault((last, slot), [BEGIN] * len(slot.options))


def epsilon(number: int, evaluations: int) -> float:
    """Return the chance that trial ``number`` takes any option, by the paper's schedule over so many evaluations.

    Example:
        >>> [epsilon(number, 270) for number in (0, 149, 150, 179, 269, 1000)]
        [1.0, 1.0, 0.9, 0.7, 0.1, 0.1]
    """
    place = number * sum(models for _, models in SCHEDULE) / evaluations
    end = 0
    for chance, models in SCHEDULE:
        end += models
        if place < end:
            return chance
    return SCHEDULE[-1][0]
