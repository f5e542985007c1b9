"""The ticks of one-shot strategies in a run: who trains them, and what the run says of them."""

import math
from collections.abc import Mapping, Sequence
from typing import Any

from coeval.evaluate.latency_options import latency_of_options
from coeval.evaluate.protocol import Evaluator
from coeval.oneshot.evaluator import Costs, OneShotEvaluator
from coeval.oneshot.history import History, history, nothing
from coeval.oneshot.method import METHODS, Penalty
from coeval.oneshot.tick import Kind, tick_of
from coeval.run.gate import Forecast
from coeval.run.one_shot import divide, tick_deadlines
from coeval.run.site import Site
from coeval.space.open import open_space
from coeval.store.protocol import Note
from coeval.trial import Measurement, Trial


def trains_ticks(site: Site) -> bool:
    """Return whether a sitting's strategy is a one-shot method."""
    return site.options.strategy in METHODS


def with_ticks(site: Site, inner: Evaluator, deadline: float) -> Evaluator:
    """Return an evaluator that trains the ticks of a one-shot strategy too; for any other strategy the inner one.

    Args:
        site: Where the sitting works.
        inner: Trains candidates.
        deadline: ``time.monotonic()`` seconds at which the last tick ends.
    """
    options = site.options
    if not trains_ticks(site):
        return inner
    return OneShotEvaluator(
        inner,
        site.folder.cache,
        site.space,
        seed=options.seed,
        artifacts=site.artifacts,
        costs=_costs(site),
        deadlines=_deadlines(site, deadline),
    )


class TicksPass:
    """A forecast that lets ticks pass: they end at the deadline by themselves, and teach nothing of whole trainings.

    Args:
        inner: Knows what whole trainings take.
    """

    def __init__(self, inner: Forecast) -> None:
        self._inner = inner

    def observe(self, measurement: Measurement) -> None:
        """Hand on a measurement; one of a tick has no work to learn from."""
        self._inner.observe(measurement)

    def check(self, trial: Trial, deadline: float | None) -> None:
        """Hand on a trial, unless it is a tick.

        Raises:
            Refusal: It almost surely cannot finish.
        """
        if tick_of(trial.proposal) is None:
            self._inner.check(trial, deadline)


def note_one_shot(site: Site, trials: Sequence[Trial]) -> None:
    """Record what the ticks of a run came to: steps published and performed, skips, curvature."""
    if trains_ticks(site):
        name = site.options.strategy
        found = history(name, trials)
        said = {"method": name, "said": [nothing(name, trials)]} if found is None else _facts(found)
        site.record(Note("one_shot", said))


def _facts(found: History) -> dict[str, Any]:
    return {
        "method": found.method,
        "said": list(found.sentences),
        "skips": list(found.skips),
        "eigenvalues": list(found.eigenvalues),
        "collapsed": found.is_collapsed,
    }


def _deadlines(site: Site, end: float) -> Mapping[Kind, float]:
    """Return when ticks of each kind end, wherever they are; nothing without a limit on time."""
    if site.seconds == math.inf:
        return {}
    return tick_deadlines(site.options.strategy, end, divide(site.seconds).ticks)


def _costs(site: Site) -> Costs | None:
    """Return each option's milliseconds for a method that punishes latency, where somebody measures them."""
    penalty, latency = METHODS[site.options.strategy].penalty, site.demands.latency
    if penalty is None or penalty[0] is not Penalty.LATENCY or latency is None:
        return None
    found = latency_of_options(open_space(site.space), latency.predictor)
    return tuple(tuple(map(float, one)) for one in found)
