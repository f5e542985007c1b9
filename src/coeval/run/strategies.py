"""The strategies that the command line knows by name; each is loaded only when it is used."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from importlib import import_module
from typing import Any

from coeval.architecture.step import Architecture
from coeval.component.solved import follows_no_recipe
from coeval.errors import SpaceError, unknown
from coeval.oneshot.method import METHODS
from coeval.run.levers import Levers
from coeval.run.one_shot import one_shot
from coeval.space.protocol import Candidate, CandidateSpace
from coeval.strategy.control import WithControl
from coeval.strategy.fidelity_ladder import Of
from coeval.strategy.protocol import Strategy
from coeval.strategy.random import RandomSearch
from coeval.strategy.repeats import Repeats
from coeval.strategy.seeded import Seeded
from coeval.task.task import Task
from coeval.trial import Objective

Aims = Objective | Sequence[Objective]
Build = Callable[[CandidateSpace, Aims, int, Sequence[float]], Strategy]
"""From space, objectives, seed and the fidelities that there are (shares of a whole training, ascending, 1 last)."""

FIDELITIES = (1 / 27, 1 / 9, 1 / 3, 1.0)
"""Where the evaluator does not say which it has."""
POPULATION, SAMPLE = 16, 6
"""Small and greedy: a budget of minutes holds tens of trials, and the seeds are better than what chance finds."""
RUNGS = (1 / 9, 1 / 3, 1.0)
"""Shares of its recipe's epochs on which a candidate is judged in real training. Below a ninth are one or two epochs."""
ENOUGH = 4
"""Values of a rung from which evolution breeds there. The seeds are as many, trained whole, so that they are bred from
at once. On NAS-Bench-201 (CIFAR-10) the regret after 20 trainings was 0.75 with 4 and 0.92 with 8."""
CONTROL_EVERY = 6
"""One trial in so many is random search's, so that the report can say what the search itself gained."""

CONTROL_EVERY_RUNGS = 16
"""The same under rungs, where random search's whole trainings cost about three of the others."""
COOPERATIVE = "cooperative"
LADDERED = ("evolution", COOPERATIVE)
"""Strategies that coeval puts under rungs itself."""
PULLED = Levers()


class Need(StrEnum):
    """What a strategy asks of an evaluator beyond whole evaluations."""

    FIDELITY = "evaluations that stop early and go on later"
    SUPERNET = "evaluations that train one network for a whole space"


@dataclass(frozen=True, slots=True)
class Named:
    """A strategy under its name.

    Attributes:
        line: What it is, in one line.
        build: Makes it as its paper has it: without seeds, without a control.
        needs: What not every evaluator offers; ``None`` where any will do.
    """

    line: str
    build: Build
    needs: Need | None = None


@dataclass(frozen=True, slots=True)
class _Class:
    """Builds a strategy of a class that is imported when it is built: ``"module:Class"``."""

    path: str

    def __call__(
        self, space: CandidateSpace, aims: Aims, seed: int, fidelities: Sequence[float]
    ) -> Strategy:
        strategy: Strategy = _load(self.path)(space, aims, seed)
        return strategy


@dataclass(frozen=True, slots=True)
class _Laddered(_Class):
    """Builds a strategy that takes the fidelities too."""

    def __call__(
        self, space: CandidateSpace, aims: Aims, seed: int, fidelities: Sequence[float]
    ) -> Strategy:
        strategy: Strategy = _load(self.path)(space, aims, seed, fidelities=fidelities)
        return strategy


@dataclass(frozen=True, slots=True)
class _AroundRandom(_Class):
    """Builds a wrapper around random search, as successive halving has it."""

    def __call__(
        self, space: CandidateSpace, aims: Aims, seed: int, fidelities: Sequence[float]
    ) -> Strategy:
        inner = RandomSearch(space, seed)
        strategy: Strategy = _load(self.path)(inner, aims, fidelities=fidelities)
        return strategy


@dataclass(frozen=True, slots=True)
class _OneShot:
    """Builds a one-shot method as its paper has it: ticks, then what they found."""

    name: str

    def __call__(
        self, space: CandidateSpace, aims: Aims, seed: int, fidelities: Sequence[float]
    ) -> Strategy:
        del aims, seed, fidelities
        return one_shot(self.name, space, None)


def _load(path: str) -> Callable[..., Any]:
    module, _, name = path.partition(":")
    found: Callable[..., Any] = getattr(import_module(f"coeval.strategy.{module}"), name)
    return found


def _random(space: CandidateSpace, aims: Aims, seed: int, fidelities: Sequence[float]) -> Strategy:
    del aims, fidelities
    return RandomSearch(space, seed)


def _bananas(space: CandidateSpace, aims: Aims, seed: int, fidelities: Sequence[float]) -> Strategy:
    del fidelities
    search, ensemble = _load("surrogate:SurrogateSearch"), _load("ensemble:Ensemble")
    strategy: Strategy = search(space, aims, seed, model=ensemble(), acquisition="thompson")
    return strategy


STRATEGIES: Mapping[str, Named] = {
    "random": Named("independent samples: what every other has to beat", _random),
    "exhaustive": Named(
        "every member in order, with a certificate", _Class("exhaustive:Exhaustive")
    ),
    "local": Named(
        "first improving neighbour; at an optimum on from the next best",
        _Class("local:LocalSearch"),
    ),
    "evolution": Named(
        "regularised (ageing) evolution by tournaments", _Class("evolution:RegularisedEvolution")
    ),
    "genetic": Named(
        "generations with crossover, tournaments and elites",
        _Class("genetic_algorithm:GeneticAlgorithm"),
    ),
    "nsga2": Named("generations by Pareto front and crowding", _Class("nsga:NSGA2")),
    "reference-vectors": Named(
        "generations spread along reference vectors (NSGA-III)",
        _Class("reference:ReferenceVectorEvolution"),
    ),
    COOPERATIVE: Named(
        "species of parts, judged in teams (cooperative coevolution)",
        _Class("coevolution:Coevolution"),
    ),
    "blueprint": Named(
        "species of blueprints and of modules (CoDeepNEAT)",
        _Class("blueprint:BlueprintCoevolution"),
    ),
    "reinforce": Named(
        "policy gradient with a recurrent controller", _Class("reinforce:Reinforce")
    ),
    "q-learning": Named("Q-learning with experience replay", _Class("q_learning:QLearning")),
    "evolution-strategies": Named(
        "evolution strategies on a policy's logits",
        _Class("evolution_strategies:EvolutionStrategies"),
    ),
    "gaussian-process": Named(
        "Gaussian process on graph features of the architecture",
        _Class("surrogate:SurrogateSearch"),
    ),
    "bananas": Named("ensemble of networks and Thompson sampling, after BANANAS", _bananas),
    "bandit": Named(
        "sources of proposals, mixed by improvement per second", _Class("bandit:OperatorBandit")
    ),
    "portfolio": Named(
        "gaussian-process and cooperative in turns", _Class("portfolio:default_portfolio")
    ),
    "halving": Named(
        "successive halving of random samples",
        _AroundRandom("halving:SuccessiveHalving"),
        Need.FIDELITY,
    ),
    "hyperband": Named(
        "successive halving from every first rung",
        _AroundRandom("hyperband:Hyperband"),
        Need.FIDELITY,
    ),
    "asha": Named(
        "successive halving without waiting",
        _AroundRandom("asha:AsynchronousHalving"),
        Need.FIDELITY,
    ),
    "bohb": Named(
        "Hyperband with samples from kernel densities", _Laddered("bohb:BOHB"), Need.FIDELITY
    ),
} | {name: Named(one.line, _OneShot(name), Need.SUPERNET) for name, one in METHODS.items()}


def check_strategy(name: str) -> None:
    """Check a name that a user gave.

    Raises:
        SpaceError: There is no such strategy.
    """
    if name not in STRATEGIES:
        raise SpaceError(unknown("--strategy", name, STRATEGIES))


def plain(
    name: str,
    space: CandidateSpace,
    objectives: Aims,
    seed: int,
    fidelities: Sequence[float] = FIDELITIES,
) -> Strategy:
    """Return a named strategy as its paper has it.

    Args:
        name: One of ``STRATEGIES``.
        space: Where it searches.
        objectives: What is optimised.
        seed: Of every draw.
        fidelities: Shares of a whole training that can be asked for, ascending, 1 last.

    Raises:
        SpaceError: There is no such strategy, or the space lacks what it needs.
    """
    check_strategy(name)
    return STRATEGIES[name].build(space, objectives, seed, fidelities)


def rungs_of(task: Task) -> Of:
    """Return what the rungs of a search on a task are shares of."""
    return "rows" if task.is_image else "epochs"


def strategy_for(
    name: str,
    space: CandidateSpace,
    objective: Objective,
    seed: int,
    levers: Levers = PULLED,
    *,
    rungs_of: Of = "epochs",
    seconds: float | None = None,
    trials: int | None = None,
) -> Strategy:
    """Return a named strategy for a search on real data: seeds, repeats of the best, random search's share.

    Seeds, repeats and random search are trained whole, whatever the rungs: the report compares with them. Rungs that
    coeval adds to evolution are of epochs, or of rows for pictures, of which few epochs are trained anyway.

    A one-shot method trains its supernet beside the first seed, with a share of the ``seconds`` and ``trials`` that the
    whole run takes; plain evolution goes on around what it found.

    Raises:
        SpaceError: There is no such strategy, or the space lacks what it needs.
    """
    check_strategy(name)
    seeds = space.seeds()
    every = CONTROL_EVERY
    inner: Strategy
    if name == "random":
        inner = RandomSearch(space, seed)
    elif STRATEGIES[name].needs is Need.SUPERNET:
        # Repeats and control come after the ticks: none may take the time of what the ticks found.
        after = _short_evolution(space, objective, seed)
        after = WithControl(after, RandomSearch(space, seed), CONTROL_EVERY_RUNGS)
        after = Repeats(after, objective) if levers.repeats else after
        first = dict(list(seeds.items())[:1])
        return Seeded(one_shot(name, space, after, seconds, trials), first)
    else:
        if name == "evolution":
            inner = _short_evolution(space, objective, seed)
            if levers.screen:
                inner = _screened(inner, space, objective, seed)
            if levers.rungs:
                inner = _under_rungs(inner, objective, seed, rungs_of, has_signals=levers.screen)
        elif name == COOPERATIVE:
            inner = _cooperative(space, objective, seed, levers, rungs_of)
        else:
            inner = plain(name, space, objective, seed, RUNGS)
        if STRATEGIES[name].needs is Need.FIDELITY or (levers.rungs and name in LADDERED):
            every = CONTROL_EVERY_RUNGS
        inner = WithControl(inner, RandomSearch(space, seed), every)
    if levers.repeats:
        inner = Repeats(inner, objective)
    return Seeded(inner, seeds)


def _short_evolution(space: CandidateSpace, objective: Objective, seed: int) -> Strategy:
    """Return regularised evolution with a population that fits minutes rather than days."""
    build = _load("evolution:RegularisedEvolution")
    strategy: Strategy = build(
        space, objective, seed, population=POPULATION, sample_size=SAMPLE, warm_up=0
    )
    return strategy


def _screened(inner: Strategy, space: CandidateSpace, objective: Objective, seed: int) -> Strategy:
    build, counts = _load("screened:Screened"), _load("screened:counts")
    strategy: Strategy = build(inner, objective, seed, signals=counts(space))
    return strategy


def _cooperative(
    space: CandidateSpace, objective: Objective, seed: int, levers: Levers, of: Of
) -> Strategy:
    """Return cooperative coevolution; under rungs of epochs it learns from every value, under those of rows as evolution does."""
    pooled = levers.rungs and of == "epochs"
    build = import_module("coeval.run.coevolving").coevolution
    strategy: Strategy = build(space, objective, seed, RUNGS if pooled else (1.0,))
    if not levers.rungs:
        return strategy
    return _under_rungs(strategy, objective, seed, of, has_signals=levers.screen, pooled=pooled)


def _under_rungs(
    inner: Strategy,
    objective: Objective,
    seed: int,
    of: Of,
    *,
    has_signals: bool,
    pooled: bool = False,
) -> Strategy:
    build, order = _load("asha:AsynchronousHalving"), _load("promotion:PromotionOrder")
    promotion = order(objective, seed) if has_signals else None
    strategy: Strategy = build(
        inner,
        objective,
        fidelities=RUNGS,
        continues=of == "epochs",
        of=of,
        enough=ENOUGH,
        promotion=promotion,
        pooled=pooled,
        whole=_is_solved,
    )
    return strategy


def _is_solved(candidate: Candidate) -> bool:
    """Return whether trees or a linear model: a ninth of their rounds is no sketch of them, and none goes on from it."""
    found = dict(candidate.parts).get("architecture")
    return isinstance(found, Architecture) and follows_no_recipe(found)
