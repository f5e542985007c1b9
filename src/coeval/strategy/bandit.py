"""An operator bandit: several sources of proposals share one search, each as often as it is worth its time.

Adaptive operator selection by what a source brought lately (DaCosta et al. 2008, doi:10.1145/1389095.1389272; Fialho et al.
2010, doi:10.1007/s10472-010-9213-y: a sliding window, and credit by ranks, which no transformation of the objective
changes). A source is drawn by Thompson sampling (Chapelle & Li 2011) of its credit a trial, divided by its seconds
a trial; every source keeps a least share, since what fails now may be what helps later.
"""

import contextlib
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from coeval.errors import SpaceError
from coeval.seed import generator
from coeval.space.protocol import Candidate, Space
from coeval.strategy.bandit_credit import Credits
from coeval.strategy.bandit_operators import Known, Operator, operators_for
from coeval.strategy.coevolution import Coevolution
from coeval.strategy.log import REDRAWS, Log
from coeval.strategy.objectives import Objectives
from coeval.strategy.protocol import Strategy
from coeval.trial import Objective, Proposal, State, Trial

ORIGIN = "bandit:"


@dataclass(frozen=True, slots=True)
class Arm:
    """What a report says of a source.

    Attributes:
        trials: It proposed, of the whole search.
        credit: Mean credit of its trials in the window, 0..1; ``None`` where there is none.
        seconds: Mean seconds of these; 1 where evaluations tell no seconds.
    """

    trials: int
    credit: float | None
    seconds: float


class OperatorBandit:
    """Mixes sources of proposals by improvement per second.

    A trial's credit is the share of the ``elites`` best trials before it that it beats: 1 for a new best, 0
    for what changes nothing, fails or repeats. Whose trial it was is told by its origin, ``"bandit:<source>/…"``, so that
    a replay of the log gives the same credits. An ``ask`` returns one proposal at most, as sources see
    what the others ask for; ask again once it was told as RUNNING.

    Args:
        space: Of the candidates.
        objective: What is optimised; several for a Pareto front.
        seed: Below which every draw has its address.
        sources: Strategies, which are told of all trials, and operators, by name; by default every operator of
            ``bandit_operators`` that the space can do, and cooperative coevolution where it has parts or slots.
        window: Latest finished trials that credit is counted over (Fialho et al. use 50 to 500).
        least_share: Of the trials, for every source.
        warm_up: Random trials at first, those of others included.
        elites: Best trials that a new one is compared with.
        population: Latest judged trials that operators draw parents from.

    Raises:
        ValueError: A number is out of its range, a name is empty or holds "/", or there is no source.
    """

    def __init__(
        self,
        space: Space[Candidate],
        objective: Objective | Sequence[Objective],
        seed: int = 0,
        *,
        sources: Mapping[str, Strategy | Operator] | None = None,
        window: int = 50,
        least_share: float = 0.02,
        warm_up: int = 10,
        elites: int = 10,
        population: int = 50,
    ) -> None:
        chosen = default_sources(space, objective, seed) if sources is None else dict(sources)
        _check_sources(chosen, least_share)
        for name, number, least in (
            ("window", window, 1),
            ("warm_up", warm_up, 0),
            ("elites", elites, 1),
            ("population", population, 1),
        ):
            if number < least:
                raise ValueError(f"{name} must be at least {least}, got {number}.")
        self.space, self.seed, self.sources = space, seed, tuple(chosen)
        self._strategies, self._operators = _apart(chosen)
        self.least_share, self.warm_up = least_share, warm_up
        self._objectives = Objectives(objective)
        self._credits = Credits(tuple(chosen), window)
        self._log = Log()
        self._known = Known(self._objectives, self._tried, elites, population)
        self._finished: set[int] = set()

    @property
    def arms(self) -> Mapping[str, Arm]:
        """Return what each source did and what it was worth lately."""
        return {
            name: Arm(self._credits.trials[name], *self._credits.lately(name))
            for name in self.sources
        }

    def ask(self, count: int) -> list[Proposal]:
        """Return one proposal; none where ``count`` is 0 or every source waits."""
        if count < 1:
            return []
        number = self._log.told
        if number < self.warm_up:
            return [self._random(number)]
        for name in self._order(number):
            proposal = self._from(name, number)
            if proposal is not None:
                return [replace(proposal, origin=f"{ORIGIN}{name}/{proposal.origin}")]
        return [self._random(number)] if self._operators else []

    def tell(self, trial: Trial) -> None:
        """Record a trial, here and in every source; a finished one gives credit to its source."""
        name, bare = _unwrapped(trial)
        is_new = self._log.tell(trial)
        if is_new and name in self.sources:
            self._credits.asked(name, trial.number)
        for source in self._strategies.values():
            source.tell(bare)
        if trial.state is State.RUNNING or trial.number in self._finished:
            return
        self._finished.add(trial.number)
        gain = self._known.add(bare) if self._objectives.is_judged(trial) else 0.0
        if name in self.sources:
            seconds = (
                0.0 if trial.measurement is None else trial.measurement.cost.get("seconds", 0.0)
            )
            self._credits.earned(name, gain, seconds)

    def _order(self, number: int) -> list[str]:
        """Return the sources in the order in which they are asked: who waited too long first."""
        rng = generator(self.seed, "bandit", number)
        drawn = self._credits.drawn(rng)
        patience = math.inf if self.least_share == 0 else 1.0 / self.least_share
        last = self._credits.last
        overdue = {
            name for name in self.sources if name not in last or number - last[name] >= patience
        }
        return sorted(self.sources, key=lambda name: (name not in overdue, -drawn[name]))

    def _from(self, name: str, number: int) -> Proposal | None:
        if name in self._strategies:
            return next(iter(self._strategies[name].ask(1)), None)
        rng = generator(self.seed, "bandit", number, name)
        for _ in range(REDRAWS + 1):
            proposal = self._operators[name](self._known, rng)
            if proposal is None or not self._tried(proposal.candidate):
                return proposal
        return None

    def _tried(self, candidate: Candidate) -> bool:
        return self._log.knows(candidate, set())

    def _random(self, number: int) -> Proposal:
        rngs = (
            generator(self.seed, "bandit", number, "first", redraw) for redraw in range(1 + REDRAWS)
        )
        samples = (Proposal(self.space.sample(rng), origin="bandit") for rng in rngs)
        return self._log.fresh(samples, set())


def default_sources(
    space: Space[Candidate], objective: Objective | Sequence[Objective], seed: int
) -> dict[str, Strategy | Operator]:
    """Return the operators that a space can do, and cooperative coevolution where it has parts or slots."""
    found: dict[str, Strategy | Operator] = dict(operators_for(space, seed))
    with contextlib.suppress(SpaceError):  # nothing to coevolve: the operators are enough
        found["teams"] = Coevolution(space, objective, seed)
    return found


def _apart(
    sources: Mapping[str, Strategy | Operator],
) -> tuple[dict[str, Strategy], dict[str, Operator]]:
    strategies: dict[str, Strategy] = {}
    operators: dict[str, Operator] = {}
    for name, source in sources.items():
        if callable(source):
            operators[name] = source
        else:
            strategies[name] = source
    return strategies, operators


def _check_sources(sources: Mapping[str, object], least_share: float) -> None:
    if not sources:
        raise ValueError("A bandit needs at least one source of proposals, got none.")
    for name in sources:
        if not name or "/" in name:
            raise ValueError(f'A source\'s name must not be empty nor hold "/", got {name!r}.')
    if not 0 <= least_share <= 1 / len(sources):
        raise ValueError(
            f"least_share must lie in 0..1/{len(sources)} for {len(sources)} sources, got {least_share}. Lower it."
        )


def _unwrapped(trial: Trial) -> tuple[str, Trial]:
    """Return which source proposed a trial, and the trial as that source proposed it."""
    origin = trial.proposal.origin
    if not origin.startswith(ORIGIN):
        return "", trial
    name, _, inner = origin.removeprefix(ORIGIN).partition("/")
    return name, replace(trial, proposal=replace(trial.proposal, origin=inner))
