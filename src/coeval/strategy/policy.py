"""What the learners of policies share: a space's decisions as slots, draws, lessons and rewards.

A policy takes one option after another (``space.decisions``). What it learns belongs to a *slot*: the options on
offer, and how often the same were on offer before. In a space of fixed decisions that is the position; where
a trunk may have 3 or 40 decisions, the learning rate that is chosen after it keeps its slot.

The options taken are written into a proposal as a ``Move`` named after the learner, whose site is the path of
option indices. So what was learnt follows from the log alone, whoever wrapped the strategy. Trials of
others carry no such move; they teach nothing. Lessons count in the order in which the trials finished,
which is the order of the journal: a replay learns the same, whatever finished first.

Infeasible trials are left out: a reward for them, however low, would teach whatever keeps the limits, that is,
small. As rewards are ranks among feasible trials, their mean is the same however rare those are.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from coeval.errors import SpaceError
from coeval.space.protocol import Candidate, Move, Space
from coeval.strategy.log import REDRAWS, Log
from coeval.strategy.objectives import Objectives, violation
from coeval.trial import State, Trial

Path = tuple[int, ...]
Floats = npt.NDArray[np.float64]

REMEMBERED = 50_000
"""Prefixes whose options are kept: some spaces replay a whole prefix to answer, and learning asks again."""


@dataclass(frozen=True, slots=True)
class Slot:
    """A decision's place in a policy.

    Attributes:
        options: On offer; at least two, since one leaves nothing to learn.
        turn: How many decisions before it offered the same.
    """

    options: tuple[str, ...]
    turn: int


@dataclass(frozen=True, slots=True)
class Choice:
    """An option taken at a slot, by its index."""

    slot: Slot
    index: int

    @property
    def option(self) -> str:
        """Return the option's name."""
        return self.slot.options[self.index]


@dataclass(frozen=True, slots=True)
class Draft:
    """A candidate as a policy drew it.

    Attributes:
        candidate: A member of the space.
        path: Indices of the options taken.
        draw: How many draws before it were repeats or broke the space's limits.
    """

    candidate: Candidate
    path: Path
    draw: int


@dataclass(frozen=True, slots=True)
class Lesson:
    """A trial that a policy may learn from, with its choices."""

    trial: Trial
    choices: tuple[Choice, ...]


class Decisions:
    """The decisions of a space, walked with a policy in hand.

    Args:
        space: Must offer ``decisions`` and ``decide``.

    Raises:
        SpaceError: The space is not described by decisions; the space says why.
    """

    def __init__(self, space: Space[Candidate]) -> None:
        self.space = space
        self._options: dict[Path, tuple[str, ...]] = {(): space.decisions(())}

    def walk(self, choose: Callable[[Slot], int]) -> Path:
        """Return a complete path; ``choose`` is asked wherever there are two options or more."""
        turns: dict[tuple[str, ...], int] = {}
        path: Path = ()
        while options := self._after(path):
            slot = _slot(options, turns)
            path = (*path, 0 if slot is None else choose(slot))
        return path

    def choices(self, path: Path) -> tuple[Choice, ...]:
        """Return the choices along a path, forced ones left out."""
        turns: dict[tuple[str, ...], int] = {}
        slots = [_slot(self._after(path[:place]), turns) for place in range(len(path))]
        pairs = zip(slots, path, strict=True)
        return tuple([Choice(slot, index) for slot, index in pairs if slot is not None])

    def draft(self, log: Log, taken: set[str], draw: Callable[[int], Path]) -> Draft | None:
        """Return the first draw that is legal and new, of at most ``1 + REDRAWS``; ``None`` if none is.

        Args:
            log: Of the trials told.
            taken: Digests of this ask's other candidates.
            draw: From the number of a draw to a complete path.
        """
        for number in range(1 + REDRAWS):
            path = draw(number)
            try:
                candidate = self.space.decide(path)
            except SpaceError:  # a complete path may still exceed the limits on cost
                continue
            if not log.knows(candidate, taken):
                return Draft(candidate, path, number)
        return None

    def _after(self, path: Path) -> tuple[str, ...]:
        options = self._options.get(path)
        if options is None:
            if len(self._options) >= REMEMBERED:
                del self._options[next(iter(self._options))]
            options = self._options[path] = self.space.decisions(path)
        return options


class Lessons:
    """The log of a learner, and the lessons in it that it has not taken yet.

    Args:
        name: The learner's, as its moves carry it.
        decisions: Of the space.
        objectives: Say which trials count.
        infeasible: Whether infeasible trials are lessons too: in what can be chosen, never in what is good.
    """

    def __init__(
        self,
        name: str,
        decisions: Decisions,
        objectives: Objectives,
        *,
        infeasible: bool = False,
    ) -> None:
        self.name = name
        self.log = Log()
        self._decisions = decisions
        self._objectives = objectives
        self._infeasible = infeasible
        self._waiting: list[Trial] = []
        self._finished: set[int] = set()

    def move(self, path: Path, detail: str = "") -> Move:
        """Return what a proposal carries of its path."""
        return Move(self.name, "", ".".join(map(str, path)), detail=detail)

    def tell(self, trial: Trial) -> None:
        """Record a trial; one of this learner that finished with a result becomes a lesson."""
        self.log.tell(trial)
        if trial.state is State.RUNNING or trial.number in self._finished:
            return
        self._finished.add(trial.number)
        mine = any(move.name == self.name for move in trial.proposal.moves)
        counts = self._infeasible or violation(trial) == 0
        if mine and counts and self._objectives.is_judged(trial):
            self._waiting.append(trial)

    def take(self) -> Iterator[Lesson]:
        """Yield the lessons since the last call, in the order in which the trials finished."""
        waiting, self._waiting = self._waiting, []
        for trial in waiting:
            move = next(one for one in trial.proposal.moves if one.name == self.name)
            path = tuple(map(int, move.site.split("."))) if move.site else ()
            yield Lesson(trial, self._decisions.choices(path))


def standings(objectives: Objectives, trials: Sequence[Trial]) -> Floats:
    """Return for each measured trial the share of the others that it beats: 1 is the best, 0 the worst.

    The order is ``Objectives.order``: with several objectives fronts, then crowding. No weights have to be
    drawn, no scales to be guessed, and any rising function of a value leaves the ranks as they are. Trials
    of equal costs share the mean of their places.

    Returns:
        ``(trials,)``; a single trial stands at 0.5.
    """
    if len(trials) < 2:
        return np.full(len(trials), 0.5)
    shared: dict[tuple[float, ...], list[int]] = {}
    for place, trial in enumerate(objectives.order(trials)):
        shared.setdefault(objectives.costs(trial), []).append(place)
    means = {costs: sum(places) / len(places) for costs, places in shared.items()}
    places = np.array([means[objectives.costs(trial)] for trial in trials])
    return 1.0 - places / (len(trials) - 1)


def softmax(logits: Floats) -> Floats:
    """Return the probabilities of the options on offer; no other option has a logit here."""
    weights = np.exp(logits - logits.max())
    chances: Floats = weights / weights.sum()
    return chances


def choice_loss(
    logits: Floats, index: int, advantage: float, entropy: float
) -> tuple[float, Floats]:
    """Return ``-advantage * log p[index] - entropy * H(p)`` of one choice, and its slope by the logits.

    Args:
        logits: ``(options,)`` of the options on offer.
        index: Of the option taken.
        advantage: Reward less baseline (Williams 1992, doi:10.1007/BF00992696).
        entropy: Weight of the entropy H.
    """
    shifted = logits - logits.max()
    logs = shifted - np.log(np.exp(shifted).sum())
    chances = np.exp(logs)
    evenness = -float(chances @ logs)
    slope = advantage * chances + entropy * chances * (logs + evenness)
    slope[index] -= advantage
    return float(-advantage * logs[index] - entropy * evenness), slope


def drawn(probabilities: Floats, rng: np.random.Generator) -> int:
    """Return an index drawn by its probability, from one uniform number."""
    cumulative = np.cumsum(probabilities)
    return int(np.searchsorted(cumulative[:-1], rng.random() * cumulative[-1], side="right"))


def _slot(options: tuple[str, ...], turns: dict[tuple[str, ...], int]) -> Slot | None:
    """Return the slot of a decision and count it; ``None`` for a forced one."""
    if len(options) < 2:
        return None
    turn = turns.get(options, 0)
    turns[options] = turn + 1
    return Slot(options, turn)
