"""The contract of evaluators, as checks that an outsider can run on his own."""

import math
import pickle
from collections.abc import Mapping, Sequence

from coeval.evaluate.protocol import Evaluator, never_stop
from coeval.testing.say import plain_json, require
from coeval.trial import Measurement, Proposal, Trial

IGNORED = ("seconds",)
"""Costs that may differ from one evaluation to the next."""


def check_evaluator(
    evaluator: Evaluator, proposals: Sequence[Proposal], *, objective: str | None = None
) -> None:
    """Check everything an evaluator promises.

    Args:
        evaluator: Under test.
        proposals: A few that it can evaluate quickly.
        objective: The value that every success must carry, if there is one.

    Raises:
        AssertionError: A promise is broken; the message says which.
    """
    trials = [Trial(number, proposal) for number, proposal in enumerate(proposals, start=3)]
    buckets: dict[str, list[Trial]] = {}
    for trial in trials:
        key = evaluator.bucket(trial.proposal)
        require(isinstance(key, str), f"bucket must return text, got {key!r}.")
        require(evaluator.bucket(trial.proposal) == key, "bucket answers one proposal in two ways.")
        buckets.setdefault(key, []).append(trial)
    copy: Evaluator = pickle.loads(pickle.dumps(evaluator))
    for batch in buckets.values():
        measured = _measured(evaluator, batch)
        again = _measured(copy, batch)
        for trial in batch:
            _check_measurement(measured[trial.number], trial, objective)
            require(
                _lasting(measured[trial.number]) == _lasting(again[trial.number]),
                f"Trial {trial.number} was measured otherwise the second time, by a pickled copy: "
                "same inputs, seed and batch must give the same numbers.",
            )
    require(list(evaluator.evaluate([], never_stop)) == [], "No trials must yield no measurements.")
    _check_stopping(evaluator, trials[:1])


def _measured(evaluator: Evaluator, batch: Sequence[Trial]) -> dict[int, Measurement]:
    found = list(evaluator.evaluate(batch, never_stop))
    numbers = sorted(number for number, _ in found)
    expected = sorted(trial.number for trial in batch)
    require(
        numbers == expected, f"A batch of trials {expected} yielded measurements for {numbers}."
    )
    return dict(found)


def _check_measurement(measurement: Measurement, trial: Trial, objective: str | None) -> None:
    where = f"The measurement of trial {trial.number}"
    if measurement.failure is not None:
        require(not measurement.values, f"{where} is a failure and carries values.")
        return
    require(bool(measurement.values), f"{where} is a success without values.")
    for name, value in measurement.values.items():
        require(isinstance(value, float), f"{where} has {name} = {value!r}, no float.")
        infinite = name == objective and not math.isfinite(value)
        require(
            not infinite, f"{where} has {name} = {value}; not finite is a failure, not a value."
        )
    require(
        objective is None or objective in measurement.values,
        f"{where} lacks the objective {objective!r}; it has {list(measurement.values)}.",
    )
    for name, value in measurement.cost.items():
        require(value >= 0, f"{where} has the negative cost {name} = {value}.")
    plain_json(dict(measurement.data))
    plain_json(dict(measurement.artifacts))
    pickle.dumps(measurement)


def _check_stopping(evaluator: Evaluator, batch: Sequence[Trial]) -> None:
    """Check that "stop" is obeyed: the evaluation ends, and still yields a measurement."""

    def stop(number: int, progress: int, values: Mapping[str, float]) -> bool:
        require(
            number in {trial.number for trial in batch}, f"report was called for trial {number}."
        )
        return False

    found = dict(evaluator.evaluate(batch, stop))
    for trial in batch:
        require(
            trial.number in found, f"Trial {trial.number}, told to stop, yielded no measurement."
        )


def _lasting(measurement: Measurement) -> tuple[object, ...]:
    cost = {name: value for name, value in measurement.cost.items() if name not in IGNORED}
    return (
        dict(measurement.values),
        {name: tuple(values) for name, values in measurement.curve.items()},
        cost,
        measurement.failure,
    )
