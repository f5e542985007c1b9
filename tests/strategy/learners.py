"""What the tests of policy learners share: spaces with known decisions, judges, and searches of them."""

import hashlib
import time
from dataclasses import dataclass

import numpy as np

from coeval.architecture.component import Setting
from coeval.space.choices import ChoiceSpace
from coeval.space.digest import candidate_digest
from coeval.space.product import ProductSpace
from coeval.testing.fakes import drive, ladder_space
from coeval.trial import Measurement, State, Trial, finish

SMALL = ladder_space(settings=3, choices=4)
TINY = ladder_space(settings=2, choices=2, parts=1)
SIZES = ladder_space(settings=6, choices=8, parts=1)
CELLS = ProductSpace(
    {"cell": ChoiceSpace(tuple(Setting(f"e{i}", tuple("abcde"), "a") for i in range(6)), "cell")}
)
"""The decisions of NAS-Bench-201: 6 of 5 options."""


@dataclass(frozen=True, slots=True)
class Chance:
    """A loss that says nothing of the candidate's size; what is larger than ``most`` is infeasible, or merely bad.

    Attributes:
        most: The sum of all numbers from which on a candidate is too large.
        penalised: Whether an excess is added to the loss instead.
        salt: Another salt, other losses.
    """

    most: int
    penalised: bool = False
    salt: str = ""

    def evaluate(self, trials, report):
        for trial in trials:
            text = self.salt + candidate_digest(trial.proposal.candidate)
            loss = int(hashlib.sha256(text.encode()).hexdigest()[:8], 16) / 2**32
            excess = float(max(0, size(trial.proposal.candidate) - self.most))
            if self.penalised:
                yield trial.number, Measurement({"loss": loss + excess})
            else:
                yield trial.number, Measurement({"loss": loss}, violations={"size": excess})

    def bucket(self, proposal):
        return ""


@dataclass(frozen=True, slots=True)
class Votes:
    """A loss that counts the edges that are not ``best``; ``bend`` is any rising function."""

    best: str = "c"
    bend: object = float

    def evaluate(self, trials, report):
        for trial in trials:
            wrong = sum(value != self.best for _, value in trial.proposal.candidate.part("cell"))
            yield trial.number, Measurement({"loss": self.bend(wrong)})

    def bucket(self, proposal):
        return ""


def size(candidate):
    return sum(value for _, part in candidate.parts for _, value in part)


def asked(log):
    return [record.proposal for record in log if record.state is State.RUNNING]


def late_size(make, judge, *, seeds, trials=200, last=60):
    """Return the mean size of a search's last candidates, over seeds; a random candidate of SIZES has 21."""
    logs = [drive(make(seed), judge, trials) for seed in range(seeds)]
    return float(np.mean([size(one.candidate) for log in logs for one in asked(log)[-last:]]))


def wrong_at_best(make, *, seeds=3, trials=200):
    """Return how many of 6 edges are wrong in the best candidates of searches; 1.6 for random search."""
    logs = [drive(make(seed), Votes(), trials) for seed in range(seeds)]
    return [min(one.measurement.values["loss"] for one in log if one.measurement) for log in logs]


def seconds_by_trials(strategy, *, start, stop):
    """Return the median seconds of one ask and its tells between two trial numbers: a stall of the process is no trend."""
    rng, seconds = np.random.default_rng(start), []
    for number in range(start, stop):
        began = time.process_time()
        running = Trial(number, strategy.ask(1)[0])
        strategy.tell(running)
        strategy.tell(finish(running, Measurement({"loss": float(rng.random())})))
        seconds.append(time.process_time() - began)
    return float(np.median(seconds))
