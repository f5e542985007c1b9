"""A small world to search in: settings only, an evaluator that computes, a strategy that remembers."""

import math
import os
import signal
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

import numpy as np

from coeval.evaluate.protocol import Report
from coeval.seed import entropy, generator
from coeval.space.protocol import Candidate
from coeval.task.metric import Metric
from coeval.task.table import Column, Kind, Schema, Table
from coeval.task.task import Problem, Splits, Target, Task
from coeval.trial import Failure, Measurement, Objective, Proposal, Reason, State, Trial

LOSS = Objective("loss")


def task(fingerprint: str = "fingerprint") -> Task:
    index = [np.arange(i, i + 1) for i in range(4)]
    return Task(
        name="fake",
        problem=Problem.REGRESSION,
        schema=Schema(()),
        table=Table((Column("x", Kind.NUMERIC, np.arange(4.0)),), 4),
        target=Target("y", np.arange(4.0)),
        splits=Splits(*index),
        folds=((index[0], index[1]),),
        metric=Metric("loss", False, lambda truth, found, weights: 0.0),
        weights=None,
        fingerprint=fingerprint,
    )


def candidate(x: float) -> Candidate:
    return Candidate((("recipe", (("x", x),)),))


def to_json(one: Candidate) -> Any:
    return [[name, [list(pair) for pair in part]] for name, part in one.parts]


def from_json(value: Any) -> Candidate:
    return Candidate(tuple((name, tuple((k, v) for k, v in part)) for name, part in value))


def space() -> Any:
    """A space of which the search only reads the names of its parts."""
    return SimpleNamespace(parts={"recipe": None})


@dataclass
class Climber:
    """Regularised evolution in one number: its questions depend on everything it was told."""

    seed: int = 0
    digits: int = 6
    told: list[Trial] = field(default_factory=list)

    def ask(self, count: int) -> list[Proposal]:
        first = len({trial.number for trial in self.told})
        return [self._propose(number) for number in range(first, first + count)]

    def tell(self, trial: Trial) -> None:
        self.told.append(trial)

    def _propose(self, number: int) -> Proposal:
        rng = generator(self.seed, "ask", number)
        done = [trial for trial in self.told if trial.state is State.DONE][-20:]
        best = min(done, key=LOSS.cost, default=None)
        if best is None or rng.random() < 0.2:
            return Proposal(candidate(round(rng.uniform(-5, 5), self.digits)), origin="random")
        x = best.proposal.candidate.settings("recipe")["x"] + rng.normal()
        return Proposal(candidate(round(x, self.digits)), parent=best.number, origin="evolution")


@dataclass
class Parabola:
    """``(x - 1)²``; what it does besides is decided by ``x``."""

    seconds: float = 0.0
    log: str = ""

    def evaluate(
        self, trials: Sequence[Trial], report: Report
    ) -> Iterator[tuple[int, Measurement]]:
        for trial in trials:
            if self.log:  # every evaluation leaves a line, so that a test can count them
                with open(self.log, "a", encoding="utf-8") as file:
                    file.write(f"{trial.number}\n")
            x = float(trial.proposal.candidate.settings("recipe")["x"])
            yield trial.number, self._measure(trial.number, x, report)

    def bucket(self, proposal: Proposal) -> str:
        return ""

    def _measure(self, number: int, x: float, report: Report) -> Measurement:
        end = time.monotonic() + self.seconds
        while time.monotonic() < end:
            if not report(number, 0, {}):
                return Measurement(failure=Failure(Reason.TIMED_OUT, "told to stop"))
            time.sleep(0.005)
        if entropy(0, "fails", f"{x}") % 7 == 0:
            return Measurement(failure=Failure(Reason.DIVERGED, "by design"))
        noise = generator(0, "train", number).normal() * 1e-3
        return Measurement({"loss": (x - 1) ** 2 + noise}, cost={"seconds": 0.5, "parameters": x})


@dataclass
class Misbehaving(Parabola):
    """Does what evaluators must not do, as the trial's ``x`` says."""

    def _measure(self, number: int, x: float, report: Report) -> Measurement:
        if x == 13:
            os.kill(os.getpid(), signal.SIGKILL)
        if x == 14:
            os._exit(3)
        if x == 15:
            time.sleep(60)
        if x == 16:
            raise RuntimeError("broke down")
        if x == 17:
            raise MemoryError("too much")
        if x == 18:
            return Measurement(data={"function": lambda: 0})
        if x == 19:
            return Measurement(data={"array": np.zeros(2)})
        if x == 20:
            began = time.monotonic()
            time.sleep(0.3)
            return Measurement({"loss": x}, data={"began": began, "ended": time.monotonic()})
        return Measurement({"loss": x}, data={"process": os.getpid()})


@dataclass
class Listed:
    """Proposes given numbers, one after the other, then nothing."""

    numbers: Sequence[float]
    told: list[Trial] = field(default_factory=list)

    def ask(self, count: int) -> list[Proposal]:
        first = len({trial.number for trial in self.told})
        return [Proposal(candidate(x)) for x in self.numbers[first : first + count]]

    def tell(self, trial: Trial) -> None:
        self.told.append(trial)


def same(first: Any, second: Any) -> bool:
    """Whether two plain values are equal, a NaN being equal to a NaN."""
    if isinstance(first, Mapping):
        return first.keys() == second.keys() and all(same(first[k], second[k]) for k in first)
    if isinstance(first, list | tuple):
        return len(first) == len(second) and all(map(same, first, second))
    if isinstance(first, float) and math.isnan(first):
        return isinstance(second, float) and math.isnan(second)
    return bool(first == second)


class Deadly(Misbehaving):
    """Ends the process that loads it."""

    def __reduce__(self):
        return os._exit, (3,)
