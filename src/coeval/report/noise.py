"""What the noise floor says about a run: how large it is, and whom it cannot tell from the best.

One number for the whole page: that of the final note, into which the repeats of the search and the trainings of the
finalists went; before there is one, that of the repeats so far.
"""

import math
from collections.abc import Sequence

from coeval.report import words
from coeval.report.facts import Facts, dig
from coeval.report.markup import Markup, tag
from coeval.statistics import NoiseFloor
from coeval.strategy.noise import noise_floor, ties
from coeval.trial import Trial

PLUS_MINUS = "\N{PLUS-MINUS SIGN}"
_MOST_NAMED = 8


def floor(facts: Facts) -> NoiseFloor | None:
    """Return the run's noise floor; ``None`` where nothing was trained twice."""
    noted = dig(facts.final, "noise_floor")
    spread = dig(noted, "sd")
    if not isinstance(spread, int | float):
        return noise_floor([one.trial for one in facts.trials], facts.objective)
    repeats, freedom = dig(noted, "repeats") or 0, dig(noted, "freedom") or 0
    low, high = (_number(dig(noted, name)) for name in ("low", "high"))
    return NoiseFloor(float(spread), int(freedom), int(repeats), low, high)


def tied(facts: Facts) -> tuple[Trial, ...]:
    """Return the trials that the floor cannot tell from the best on validation, the best first; none if it is alone."""
    found = ties([one.trial for one in facts.trials], facts.objective, floor(facts))
    return found if len(found) > 1 else ()


def card(facts: Facts) -> Markup:
    """Return the floor as a receipt: its size, what it rests on, how sure it is, and the ties."""
    known = floor(facts)
    if known is None:
        return Markup()
    counted = f"{known.trainings} trainings" if known.trainings else "several trainings"
    said = [f"Standard deviation from seed to seed, over {counted} of the same candidates"]
    if math.isfinite(known.low) and math.isfinite(known.high):
        bounds = f"{_plain(known.low)} to {_plain(known.high)}"
        said[0] += f" (95 % interval {bounds})"
    said.append("Smaller differences mean nothing")
    if found := tied(facts):
        others = words.plural(len(found) - 1, "other candidate")
        said.append(f"{others} tied with the best on validation")
    return tag(
        "section.card",
        tag("h3", "Noise floor"),
        tag("p.big", size(known)),
        tag("p.quiet", f"{'. '.join(said)}."),
    )


def sentence(facts: Facts) -> str:
    """Return who is tied with the best, as a sentence; empty if nobody, or if the floor is not known."""
    known, found = floor(facts), tied(facts)
    if known is None or not found:
        return ""
    return f"{_named(found[1:])} tied with trial {found[0].number}, the best on validation, within the noise floor {size(known)}."


def standing(facts: Facts, trial: Trial) -> str:
    """Return how a trial stands to the best in view of the noise floor; empty if it is no tie."""
    known, found = floor(facts), tied(facts)
    if known is None or all(one.number != trial.number for one in found):
        return ""
    if found[0].number == trial.number:
        others = words.plural(len(found) - 1, "other trial")
        return f"the best on validation, with {others} tied within the noise floor {size(known)}"
    return f"tied with trial {found[0].number}, the best on validation, within the noise floor {size(known)}"


def ended_early(facts: Facts) -> str:
    """Return why the search ended before its time, as a sentence; empty if it did not."""
    found = facts.early
    low = dig(found, "floor", "low")
    if found is None or not isinstance(low, int | float):
        return ""
    improved, expected = (_number(found.get(name)) for name in ("improved", "expected"))
    return (
        f"Ended early, after trial {found.get('trial')}: over the last {words.count(found.get('window'))} of "
        f"{words.count(found.get('trials'))} whole trainings the best improved by {_plain(improved)}, twice as many again "
        f"were expected to improve it by {_plain(expected)}, and seeds alone differ by at least {_plain(low)}."
    )


def size(known: NoiseFloor) -> str:
    """Return the floor as it stands beside a score."""
    return f"{PLUS_MINUS}{_plain(known.standard_deviation)}"


def _plain(spread: float) -> str:
    """Return a small difference of scores with two digits, without a power of ten as long as that reads well."""
    return f"{spread:.2g}" if 1e-4 <= spread < 100 else words.score(spread)


def _named(trials: Sequence[Trial]) -> str:
    numbers = [str(one.number) for one in trials[:_MOST_NAMED]]
    if left := len(trials) - len(numbers):
        numbers.append(f"{left:,} more")
    verb = "is" if len(trials) == 1 else "are"
    noun = "Trial" if len(trials) == 1 else "Trials"
    return f"{noun} {words.listing(numbers)} {verb}"


def _number(value: object) -> float:
    return float(value) if isinstance(value, int | float) else math.nan
