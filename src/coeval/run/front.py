"""The Pareto front of a run with several objectives: how it is searched, and which trials are on it."""

from collections.abc import Callable, Sequence
from importlib import import_module
from typing import Any

from coeval.oneshot.method import METHODS
from coeval.run.levers import Levers
from coeval.run.one_shot import one_shot
from coeval.run.strategies import CONTROL_EVERY, POPULATION, RUNGS, check_strategy, plain
from coeval.space.protocol import CandidateSpace
from coeval.strategy.control import WithControl
from coeval.strategy.protocol import Strategy
from coeval.strategy.random import RandomSearch
from coeval.strategy.repeats import Repeats
from coeval.strategy.seeded import Seeded
from coeval.trial import Objective, Trial


class Front:
    """The comparable trials that no other dominates, kept up to date trial by trial.

    Args:
        objectives: What is compared.
    """

    def __init__(self, objectives: Sequence[Objective]) -> None:
        self._objectives = tuple(objectives)
        self.members: list[Trial] = []

    def record(self, trial: Trial) -> None:
        """Take a trial into account; of equals the earlier one stays."""
        costs = self._costs(trial)
        if not trial.is_comparable or float("inf") in costs:
            return
        known = [(one, self._costs(one)) for one in self.members]
        if any(_covers(other, costs) for _, other in known):
            return
        self.members = [one for one, other in known if not _covers(costs, other)]
        self.members = sorted([*self.members, trial], key=self._costs)

    def _costs(self, trial: Trial) -> tuple[float, ...]:
        return tuple([one.cost(trial) for one in self._objectives])


def front_strategy(
    name: str,
    space: CandidateSpace,
    objectives: Sequence[Objective],
    seed: int,
    levers: Levers,
    *,
    seconds: float | None = None,
    trials: int | None = None,
) -> Strategy:
    """Return a named strategy for a search of several objectives on real data, with seeds, repeats and control.

    Evolution's selection is then that of NSGA-II, also where it goes on around what a one-shot method found within its
    share of the run's ``seconds`` and ``trials``; rungs and screening, which judge by one score, are left out.

    Raises:
        SpaceError: There is no such strategy.
    """
    check_strategy(name)
    control = RandomSearch(space, seed)
    if name == "random":
        inner: Strategy = control
    else:
        made: Strategy = _nsga2()(space, objectives, seed, population=POPULATION)
        if name not in ("evolution", "nsga2", *METHODS):
            made = plain(name, space, objectives, seed, RUNGS)
        inner = WithControl(made, control, CONTROL_EVERY)
    if levers.repeats:
        inner = Repeats(inner, objectives[0])
    seeds = space.seeds()
    if name in METHODS:
        # As without a front: what ticks found is trained before anything but one seed.
        inner, seeds = one_shot(name, space, inner, seconds, trials), dict(list(seeds.items())[:1])
    return Seeded(inner, seeds)


def _nsga2() -> Callable[..., Any]:
    found: Callable[..., Any] = import_module("coeval.strategy.nsga").NSGA2
    return found


def _covers(first: tuple[float, ...], second: tuple[float, ...]) -> bool:
    return all(a <= b for a, b in zip(first, second, strict=True))
