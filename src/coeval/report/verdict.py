"""The verdict in plain words: against the best baseline, with the interval as the judge."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from coeval.report import kinds, words
from coeval.report.facts import Data, Facts, dig

COMPETING = frozenset({"linear_model", "gradient_boosting"})
"""Baselines on tables that have a place in the search itself where all models have."""
TRIVIAL = frozenset({"majority", "mean", "constant", "prior", "dummy"})


class Outcome(StrEnum):
    """How the model stands to the best baseline."""

    BEATS = "beats"
    TIES = "ties with"
    LOSES = "loses to"
    ALONE = "stands alone"
    UNJUDGED = "was not judged against"
    UNFINISHED = "unfinished"


@dataclass(frozen=True, slots=True)
class Score:
    """A score with its 95 % interval, ``NaN`` where none was measured."""

    value: float
    low: float = math.nan
    high: float = math.nan

    @property
    def has_interval(self) -> bool:
        """Return whether both bounds are known."""
        return math.isfinite(self.low) and math.isfinite(self.high)


@dataclass(frozen=True, slots=True)
class Verdict:
    """The outcome, its sentence, and how it was judged."""

    outcome: Outcome
    sentence: str
    basis: str = ""


def read_score(value: Any) -> Score | None:
    """Return a recorded score: a number, or ``{"value", "low", "high"}``; ``None`` for anything else."""
    if isinstance(value, Mapping):
        found = _finite(value.get("value"))
        low, high = _finite(value.get("low")), _finite(value.get("high"))
        return None if found is None else Score(found, _or_nan(low), _or_nan(high))
    found = _finite(value)
    return None if found is None else Score(found)


def test_score(facts: Facts) -> Score | None:
    """Return the model's score on the locked test split."""
    return read_score(dig(facts.final, "test"))


def stage(facts: Facts) -> str:
    """Return the split on which the model and the baselines are compared: ``test``, else ``validation``."""
    return "test" if test_score(facts) else "validation"


def own_score(facts: Facts) -> Score | None:
    """Return the model's score on the split of ``stage``; before the end, the incumbent's on validation."""
    if found := test_score(facts):
        return found
    recorded = read_score(dig(facts.final, "validation"))
    if recorded or facts.winner is None:
        return recorded
    return read_score(facts.value(facts.winner))


def baseline_scores(facts: Facts) -> list[tuple[Data, Score]]:
    """Return the baselines that have a score on the split of ``stage``, best first."""
    split = stage(facts)
    read = [(one, _baseline_score(one, split)) for one in facts.baselines]
    found = [(one, score) for one, score in read if score]
    return sorted(found, key=lambda pair: pair[1].value, reverse=facts.objective.maximise)


def _baseline_score(baseline: Data, split: str) -> Score | None:
    """Return a baseline's score; the interval of its test score stands beside it in the record."""
    found = read_score(baseline.get(split))
    if found is None or found.has_interval or split != "test":
        return found
    return read_score({**baseline, "value": found.value})


def label(baseline: Data) -> str:
    """Return a baseline's name as printed."""
    return str(baseline.get("label") or baseline.get("name") or "baseline")


def judge(facts: Facts) -> Verdict:
    """Return what the numbers say about the model and the best baseline; validation scores give no verdict.

    A recorded paired difference (a baseline's ``gain``: the model's score minus its own, on the
    same resampled rows) decides where there is one; otherwise the baseline's score must lie outside
    the model's 95 % interval.
    """
    own = own_score(facts)
    if facts.final is None or own is None:
        return _unfinished(facts, own)
    rivals = baseline_scores(facts)
    measured = f"{facts.label} {words.score(own.value)}"
    if not rivals:
        split = "on the locked test rows" if stage(facts) == "test" else "on validation"
        return Verdict(
            Outcome.ALONE, f"The model reaches {measured} {split}; no baseline was scored there."
        )
    rival, theirs = rivals[0]
    against = f"{label(rival)} ({words.score(theirs.value)})"
    if not own.has_interval:
        return _without_interval(facts, own, theirs, against)
    outcome, basis = _outcome(facts, own, theirs.value, read_score(rival.get("gain")))
    kind = kinds.named(facts)
    model = f"The model found{f' ({kind})' if kind else ''}"
    sentence = {
        Outcome.BEATS: f"{model} beats the best baseline, {against}: it reaches {measured} on rows the search never saw.",
        Outcome.TIES: f"{model} ties with the best baseline, {against}: its {measured} differs by no more than chance explains.",
        Outcome.LOSES: f"{model} loses to the best baseline, {against}: it reaches {measured}. {_remedy(facts, rival)}",
    }[outcome]
    return Verdict(outcome, sentence, basis)


def _remedy(facts: Facts, rival: Data) -> str:
    """Return what to do about a baseline that is better."""
    alone = dig(facts.capsule, "options", "models") == "neural"
    is_image = dig(facts.capsule, "task", "image") is not None
    if alone and not is_image and rival.get("name") in COMPETING:
        return "Search longer, or let its kind compete and join the networks: --models all."
    return "Prefer the baseline, or search longer."


def _outcome(
    facts: Facts, own: Score, theirs: float, difference: Score | None
) -> tuple[Outcome, str]:
    """Return the outcome and how it was judged."""
    if difference is not None and difference.has_interval:
        apart = not difference.low <= 0.0 <= difference.high
        basis = (
            f"Judged by the paired difference on the same test rows: {words.signed(difference.value)}, "
            f"95 % interval {words.signed(difference.low)} to {words.signed(difference.high)}, which "
            f"{'excludes' if apart else 'holds'} zero."
        )
    else:
        apart = not own.low <= theirs <= own.high
        basis = (
            f"Judged by the 95 % interval of the model's test score, {words.score(own.low)} to "
            f"{words.score(own.high)}: the best baseline's score lies {'outside' if apart else 'inside'} it."
        )
    if not apart:
        return Outcome.TIES, basis
    return (Outcome.BEATS if facts.better(own.value, theirs) else Outcome.LOSES), basis


def _without_interval(facts: Facts, own: Score, theirs: Score, against: str) -> Verdict:
    relation = "better than" if facts.better(own.value, theirs.value) else "not better than"
    if stage(facts) == "test":
        lead, basis = "On test", "The test score has no interval, so no verdict is given."
    else:
        lead = "On validation, which the search optimised,"
        why = "was scored" if facts.has_test else "was set aside"
        basis = f"No test split {why}, so no verdict is given. Score the model on rows of your own."
    sentence = (
        f"{lead} the model's {facts.label} of {words.score(own.value)} is {relation} the best "
        f"baseline's, {against}."
    )
    return Verdict(Outcome.UNJUDGED, sentence, basis)


def _unfinished(facts: Facts, own: Score | None) -> Verdict:
    if not facts.done:
        failed = len(facts.failed)
        why = f"all {words.plural(failed, 'trial')} failed" if failed else "no trial finished"
        return Verdict(Outcome.UNFINISHED, f"There is no model yet: {why}.")
    reached = (
        f"its best model reaches {facts.label} {words.score(own.value)} on validation"
        if own
        else "no model was scored"
    )
    opened = "the test split had been opened" if facts.openings else "no test row was looked at"
    if not facts.has_test:
        opened = "no test split was set aside"
    why = dig(facts.stopped, "why")
    state = {None: "It was interrupted, or still goes on.", "interrupted": "It was interrupted."}
    return Verdict(
        Outcome.UNFINISHED,
        f"This run has no final model yet: {reached}, and {opened}.",
        f"{state.get(why, 'Its search ended, its final training did not.')} coeval resume finishes it.",
    )


def _finite(value: Any) -> float | None:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return float(value) if math.isfinite(value) else None


def _or_nan(value: float | None) -> float:
    return math.nan if value is None else value
