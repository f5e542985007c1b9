"""What each decision of the winner is worth: the winner without it, trained again, beside the winner itself, trained again.

The journal holds one score a training; what they say together is computed here. Differences are judged by Student's t with
the standard deviation between trainings of one candidate, pooled over the search's repeats and those of the ablation.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from coeval.report import noise, words
from coeval.report.facts import Facts
from coeval.report.intervals import Bar, bars
from coeval.report.markup import Markup, join, tag
from coeval.statistics import NoiseFloor, noise_floor, pooled_floor
from coeval.strategy.noise import noise_floor as repeated

CONTROL = -1
"""The number of the winner itself among the decisions that were taken back."""
_Z = 1.959964


@dataclass(frozen=True, slots=True)
class Worth:
    """What a candidate loses without one of its decisions.

    Attributes:
        what: The decision in words.
        part: Of the candidate.
        trial: That decided so; ``None`` where the default would decide otherwise.
        loss: By how much the score is worse without it, in the metric's units.
        reach: Half the 95 % interval of the loss; NaN where nothing tells it.
        trainings: Of the candidate without it.
    """

    what: str
    part: str
    trial: int | None
    loss: float
    reach: float
    trainings: int

    @property
    def verdict(self) -> str:
        """Return in words what the loss says."""
        if not math.isfinite(self.reach):
            return f"{_worse(self.loss)}; noise unknown"
        if abs(self.loss) <= self.reach:
            return "within noise"
        return _worse(self.loss)


def worths(facts: Facts) -> list[Worth]:
    """Return the decisions that were taken back and trained, the most useful first."""
    decisions = (facts.ablation or {}).get("decisions") or ()
    values = _values(facts)
    controls = values.get(CONTROL, [])
    if not controls:
        return []
    floor = _floor(facts, list(values.values()))
    middle = sum(controls) / len(controls)
    sign = -1.0 if facts.objective.maximise else 1.0
    found = []
    for number, one in enumerate(decisions):
        mine = values.get(number, [])
        if mine:
            loss = sign * (sum(mine) / len(mine) - middle)
            reach = _reach(floor, len(mine), len(controls))
            trial = one.get("trial")
            found.append(
                Worth(
                    str(one.get("what")),
                    str(one.get("part")),
                    trial if isinstance(trial, int) else None,
                    loss,
                    reach,
                    len(mine),
                )
            )
    return sorted(found, key=lambda one: -one.loss)


def section(facts: Facts) -> Markup:
    """Return the ablation as a chart in words."""
    if facts.ablation is None:
        return Markup()
    found = worths(facts)
    title = tag("h3", "What each decision is worth")
    if not found:
        return join([title, tag("p.quiet", _nothing(facts))])
    drawn = [
        Bar(
            name=join([one.what, tag("small", _since(one))]),
            value=one.loss,
            low=one.loss - one.reach,
            high=one.loss + one.reach,
            shown=one.verdict,
            kind="theirs" if one.verdict == "within noise" else "ours",
        )
        for one in found
    ]
    label = f"by how much {facts.label} is worse without it, on validation"
    return join([title, tag("p.note", _how(facts)), bars(drawn, label), _left(facts, len(found))])


def lines(facts: Facts) -> list[str]:
    """Return what the ablation says as lines of text."""
    return [f"  without {one.what} ({_since(one)}): {one.verdict}" for one in worths(facts)]


def _values(facts: Facts) -> dict[int, list[float]]:
    """Return the scores of each decision's trainings, those of the winner itself under ``CONTROL``."""
    found: dict[int, list[float]] = {}
    for one in facts.ablated:
        value = one.get("value")
        if isinstance(value, int | float) and math.isfinite(value):
            found.setdefault(int(one.get("decision", CONTROL)), []).append(float(value))
    return found


def _floor(facts: Facts, groups: Sequence[Sequence[float]]) -> NoiseFloor | None:
    """Return the noise of one training on validation; where nothing there was repeated, the run's."""
    trials = [one.trial for one in facts.trials]
    own = pooled_floor([repeated(trials, facts.objective), noise_floor(groups)])
    return own or noise.floor(facts)


def _reach(floor: NoiseFloor | None, mine: int, controls: int) -> float:
    if floor is None:
        return math.nan
    return t_quantile(floor.freedom) * floor.standard_deviation * math.sqrt(1 / mine + 1 / controls)


def t_quantile(freedom: int) -> float:
    """Return the two-sided 95 % quantile of Student's t.

    In closed form for 1 and 2 degrees of freedom, else by four terms of an expansion (Abramowitz & Stegun 1964, 26.7.5): 0.7 %
    too small with 3 degrees, hardly at all with more.

    Example:
        >>> [round(t_quantile(freedom), 2) for freedom in (1, 2, 10)]
        [12.71, 4.3, 2.23]
    """
    z, n = _Z, max(freedom, 1)
    if n == 1:
        return math.tan(0.95 * math.pi / 2)
    if n == 2:
        return 0.95 * math.sqrt(2 / (1 - 0.95**2))
    terms = (
        z,
        (z**3 + z) / 4 / n,
        (5 * z**5 + 16 * z**3 + 3 * z) / 96 / n**2,
        (3 * z**7 + 19 * z**5 + 17 * z**3 - 15 * z) / 384 / n**3,
    )
    return sum(terms)


def _worse(loss: float) -> str:
    return f"{'worse' if loss > 0 else 'better'} by {words.score(abs(loss))}"


def _since(one: Worth) -> str:
    return one.part if one.trial is None else f"{one.part}, since trial {one.trial}"


def _how(facts: Facts) -> str:
    count = len(facts.ablated)
    spent = sum(float(one.get("seconds") or 0.0) for one in facts.ablated)
    return (
        "Each decision that led to the winner was taken back alone, and the candidate trained anew as a trial of the search "
        f"is; beside it the winner itself, under fresh seeds, since the score it won with was the best of many. "
        f"{words.plural(count, 'training')} of {words.duration(spent)} together, after the model was safe; nothing was decided by them."
    )


def _left(facts: Facts, shown: int) -> Markup:
    """Return what could not be measured."""
    plan = facts.ablation or {}
    said = [
        "Bars are 95 % intervals: one that holds zero is within the noise of seeds, and of twenty such one leaves it out "
        "by chance."
    ]
    if missing := len(plan.get("decisions") or ()) - shown:
        said.append(f"There was no time for {words.plural(missing, 'further decision')}.")
    if stuck := plan.get("stuck") or ():
        said.append(
            f"Not to be taken back alone, since later edits stand on it: {words.listing(stuck)}."
        )
    return tag("p.note", " ".join(said))


def _nothing(facts: Facts) -> str:
    if not (facts.ablation or {}).get("decisions"):
        return "The winner is the default as it stands: there is no decision to take back."
    return "There was no time to train the winner without one of its decisions."
