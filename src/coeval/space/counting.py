"""How many sequences a level may hold: an exact count without listing them.

A level's results fall into classes of equal width: the start width's (home) and the ladder's others.
Merges see only earlier results of their own class, so each class has a history of its own: segments that
begin where a setter chooses the class, and in them steps that keep it. Histories of different classes
interleave segment by segment in every order, which binomial coefficients count. So the number follows from
small polynomials in the number of steps, however many sequences there are.
"""

from dataclasses import dataclass
from math import comb

Polynomial = list[int]
"""Coefficient ``n``: the number of ways with exactly ``n`` steps, nested ones included."""
Histories = list[Polynomial]
"""Entry ``t``: histories with ``t`` chosen segments, by the number of steps that keep the width."""


@dataclass(frozen=True, slots=True)
class Words:
    """How many variants of each kind of step there are, and how many widths the ladder has."""

    setters: int
    keepers: int
    merges: int
    joins: int
    regions: int
    ladder: int


def count_trunks(words: Words, length: int, depth: int, *, on_ladder: bool) -> int:
    """Return the number of trunks with at most ``length`` steps, nested ones included.

    Args:
        words: The vocabulary's sizes.
        length: Steps at most.
        depth: How deep regions may nest.
        on_ladder: Whether the trunk's input has a width of the ladder.
    """
    bodies = count_bodies(words, length - 1, depth, on_ladder=True)
    home = bodies if on_ladder else count_bodies(words, length - 1, depth, on_ladder=False)
    return sum(_level(words, length, (bodies, home), closed=False, on_ladder=on_ladder))


def count_bodies(words: Words, length: int, depth: int, *, on_ladder: bool) -> Polynomial:
    """Return the number of region bodies by exact size, at a width on or off the ladder."""
    if depth < 1 or length < 1:
        return []
    inner = count_bodies(words, length - 1, depth - 1, on_ladder=True)
    home = inner if on_ladder else count_bodies(words, length - 1, depth - 1, on_ladder=False)
    return _level(words, length, (inner, home), closed=True, on_ladder=on_ladder)


def _level(
    words: Words,
    length: int,
    bodies: tuple[Polynomial, Polynomial],
    *,
    closed: bool,
    on_ladder: bool,
) -> Polynomial:
    """Return the number of a level's sequences by exact size.

    Args:
        words: The vocabulary's sizes.
        length: Steps at most.
        bodies: What regions may hold at a width of the ladder, and at the start width.
        closed: The level holds a step and ends at its start width, which a setter may choose.
        on_ladder: The start width is on the ladder.
    """
    others = _power(
        _histories(words, length, bodies[0], start=0), words.ladder - int(on_ladder), length
    )
    home = _histories(words, length, bodies[1], start=1)
    rested = _histories(words, length, bodies[1], start=1, rested=True)
    returns = length if on_ladder or closed else 0
    total = [0] * (length + 1)
    for segments in range(length + 1):
        left = length - segments  # each chosen segment takes a step at least
        begun, still = [0] * (left + 1), [0] * (left + 1)
        for mine in range(min(segments, returns) + 1):
            orders = _orders(mine, segments - mine, closed=closed)
            if orders:
                theirs = others[segments - mine]
                _add(begun, _product(home[mine], theirs, left), orders)
                _add(still, _product(rested[mine], theirs, left), orders)
        _add(begun, still, -1)
        _add(total, _product(begun, _entering(words, segments, length, joins=segments), length), 1)
        # The first step of a level cannot join its only result with itself.
        joins = max(0, segments - 1)
        _add(total, _product(still, _entering(words, segments, length, joins=joins), length), 1)
    if closed:
        total[0] = 0
    return total


def _orders(mine: int, theirs: int, *, closed: bool) -> int:
    """Return in how many orders chosen segments follow the first; a closed level ends at home."""
    if not closed:
        return comb(mine + theirs, mine)
    if theirs == 0:
        return 1
    return comb(mine + theirs - 1, theirs) if mine else 0


def _histories(
    words: Words, length: int, bodies: Polynomial, *, start: int, rested: bool = False
) -> Histories:
    """Return the histories of one class that begins with ``start`` results.

    Args:
        words: The vocabulary's sizes.
        length: Steps at most.
        bodies: What a region of this class may hold.
        start: 1 for the home class, whose first result is the level's input; else 0.
        rested: Only those whose first segment holds no step.
    """
    found: Histories = []
    before: list[Polynomial] = []
    for segments in range(length + 1):
        left = length - segments
        rows: list[Polynomial] = []
        for kept in range(left + 1):
            row = [0] * (left + 1)
            if segments == 0 and kept == 0:
                row[0] = 1
            elif segments > 0:
                _add(row, before[kept], 1)
            results = start + segments + kept - 1
            if kept > 0 and results > 0 and not (rested and segments == 0):
                _add(row, _product(rows[-1], _keeping(words, results, bodies), left), 1)
            rows.append(row)
        before = rows
        history = [0] * (left + 1)
        for row in rows:
            _add(history, row, 1)
        found.append(history)
    return found


def _keeping(words: Words, results: int, bodies: Polynomial) -> Polynomial:
    """Return the ways of one step that keeps the width, after ``results`` results of that width."""
    plain = words.keepers + words.merges * (results - 1)
    return [0, plain, *(words.regions * one for one in bodies[1:])]


def _entering(words: Words, segments: int, length: int, *, joins: int) -> Polynomial:
    """Return the ways of choosing a width ``segments`` times, ``joins`` of them with a join in front if wanted."""
    ways = [0] * (length + 1)
    for joined in range(min(joins, length - segments) + 1):
        ways[segments + joined] = (
            words.setters**segments * comb(joins, joined) * words.joins**joined
        )
    return ways


def _power(histories: Histories, classes: int, length: int) -> Histories:
    """Return the interleaved histories of several classes, by squaring."""
    result: Histories = [[1] + [0] * length, *([0] * (length - t) for t in range(length))]
    while classes:
        if classes % 2:
            result = _interleave(result, histories, length)
        classes //= 2
        if classes:
            histories = _interleave(histories, histories, length)
    return result


def _interleave(first: Histories, second: Histories, length: int) -> Histories:
    mixed: Histories = []
    for segments in range(length + 1):
        ways = [0] * (length - segments + 1)
        for mine in range(segments + 1):
            part = _product(first[mine], second[segments - mine], length - segments)
            _add(ways, part, comb(segments, mine))
        mixed.append(ways)
    return mixed


def _product(first: Polynomial, second: Polynomial, degree: int) -> Polynomial:
    result = [0] * (degree + 1)
    for i, one in enumerate(first[: degree + 1]):
        if one:
            for j, other in enumerate(second[: degree + 1 - i]):
                if other:
                    result[i + j] += one * other
    return result


def _add(total: Polynomial, part: Polynomial, times: int) -> None:
    for index, value in enumerate(part[: len(total)]):
        total[index] += times * value
