"""Records as plain JSON and back: proposals, measurements, notes.

A finished event repeats nothing of its proposal: the journal joins them by number. Fields at their
defaults are left out. JSON has no NaN and no infinity; they are written as ``{"$float": "nan"}``, so
that every JSON reader, SQLite's own included, can read a journal.
"""

import json
import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from coeval.space.protocol import Candidate, Move
from coeval.trial import Failure, Fidelity, Measurement, Proposal, Reason

ToJson = Callable[[Candidate], Any]
FromJson = Callable[[Any], Candidate]

_MARK = "$float"


def dumps(value: Any) -> str:
    """Return plain values as compact JSON text; NumPy scalars become numbers.

    Raises:
        TypeError: The value holds something that JSON cannot carry; the message names its type.

    Example:
        >>> dumps({"loss": float("nan"), "epochs": (1, 2)})
        '{"loss":{"$float":"nan"},"epochs":[1,2]}'
    """
    try:
        return _ENCODER.encode(value)
    except ValueError:  # a NaN or an infinity somewhere: rare, so only now walk through everything
        return json.dumps(plain(value), separators=(",", ":"), ensure_ascii=False)


def loads(text: str) -> Any:
    """Return what ``dumps`` wrote; tuples come back as lists.

    Raises:
        ValueError: The text is not JSON.
    """
    return json.loads(text, object_hook=_unmark if f'"{_MARK}"' in text else None)


def plain(value: Any, *, mark: bool = True) -> Any:
    """Return a deep copy in plain JSON values; ``mark`` writes NaN and infinities as ``dumps`` does.

    Raises:
        TypeError: The value holds something that JSON cannot carry.
    """
    if type(value) is str or (type(value) is float and math.isfinite(value)):
        return (
            value  # nearly all there is; asking for a Mapping takes longer than all other questions
        )
    if isinstance(value, Mapping):
        return {str(key): plain(one, mark=mark) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [plain(one, mark=mark) for one in value]
    if isinstance(value, float) and not math.isfinite(value):
        return {_MARK: str(float(value))} if mark else float(value)
    if value is None or isinstance(value, str | int | float):
        return value
    return plain(_number(value), mark=mark)


def _number(value: object) -> Any:
    if isinstance(value, np.bool_ | np.integer | np.floating):
        return value.item()
    raise TypeError(
        f"The journal holds plain JSON values (text, numbers, lists, mappings), got "
        f"{type(value).__name__}: {value!r:.80}. Convert it, or store arrays as artifacts."
    )


def _unmark(value: dict[str, Any]) -> Any:
    return float(value[_MARK]) if value.keys() == {_MARK} else value


# One for all: json.dumps makes a new one at every call with options, which takes as long as a small record.
_ENCODER = json.JSONEncoder(
    allow_nan=False,
    default=_number,
    separators=(",", ":"),
    ensure_ascii=False,
    check_circular=False,
)


def proposal_to_json(proposal: Proposal, to_json: ToJson) -> dict[str, Any]:
    """Return a proposal as plain JSON; ``to_json`` writes its candidate."""
    fields: dict[str, Any] = {"candidate": to_json(proposal.candidate)}
    fidelity = proposal.fidelity
    if not fidelity.is_full:
        fields["fidelity"] = [fidelity.epochs, fidelity.rows, fidelity.width]
    if proposal.continues is not None:
        fields["continues"] = proposal.continues
    if proposal.parent is not None:
        fields["parent"] = proposal.parent
    if proposal.moves:
        fields["moves"] = [[m.name, m.part, m.site, m.exact, m.detail] for m in proposal.moves]
    if proposal.cases is not None:
        fields["cases"] = proposal.cases
    if proposal.repeat:
        fields["repeat"] = proposal.repeat
    if proposal.origin:
        fields["origin"] = proposal.origin
    return fields


def proposal_from_json(value: Mapping[str, Any], from_json: FromJson) -> Proposal:
    """Return the proposal that ``proposal_to_json`` wrote."""
    return Proposal(
        candidate=from_json(value["candidate"]),
        fidelity=Fidelity(*value.get("fidelity", ())),
        continues=value.get("continues"),
        parent=value.get("parent"),
        moves=tuple(Move(*move) for move in value.get("moves", ())),
        cases=value.get("cases"),
        repeat=value.get("repeat", 0),
        origin=value.get("origin", ""),
    )


def measurement_to_json(measurement: Measurement) -> dict[str, Any]:
    """Return a measurement as plain JSON."""
    fields: dict[str, Any] = {}
    if measurement.values:
        fields["values"] = dict(measurement.values)
    if measurement.violations:
        fields["violations"] = dict(measurement.violations)
    if measurement.curve:
        fields["curve"] = {name: list(points) for name, points in measurement.curve.items()}
    if measurement.cost:
        fields["cost"] = dict(measurement.cost)
    if measurement.data:
        fields["data"] = dict(measurement.data)
    if measurement.artifacts:
        fields["artifacts"] = dict(measurement.artifacts)
    if measurement.cached_from is not None:
        fields["cached_from"] = measurement.cached_from
    if measurement.failure is not None:
        fields["failure"] = [measurement.failure.reason.value, measurement.failure.detail]
    return fields


def measurement_from_json(value: Mapping[str, Any]) -> Measurement:
    """Return the measurement that ``measurement_to_json`` wrote."""
    failure: Sequence[str] | None = value.get("failure")
    return Measurement(
        values=value.get("values", {}),
        violations=value.get("violations", {}),
        curve={name: tuple(points) for name, points in value.get("curve", {}).items()},
        cost=value.get("cost", {}),
        data=value.get("data", {}),
        artifacts=value.get("artifacts", {}),
        cached_from=value.get("cached_from"),
        failure=Failure(Reason(failure[0]), failure[1]) if failure else None,
    )
