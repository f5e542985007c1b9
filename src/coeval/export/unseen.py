"""Whether the categories of rows to be predicted are those that a model learnt from.

A column of the same categories in another spelling ("1234" for "01234") raises no error: every value counts as a rare one, and the
predictions are silently those of a model without the column.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from coeval.task.preparation_category import MISSING, CategoryCodes
from coeval.task.preparation_json import read_codes
from coeval.task.table import Column, Table

SHOWN = 2
"""Values of training that are named."""


def known_levels(preparations: Iterable[Mapping[str, Any]]) -> tuple[CategoryCodes, ...]:
    """Return for each categorical column the levels with a code of their own in any of a model's preparations.

    Args:
        preparations: As ``preparation_json.to_json`` wrote them; one for each member of an ensemble.
    """
    found: dict[str, CategoryCodes] = {}
    for one in preparations:
        for value in (*one.get("categories", ()), *one.get("targets", ())):
            codes = read_codes(value)
            before = found.setdefault(codes.name, codes)
            levels = tuple(dict.fromkeys((*before.levels, *codes.levels)))
            found[codes.name] = CategoryCodes(codes.name, levels, min(before.rest, codes.rest))
    return tuple(found.values())


def unseen_notes(table: Table, known: Sequence[CategoryCodes]) -> tuple[str, ...]:
    """Return a note for each column most of whose values are unlike those of training.

    Most is more than half of what training knew: where a tenth of its values were rare, 55 % of the values predicted.

    Args:
        table: The rows to be predicted.
        known: From ``known_levels``.
    """
    columns = {one.name: one for one in table.columns}
    notes = (_note(columns[one.name], one) for one in known if one.name in columns)
    return tuple(one for one in notes if one)


def _note(column: Column, known: CategoryCodes) -> str:
    levels = set(known.levels)
    counts = np.bincount(column.values[column.values >= 0], minlength=len(column.levels))
    values = {
        level: int(count)
        for level, count in zip(column.levels, counts, strict=True)
        if level != MISSING
    }
    others = {level: count for level, count in values.items() if level not in levels}
    share = sum(others.values()) / max(sum(values.values()), 1)
    if share <= (1 + known.rest) / 2:
        return ""
    often = "never" if known.rest == 0 else "never or hardly ever"
    common = max(others, key=lambda level: others[level])
    shown = [repr(one) for one in known.levels if one != MISSING][:SHOWN]
    return (
        f"column {known.name!r}: {100 * share:.0f} % of its values {often} occurred in training (such as {common!r}); "
        f"training had {', '.join(shown)} and the like"
    )
