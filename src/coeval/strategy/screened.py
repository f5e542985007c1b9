"""Screening: of several candidates that a strategy could propose, the one that trusted signals favour.

The signals cost next to nothing, a training much. But no signal is good everywhere, so each has to earn its say in
this very run (``strategy.gauge``), and even then it decides only in proportion to the lower bound of its rank
correlation, and never about more than 80 % of the proposals.
"""

import functools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import numpy.typing as npt

from coeval.architecture.component import Cost
from coeval.architecture.inference import infer
from coeval.seed import generator
from coeval.space.protocol import Candidate, CandidateSpace
from coeval.strategy.gauge import LEAST, WINDOW, Gauge, examined_count, gauges, weight_of
from coeval.strategy.gauge_columns import SURROGATE, standardised
from coeval.strategy.gauge_surrogate import Description, Surrogate, described, fit
from coeval.strategy.objectives import Objectives, violation
from coeval.strategy.protocol import Strategy
from coeval.strategy.signals import Signal
from coeval.trial import Failure, Measurement, Objective, Proposal, Reason, State, Trial, finish

Floats = npt.NDArray[np.float64]

PREFIX = "screened:"
UNINFORMED = 0.2
"""Least share of the proposals that no signal decides: without them it could not be noticed that one went wrong."""
GROUP = 4
"""Candidates of which one is proposed. On NAS-Bench-201, with four published signals and the surrogate, evolution came near
the best after 96 evaluations without them, and after 63, 57 and 51 with groups of 2, 4 and 8; three of noise alone cost 3 %
at most. A signal that turns decides for some trials yet, the worse the larger the group."""
_REMEMBERED = 64
_DROPPED = Measurement(failure=Failure(Reason.REFUSED, "another candidate was favoured"))


@dataclass(frozen=True, slots=True)
class _Known:
    """What is kept of a judged trial: what it reached, what signals say of it, what it is made of."""

    gain: float
    said: Mapping[str, float]
    description: Description


@dataclass(frozen=True, slots=True)
class _Examined:
    """What is believed after so many judged trials."""

    count: int
    gauges: tuple[Gauge, ...] = ()
    seen: Mapping[str, Floats] = field(default_factory=dict)
    surrogate: Surrogate | None = None


class Screened:
    """Proposes what another strategy proposes, or the best of several by the signals that are believed.

    What was passed over is told to the inner strategy as failed, a number and never a value, so that its proposals
    keep numbers of their own. It should breed from results (evolution, a surrogate) rather than plan whole
    generations. While signals decide, an ``ask`` returns one proposal. Inside a halving, each rung's copy sets them
    against the values of its own rung.

    Args:
        inner: A fresh strategy that proposes at full fidelity.
        objective: What is optimised; with several, nothing is screened: what makes one better may harm another.
        seed: Below which every draw has its address.
        signals: Scores of candidates by name, more is better, ``None`` where one has nothing to say.
        surrogate: Whether a surrogate's predictions (``gauge_surrogate``) are a signal too.
        group: Candidates of which one is proposed.
        uninformed: Least share of the proposals that no signal decides.

    Raises:
        ValueError: ``group`` is below 2, or ``uninformed`` not in 0..1.
    """

    def __init__(
        self,
        inner: Strategy,
        objective: Objective | Sequence[Objective],
        seed: int = 0,
        *,
        signals: Mapping[str, Signal] | None = None,
        surrogate: bool = True,
        group: int = GROUP,
        uninformed: float = UNINFORMED,
    ) -> None:
        if group < 2:
            raise ValueError(
                f"group must be at least 2, got {group}: one candidate of each group is proposed."
            )
        if not 0 <= uninformed <= 1:
            raise ValueError(
                f"uninformed is a share of the proposals in 0..1, got {uninformed}. The default is {UNINFORMED}."
            )
        self.inner = inner
        self.seed = seed
        self.signals = dict(signals or {})
        self.surrogate = surrogate
        self.group = group
        self.uninformed = uninformed
        self._objectives = Objectives(objective)
        self._inner: dict[int, int] = {}  # inner number by outer number
        self._outer: dict[int, int] = {}  # and back, of those that were proposed
        self._told = 0  # inner numbers given out
        self._ended: set[int] = set()
        self._known: list[_Known] = []
        self._examined = _Examined(0)

    @property
    def gauges(self) -> tuple[Gauge, ...]:
        """Return how far each signal is believed; looked at anew with every few judged trials."""
        return self._examine().gauges

    def ask(self, count: int) -> list[Proposal]:
        """Return the inner strategy's proposals up to the first that signals decide, or that one alone."""
        number = len(self._inner)
        free = next((place for place in range(count) if self._is_screened(number + place)), count)
        if free:
            return [self._outside(one) for one in self.inner.ask(free)]
        group = self.inner.ask(self.group) if count else []
        if not group:
            return []
        chosen = self._outside(group[self._favourite([one.candidate for one in group])])
        return [replace(chosen, origin=PREFIX + chosen.origin)]

    def tell(self, trial: Trial) -> None:
        """Record a trial, and let the inner strategy know of it under its own number."""
        if trial.number not in self._inner:
            self._start(trial)
        if trial.state is State.RUNNING or trial.number in self._ended:
            return
        self._ended.add(trial.number)
        self.inner.tell(self._inside(trial))
        if self._objectives.is_judged(trial) and not violation(trial):
            self._learn(trial)

    def _start(self, trial: Trial) -> None:
        self._inner[trial.number] = self._told
        self._outer[self._told] = trial.number
        running = replace(self._inside(trial), state=State.RUNNING, measurement=None)
        self.inner.tell(running)
        self._told += 1
        if trial.proposal.origin.startswith(PREFIX):
            for _ in range(self.group - 1):
                passed = replace(running, number=self._told)
                self.inner.tell(passed)
                self.inner.tell(finish(passed, _DROPPED))
                self._told += 1

    def _inside(self, trial: Trial) -> Trial:
        proposal = trial.proposal
        seen = replace(
            proposal,
            origin=proposal.origin.removeprefix(PREFIX),
            parent=None if proposal.parent is None else self._inner.get(proposal.parent),
            continues=None if proposal.continues is None else self._inner.get(proposal.continues),
        )
        return replace(trial, number=self._inner[trial.number], proposal=seen)

    def _outside(self, proposal: Proposal) -> Proposal:
        parent = None if proposal.parent is None else self._outer[proposal.parent]
        return replace(proposal, parent=parent)

    def _is_screened(self, number: int) -> bool:
        """Return whether signals decide a place: in proportion to what is believed most."""
        trust = max((one.weight for one in self.gauges), default=0.0)
        if trust <= 0 or len(self._objectives) > 1:
            return False
        drawn = float(generator(self.seed, "screened", number).random())
        return drawn < min(trust, 1 - self.uninformed)

    def _favourite(self, candidates: Sequence[Candidate]) -> int:
        """Return the place of the candidate that the believed signals, weighed, put first; the earlier of equals."""
        found = self._examine()
        total = np.zeros(len(candidates))
        for name, signal in self.signals.items():
            weight = weight_of(found.gauges, name)
            if weight > 0:
                values = np.array([_number(signal(one)) for one in candidates])
                total += weight * _places(values, found.seen[name])
        weight = weight_of(found.gauges, SURROGATE)
        if weight > 0 and found.surrogate is not None:
            total += weight * found.surrogate.expect([described(one) for one in candidates])
        return int(np.argmax(total))

    def _examine(self) -> _Examined:
        count = examined_count(len(self._known))
        if self._examined.count != count:
            self._examined = self._examine_anew(count)
        return self._examined

    def _examine_anew(self, count: int) -> _Examined:
        known = self._known[max(0, count - 2 * WINDOW) : count]
        latest = known[-WINDOW:]
        said = {
            name: np.array([one.said[name] for one in latest], dtype=np.float64)
            for name in self.signals
        }
        seen = {name: np.sort(values) for name, values in said.items()}
        surrogate = None
        if self.surrogate and len(known) >= LEAST:
            gains = standardised(np.array([one.gain for one in known]))
            surrogate = fit([one.description for one in known], gains)
            said[SURROGATE] = surrogate.ahead[-WINDOW:]
        reached = np.array([one.gain for one in latest])
        return _Examined(count, gauges(said, reached, self.seed), seen, surrogate)

    def _learn(self, trial: Trial) -> None:
        candidate = trial.proposal.candidate
        known = _Known(
            -self._objectives.all[0].cost(trial),
            {name: _number(signal(candidate)) for name, signal in self.signals.items()},
            described(candidate),
        )
        self._known.append(known)


def counts(space: CandidateSpace) -> dict[str, Signal]:
    """Return the counts of parameters and multiply-accumulates as signals, told from the architecture alone."""

    @functools.lru_cache(maxsize=_REMEMBERED)
    def cost(candidate: Candidate) -> Cost:
        return infer(space.architecture(candidate)).cost

    return {
        "parameters": lambda candidate: float(cost(candidate).parameters),
        "macs": lambda candidate: float(cost(candidate).macs),
    }


def _number(value: float | None) -> float:
    return np.nan if value is None or not np.isfinite(value) else float(value)


def _places(values: Floats, known: Floats) -> Floats:
    """Return where values stand among known ones, -1.7 to 1.7 as ``standardised`` has it; 0 for none."""
    known = known[np.isfinite(known)]
    low, high = np.searchsorted(known, values, "left"), np.searchsorted(known, values, "right")
    share = (low + high) / 2 / max(len(known), 1) - 0.5
    return np.where(np.isfinite(values), np.sqrt(12) * share, 0.0)
