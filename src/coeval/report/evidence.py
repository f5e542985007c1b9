"""How far to trust the score: the interval, optimism, the noise floor, the opening of the test split, parity."""

from collections.abc import Mapping
from typing import Any

from coeval.report import noise, words
from coeval.report.facts import Facts, dig
from coeval.report.markup import Markup, tag
from coeval.report.verdict import Score, own_score, read_score, test_score


def trust(facts: Facts) -> Markup:
    """Return the receipts, each a heading, a number and what it means."""
    cards = [
        _interval(facts),
        _optimism(facts),
        noise.card(facts),
        _control(facts),
        _opening(facts),
        _parity(facts),
    ]
    return tag("div.cards", *(card for card in cards if card))


def _card(title: str, value: str, meaning: str, name: str = "") -> Markup:
    suffix = f".{name}" if name else ""
    return tag(
        f"section.card{suffix}", tag("h3", title), tag("p.big", value), tag("p.quiet", meaning)
    )


def _interval(facts: Facts) -> Markup:
    own = test_score(facts)
    if own is None or not own.has_interval:
        return Markup()
    rows = dig(facts.final, "test", "rows")
    counted = f" {words.count(rows)}" if rows else ""
    groups = dig(facts.final, "test", "groups")
    drawn = f"{words.plural(int(groups), 'group')} of the" if groups else "the"
    return _card(
        "95 % interval",
        f"{words.score(own.low)} to {words.score(own.high)}",
        f"Bootstrap over {drawn}{counted} locked test {facts.noun}s: others of the same kind would mostly score in here.",
    )


def _optimism(facts: Facts) -> Markup:
    """Return the gap between what the search saw and what the test says.

    What is known of the luck of being the best is said of the search's best trial alone.
    """
    validation = read_score(dig(facts.final, "validation"))
    selection = read_score(dig(facts.final, "selection"))
    test = test_score(facts)
    if validation is None or test is None:
        return Markup()
    gap = test.value - validation.value
    worse = facts.better(validation.value, test.value)
    chain = [f"validation{_whose(facts)} {words.score(validation.value)}"]
    if (corrected := _corrected(facts)) is not None:
        chain.append(f"{words.score(corrected.value)} without the luck of being the best of many")
    if selection:
        chain.append(f"selection {words.score(selection.value)}")
    chain.append(f"test {words.score(test.value)}")
    number = "The search's own number" if facts.is_incumbent else "The trial's own number"
    meaning = f"{number} was {'too hopeful by this much' if worse else 'not too hopeful'}."
    if _whose(facts):
        meaning = "All members together have no score of the search to compare with."
    return _card("Validation to test", words.signed(gap), f"{', '.join(chain)}. {meaning}")


def gap(facts: Facts) -> str:
    """Return the gap between validation and test as a sentence; empty before the test split was scored."""
    validation, test = read_score(dig(facts.final, "validation")), test_score(facts)
    if validation is None or test is None:
        return ""
    away = test.value - validation.value
    how = (
        "worse" if facts.better(validation.value, test.value) else "better" if away else "no worse"
    )
    together = " of all members together" if _whose(facts) else ""
    by = f" by {words.score(abs(away))}" if away else ""
    corrected = _corrected(facts)
    luck = f" ({words.score(corrected.value)} without the luck of the choice)" if corrected else ""
    return (
        f"Validation{_whose(facts)} {words.score(validation.value)}{luck}, test{together} {words.score(test.value)}: {how}{by} on rows that the "
        "search never saw."
    )


def _whose(facts: Facts) -> str:
    """Return whose validation score it is, where it is not the whole model's."""
    return " of the heaviest member" if len(dig(facts.final, "members") or []) > 1 else ""


def _corrected(facts: Facts) -> Score | None:
    """Return the score of the search's best trial without the luck of being the best.

    ``None`` where the model is of another trial, or where the correction finds no luck.
    """
    found, told = (read_score(dig(facts.final, one)) for one in ("corrected", "validation"))
    if found is None or told is None or not facts.is_incumbent:
        return None
    return found if facts.better(told.value, found.value) else None


def _control(facts: Facts) -> Markup:
    """Return what the search gained over random search in the same run."""
    control = dig(facts.final, "control")
    theirs = read_score(dig(control, "best_validation"))
    trials = dig(control, "trials")
    ours = read_score(facts.value(facts.winner)) if facts.winner else None
    if theirs is None or ours is None:
        return Markup()
    gain = ours.value - theirs.value
    relation = "better" if facts.better(ours.value, theirs.value) else "no better"
    counted = words.plural(int(trials), "control trial") if trials else "the control trials"
    return _card(
        "Search against chance",
        words.signed(gain),
        f"On validation the winner is {relation} than the best of {counted} drawn at random ({words.score(theirs.value)}).",
    )


def _opening(facts: Facts) -> Markup:
    if not facts.openings:
        if own_score(facts) is None:
            return Markup()
        if not facts.has_test:
            meaning = "Nothing was set aside for it. The validation score is what the search optimised: read it as optimistic."
            return _card("Test split", "none", meaning, "warning")
        return _card("Test split", "never opened", "No number on this page comes from locked data.")
    times = len(facts.openings)
    if times == 1:
        return _card(
            "Test split opened",
            "once",
            f"At {words.when(facts.openings[0])}, after the search and the choice of the winner.",
        )
    moments = words.listing([words.when(one) for one in facts.openings])
    return _card(
        "Test split opened",
        f"{times} times",
        f"At {moments}. What was changed after the first opening may have been chosen by it: read the score as optimistic.",
        "warning",
    )


def _parity(facts: Facts) -> Markup:
    parity = dig(facts.final, "parity")
    if not isinstance(parity, Mapping) or not parity:
        return Markup()
    differences = [found for one in parity.values() if (found := _difference(one)) is not None]
    names = words.listing([_NAMES.get(str(key), str(key)) for key in parity])
    shown = words.score(max(differences)) if differences else "verified"
    return _card(
        "Export parity",
        shown,
        f"Largest difference of the predictions of {names} from the searched model's, over the {facts.noun}s it was checked on.",
    )


_NAMES = {"onnx": "model.onnx", "source": "network.py"}


def _difference(value: Any) -> float | None:
    """Return a recorded largest difference: a number, or the number inside a record."""
    if isinstance(value, Mapping):
        numbers = [_difference(value.get(key)) for key in ("difference", "max", "worst", "value")]
        return next((one for one in numbers if one is not None), None)
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return float(value)
