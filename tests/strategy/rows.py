"""An ordinary task whose evaluator honours ``cases``: whole numbers as a polynomial's coefficients, an error a row."""

from dataclasses import dataclass

import numpy as np

from coeval.trial import Measurement

POINTS = np.linspace(-1, 1, 60)
TARGET = (5, 1, 6, 2)


def predictions(candidate):
    numbers = [value for _, part in candidate.parts for _, value in part]
    return sum(number * POINTS**power for power, number in enumerate(numbers))


@dataclass
class RowEvaluator:
    """Squared errors against ``TARGET``, on the rows that a trial names; ``spent`` counts rows."""

    spent: int = 0
    tells_errors: bool = True

    def evaluate(self, trials, report):
        for trial in trials:
            cases = trial.proposal.cases
            rows = (
                range(len(POINTS)) if cases is None else map(int, cases[len("rows:") :].split(","))
            )
            chosen = list(rows)
            self.spent += len(chosen)
            truth = sum(number * POINTS**power for power, number in enumerate(TARGET))
            errors = (predictions(trial.proposal.candidate)[chosen] - truth[chosen]) ** 2
            data = {"errors": errors.tolist()} if self.tells_errors else {}
            values = {"loss": float(errors.mean()), "size": float(abs(errors).max())}
            yield trial.number, Measurement(values, data=data)

    def bucket(self, proposal):
        return proposal.cases or "all"
