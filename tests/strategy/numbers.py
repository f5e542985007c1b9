"""Small numeric problems for the strategies' tests."""

from dataclasses import replace

import numpy as np

from coeval.architecture.program import Operation
from coeval.component.library import SCALAR
from coeval.evaluate.numeric import NumericEvaluator
from coeval.evaluate.protocol import never_stop
from coeval.space.programs import ProgramSpace
from coeval.trial import Measurement, Objective, Trial, finish

ERROR = Objective("nmse")
OPERATIONS = tuple(
    Operation(SCALAR[name], SCALAR[name].arity[0])
    for name in ("add", "sub", "mul", "div", "sin", "exp", "log")
)
ADD, SUB, MUL, DIV, SIN, EXP, LOG = range(7)


def columns(rows=60, inputs=2):
    rng = np.random.default_rng(3)
    return [rng.uniform(0.5, 3, rows) for _ in range(inputs)]


def target(x):
    return x[0] * x[1] + np.sin(x[0] * x[0]) + 2 / x[1]


def evaluator(rows=60, function=target):
    x = columns(rows)
    return NumericEvaluator(x, function(x), OPERATIONS)


def space(length=3, **options):
    return ProgramSpace(2, OPERATIONS, length, **options)


class Timeless:
    """Evaluates as another does, but for the seconds it took; a rule may say what a trial gives instead."""

    def __init__(self, inner, instead=lambda trial: None):
        self.inner, self.instead = inner, instead

    def evaluate(self, trials, report):
        for trial in trials:
            for number, measured in self.inner.evaluate([trial], report):
                cost = {**measured.cost, "seconds": 0.0}
                yield number, self.instead(trial) or replace(measured, cost=cost)

    def bucket(self, proposal):
        return self.inner.bucket(proposal)


def search(strategy, judge, trials, *, until=0.0):
    """Run a search in whole batches, and return every finished trial."""
    finished: list[Trial] = []
    while len(finished) < trials:
        proposals = strategy.ask(trials - len(finished))
        if not proposals:
            break
        running = [Trial(len(finished) + place, one) for place, one in enumerate(proposals)]
        for trial in running:
            strategy.tell(trial)
        measured: dict[int, Measurement] = dict(judge.evaluate(running, never_stop))
        for trial in running:
            finished.append(finish(trial, measured[trial.number]))
            strategy.tell(finished[-1])
        if any(one.is_comparable and ERROR.cost(one) <= until for one in finished[-len(running) :]):
            break
    return finished
