"""What may be chosen about a preparation, by the kinds of column that a table has."""

from collections.abc import Mapping

from coeval.architecture.component import Setting, Settings, Value
from coeval.errors import SpaceError, did_you_mean
from coeval.task.table import Kind, Schema

_NUMBERS = (
    Setting("scaling", ("standard", "robust", "quantile"), "quantile"),
    Setting("missing_flags", (False, True), True),
)
_DATES = (Setting("dates", ("basic", "both", "cyclic"), "basic"),)
_CATEGORIES = (
    Setting("rare", (1, 3, 10, 30), 3, bounds=(1, 1_000_000)),
    Setting("most_levels", (32, 128, 512), 128, bounds=(1, 100_000)),
)
_TARGETS = (Setting("target_encoding", ("none", "many", "all"), "none"),)
_TEXTS = (
    Setting("text_buckets", (256, 1024, 4096), 1024, bounds=(2, 1_000_000)),
    Setting("text_ngrams", ("words", "bigrams"), "words"),
    Setting("text_words", (8, 16, 32), 16, bounds=(2, 4096)),
)
_TEXT_EFFECTS = Setting("text_effects", ("none", "words", "bigrams"), "none")
_ENCODED_TEXTS = Setting("text_effects", ("words", "bigrams"), "words")
"""Where a target allows it: a table of texts alone would have no numbers without."""
ALL: tuple[Setting, ...] = _NUMBERS + _DATES + _CATEGORIES + _TARGETS + _TEXTS + (_TEXT_EFFECTS,)
"""Every setting that a preparation understands."""


def settings_for(
    schema: Schema, *, many_levels: bool = False, effects: bool = False
) -> tuple[Setting, ...]:
    """Return the choices that matter for the kinds of column present.

    Args:
        schema: The kinds.
        many_levels: Whether a categorical column has so many levels that encoding it by the target may pay.
        effects: Whether the target allows an encoding: texts have one then.
    """
    settings: tuple[Setting, ...] = ()
    if schema.of(Kind.NUMERIC, Kind.DATE):
        settings += _NUMBERS
    if schema.of(Kind.DATE):
        settings += _DATES
    if schema.of(Kind.CATEGORICAL):
        settings += _CATEGORIES + (_TARGETS if many_levels else ())
    if schema.of(Kind.TEXT):
        settings += _TEXTS
        settings += (_ENCODED_TEXTS,) if effects else ()
    return settings


def complete(given: Mapping[str, Value]) -> Settings:
    """Return the given settings checked, with defaults for the rest, in declared order.

    Raises:
        SpaceError: A setting is unknown, or its value is not allowed.
    """
    names = [one.name for one in ALL]
    for name in given:
        if name not in names:
            raise SpaceError(
                f"A preparation has settings {names}, got {name!r}.{did_you_mean(name, names)}"
            )
    for one in ALL:
        value = given.get(one.name, one.default)
        if not one.allows(value):
            raise SpaceError(
                f"The preparation's {one.name} must be one of {list(one.choices)}, got {value!r}."
            )
    return tuple((one.name, given.get(one.name, one.default)) for one in ALL)
