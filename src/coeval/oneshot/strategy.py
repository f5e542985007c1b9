"""Any one-shot method behind ask and tell: ticks, then what they found, then another strategy.

A tick is a trial that continues the last one: its *evaluator* trains the supernet for a slice. Here nothing is trained,
only recorded and proposed: what to ask next follows from the journal alone.

1. One tick measures how long a step takes, so that the whole search fits its seconds; where a number of steps is
   given there is none.
2. ``ticks`` slices of equal length train shared and architecture weights. The next is asked for when the last is back;
   one that the clock cut short is the last.
3. Where the method chooses by scores, one more tick reads the best paths off the supernet.
4. The architectures found are proposed as ordinary candidates: trained whole, from scratch, by the ordinary evaluator.
5. Every later proposal is the following strategy's, which was told of all this; so is what is asked for while a
   tick runs, by a second worker say.

While ticks run, the preparation and the recipe stay at their defaults.
"""

import math
from collections.abc import Mapping
from typing import Any

from coeval.errors import SpaceError
from coeval.oneshot.method import Choice, check_suits, method_named
from coeval.oneshot.stopping import stopped_at
from coeval.oneshot.tick import Kind, Tick, tick_of
from coeval.space.open import check_picks, open_space
from coeval.space.protocol import Candidate, CandidateSpace
from coeval.strategy.protocol import Strategy
from coeval.trial import Proposal, State, Trial

TICKS = 24
"""Slices of a search: the curvature's means need ten and more, and a kill costs one at most."""
EPOCHS = 50
"""Most passes over the rows of the shared weights; DARTS's own (Liu et al. 2019, section 3.1)."""
USUAL_EPOCHS = 20
"""Passes where no time is given."""
LEAST_STEPS = 4
"""A slice's."""
CHOOSING = 0.25
"""Share of the search's seconds that is kept for reading the best paths off the supernet, where that takes time."""
MOST_TRIES = 1000
"""Paths scored: 20 generations of 50, as SPOS does (Guo et al. 2020, section 3.4)."""
FOUND = 3
"""Architectures that a choice by scores hands on."""
PATIENCE = 3
"""Failures in a row after which a search goes on without its supernet."""
LATE = 1.25
"""Ticks that took so many times their seconds end, wherever they are."""

Picks = tuple[int, ...]


class OneShot:
    """Proposes a one-shot method's ticks, then the architectures that they found.

    Args:
        space: Whose architecture is decided by choices.
        method: Name in ``METHODS``.
        after: Asked for everything else, and told of everything; without it the search ends with what it found.
        seconds: What all ticks together may take; without it ``USUAL_EPOCHS`` passes over the rows.
        steps: Steps of the shared weights; if not given, as many as fit.
        ticks: Slices of equal length.

    Raises:
        SpaceError: There is no such method, or the space has no choices.
        ValueError: A number is out of its range.
    """

    def __init__(
        self,
        space: CandidateSpace,
        method: str,
        *,
        after: Strategy | None = None,
        seconds: float | None = None,
        steps: int | None = None,
        ticks: int = TICKS,
    ) -> None:
        if ticks < 1 or (steps is not None and steps < 1):
            raise ValueError(f"ticks and steps must be at least 1, got {ticks} and {steps}.")
        if seconds is not None and not seconds > 0:
            raise ValueError(f"seconds must be above 0, got {seconds}.")
        self.name, self.method = method, method_named(method)
        self.open = open_space(space)
        check_suits(method, is_elastic=self.open.versions is not None)
        self.after = after
        self._seconds, self._steps, self._ticks = seconds, steps, ticks
        self._done: list[Trial] = []  # the ticks that measured or trained, in order
        self._chosen: Trial | None = None
        self._running: set[int] = set()
        self._ended: set[int] = set()
        self._failures = 0
        self._spent = 0.0
        self._proposed: set[Picks] = set()

    def ask(self, count: int) -> list[Proposal]:
        """Return the next tick; then what was found; else, and while a tick runs, the following strategy's proposals."""
        if count < 1:
            return []
        if not self._running:
            tick = None if self._failures >= PATIENCE else self._next()
            if tick is not None:
                return [tick]
            left = [picks for picks in self.found if picks not in self._proposed][:count]
            if left:
                return [Proposal(self._candidate(picks), origin=self.name) for picks in left]
        return [] if self.after is None else self.after.ask(count)

    def tell(self, trial: Trial) -> None:
        """Record a trial, here and in the following strategy."""
        tick = tick_of(trial.proposal)
        if tick is not None and tick.method == self.name:
            self._tell_tick(trial, tick)
        elif trial.proposal.origin == self.name and trial.proposal.fidelity.is_full:
            self._proposed.add(self.open.picks(trial.proposal.candidate))
        if self.after is not None:
            self.after.tell(trial)

    @property
    def found(self) -> tuple[Picks, ...]:
        """Return the architectures found so far, the best first, as options of the slots; none before the first slice."""
        if self._chosen is not None:
            return _best(self._chosen)
        trained = self._trained
        if not trained:
            return ()
        stop = self._stop
        return (_picks(trained[-1 if stop is None else stop]),)

    @property
    def _trained(self) -> list[Trial]:
        return [one for one in self._done if _tick(one).kind is Kind.TRAIN]

    @property
    def _stop(self) -> int | None:
        """Return the slice to which the search goes back, where the loss got too curved."""
        if not self.method.stops_on_curvature:
            return None
        return stopped_at([_data(one)["eigenvalue"] for one in self._trained])

    def _next(self) -> Proposal | None:
        """Return the next tick; ``None`` when there is none left."""
        total = self._total()
        if total is None:
            return Tick(self.name, Kind.MEASURE, 0, 0, 0).proposal(self.open.base, None)
        trained = self._trained
        done = int(_data(trained[-1])["steps"]["done"]) if trained else 0
        last = trained[-1].number if trained else None
        if done < total and self._stop is None and not self._is_over:
            size = max(math.ceil(total / self._ticks), LEAST_STEPS)
            tick = Tick(self.name, Kind.TRAIN, done, min(done + size, total), total)
            return tick.proposal(self._so_far(), last)
        if self.method.choice is Choice.LARGEST or self._chosen is not None:
            return None
        tick = Tick(self.name, Kind.CHOOSE, done, done, total, self._tries(total))
        return tick.proposal(self._so_far(), last)

    def _total(self) -> int | None:
        """Return the steps of the whole search; ``None`` before it is known how long one takes."""
        if self._trained:  # once a slice is trained its schedule stands, whatever a resume asks for
            return _tick(self._trained[0]).total
        if self._steps is not None:
            return self._steps
        if not self._done:
            return None
        known = _data(self._done[0])
        epoch = int(known["epoch_steps"])
        if self._seconds is None:
            return max(USUAL_EPOCHS * epoch, LEAST_STEPS)
        fitting = self._training_seconds / max(float(known["step_seconds"]), 1e-9)
        return max(min(int(fitting), EPOCHS * epoch), LEAST_STEPS)

    def _tries(self, total: int) -> int:
        """Return how many paths are scored, or how many steps fine-tune the supernet between two slots."""
        known = _data(self._done[0])
        if self.method.choice is Choice.PERTURBATION:
            slots = len(self.open.slots)
            return max(round(CHOOSING * total / slots), 1)
        if self._seconds is None:
            return MOST_TRIES // 10
        left = max(self._seconds - self._spent, CHOOSING / 4 * self._seconds)
        fitting = left / max(float(known["score_seconds"]), 1e-9)
        return max(min(int(fitting), MOST_TRIES), 2 * FOUND)

    @property
    def _training_seconds(self) -> float:
        assert self._seconds is not None  # asked for only then
        chooses = self.method.choice is not Choice.LARGEST
        return self._seconds * (1 - CHOOSING if chooses else 0.95)

    @property
    def _is_over(self) -> bool:
        """Return whether training ends before its last step: the clock cut a slice, or all took longer than they may."""
        trained = self._trained
        if not trained:
            return False
        is_cut = int(_data(trained[-1])["steps"]["done"]) < _tick(trained[-1]).last
        is_late = self._seconds is not None and self._spent > LATE * self._training_seconds
        return is_cut or is_late

    def _so_far(self) -> Candidate:
        found = self.found
        return self._candidate(found[0]) if found else self.open.base

    def _candidate(self, picks: Picks) -> Candidate:
        return self.open.candidate(picks)

    def _tell_tick(self, trial: Trial, tick: Tick) -> None:
        if trial.number in self._ended:
            return
        if trial.state is State.RUNNING:
            self._running.add(trial.number)
            return
        self._running.discard(trial.number)
        self._ended.add(trial.number)
        if trial.measurement is not None:
            self._spent += trial.measurement.cost.get("seconds", 0.0)
        if not self._is_usable(trial, tick):
            self._failures += 1
            return
        self._failures = 0
        if tick.kind is Kind.CHOOSE:
            self._chosen = trial
        else:
            self._done.append(trial)

    def _is_usable(self, trial: Trial, tick: Tick) -> bool:
        """Return whether a finished tick says what its kind has to say, of this space."""
        if trial.state is not State.DONE or trial.measurement is None:
            return False
        sizes = [len(one.options) for one in self.open.slots]
        try:
            _check(trial.measurement.data, tick.kind)
            paths = _best(trial) if tick.kind is Kind.CHOOSE else (_picks(trial),)
            for picks in paths:
                check_picks(picks, sizes)
            if tick.kind is Kind.TRAIN and self.method.stops_on_curvature:
                float(trial.measurement.data["eigenvalue"])
        except (KeyError, TypeError, ValueError, SpaceError):
            return False
        return bool(paths)


def _check(data: Mapping[str, Any], kind: Kind) -> None:
    """Check that a measurement has the numbers that are read from it later; raises KeyError or TypeError."""
    if kind is not Kind.CHOOSE:
        int(data["epoch_steps"])
        float(data["step_seconds"])
        float(data["score_seconds"])
        int(data["steps"]["done"])


def _tick(trial: Trial) -> Tick:
    tick = tick_of(trial.proposal)
    assert tick is not None  # only ticks are recorded
    return tick


def _data(trial: Trial) -> Mapping[str, Any]:
    assert trial.measurement is not None  # only usable ticks are recorded
    return trial.measurement.data


def _picks(trial: Trial) -> Picks:
    return tuple(int(one) for one in _data(trial)["picks"])


def _best(trial: Trial) -> tuple[Picks, ...]:
    return tuple(tuple(int(one) for one in picks) for picks, _ in _data(trial)["best"][:FOUND])
