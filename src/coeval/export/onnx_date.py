"""ISO dates as ONNX operators: the same parts as ``coeval.task.preparation_date``.

Days are counted by Howard Hinnant's ``days_from_civil`` (howardhinnant.github.io/date_algorithms.html).
What is not ``YYYY-MM-DD``, with or without ``HH:MM[:SS[.fraction]]`` behind ``T`` or a blank, is missing.
"""

import math

from onnx import TensorProto

from coeval.export.onnx_graph import Graph
from coeval.export.onnx_text import flat_strings, without_last
from coeval.task.preparation_date import CYCLE_STEPS, DAY_MILLISECONDS

ISO_PATTERN = (
    r"\d{4}-(0?[1-9]|1[0-2])-(0?[1-9]|[12]\d|3[01])"
    r"([T ]([01]?\d|2[0-3]):[0-5]\d(:[0-5]\d(\.\d{1,9})?)?Z?)?"
)

_MONTH_LENGTHS = (0, 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)


def date_parts(graph: Graph, source: str, parts: tuple[str, ...]) -> str:
    """Add one date column's parts; ``(rows, parts)`` doubles, NaN = missing."""
    text = flat_strings(graph, source, "")
    written = graph.node("RegexFullMatch", text, attributes={"pattern": ISO_PATTERN})
    safe = graph.node("Where", written, text, graph.strings(["1970-01-01"]))
    year, month, day, seconds = _fields(graph, safe)
    known = graph.node("And", written, _exists(graph, year, month, day))
    whole = _days(graph, year, month, day)
    share = graph.node("Div", seconds, graph.doubles(86_400.0))
    elapsed = graph.node("Add", graph.cast(whole, TensorProto.DOUBLE), share)
    weekday = graph.node("Mod", graph.node("Add", whole, graph.integers(3)), graph.integers(7))
    values = {
        name: graph.cast(value, TensorProto.DOUBLE)
        for name, value in (("year", year), ("month", month), ("day", day), ("weekday", weekday))
    }
    values["elapsed"] = elapsed
    values["hour"] = _rounded(graph, share, DAY_MILLISECONDS, DAY_MILLISECONDS / 24.0)
    columns = [_column(graph, values, part, known) for part in parts]
    return without_last(graph, graph.join(columns))


def _fields(graph: Graph, text: str) -> tuple[str, str, str, str]:
    """Split ``(rows,)`` dates into year, month, day (int64) and seconds of the day (double)."""
    local = _split(graph, text, "Z", "Z", 0)
    year, month, rest = (_split(graph, local, "-", "", n) for n in range(3))
    # "05", "05T07:30" and "05T07:30:15.5": the added zeros stand where nothing was said.
    day_hour, minute, second = (_split(graph, rest, ":", ":0:0", n) for n in range(3))
    before_t, after_t = (_split(graph, day_hour, "T", "T", n) for n in range(2))
    spaced = graph.node(
        "StringConcat", graph.node("StringConcat", before_t, graph.strings([" "])), after_t
    )
    day, hour = (_split(graph, spaced, "", " 0", n) for n in range(2))
    seconds = graph.node(
        "Add",
        graph.node("Add", _times(graph, hour, 3600.0), _times(graph, minute, 60.0)),
        graph.cast(second, TensorProto.DOUBLE),
    )
    year, month, day = (graph.cast(value, TensorProto.INT64) for value in (year, month, day))
    return year, month, day, seconds


def _split(graph: Graph, text: str, delimiter: str, suffix: str, index: int) -> str:
    """Append a suffix, split, and take one piece; an empty delimiter means runs of blanks."""
    longer = graph.node("StringConcat", text, graph.strings([suffix])) if suffix else text
    pieces = graph.node("StringSplit", longer, attributes={"delimiter": delimiter}, outputs=2)
    return graph.pick(pieces, index)


def _times(graph: Graph, text: str, factor: float) -> str:
    return graph.node("Mul", graph.cast(text, TensorProto.DOUBLE), graph.doubles(factor))


def _exists(graph: Graph, year: str, month: str, day: str) -> str:
    """Say where the month has such a day, and the year is not 0."""
    length = graph.node("Gather", graph.integers(_MONTH_LENGTHS), month)
    fourth, hundredth, fourhundredth = (
        graph.node("Equal", _modulo(graph, year, n), graph.integers(0)) for n in (4, 100, 400)
    )
    leap = graph.node("Or", graph.node("And", fourth, graph.node("Not", hundredth)), fourhundredth)
    longer = graph.node("And", leap, graph.node("Equal", month, graph.integers(2)))
    length = graph.node("Add", length, graph.cast(longer, TensorProto.INT64))
    fits = graph.node("LessOrEqual", day, length)
    return graph.node("And", fits, graph.node("Greater", year, graph.integers(0)))


def _days(graph: Graph, year: str, month: str, day: str) -> str:
    """Count the days since 1970-01-01; years begin in March, so that a leap day ends one."""
    early = graph.cast(graph.node("LessOrEqual", month, graph.integers(2)), TensorProto.INT64)
    year = graph.node("Sub", year, early)
    era = _quotient(graph, year, 400)
    of_era = _modulo(graph, year, 400)
    from_march = _modulo(graph, graph.node("Add", month, graph.integers(9)), 12)
    scaled = graph.node("Mul", from_march, graph.integers(153))
    of_year = _quotient(graph, graph.node("Add", scaled, graph.integers(2)), 5)
    of_year = graph.node("Add", of_year, day)
    days = graph.node("Mul", of_era, graph.integers(365))
    days = graph.node("Add", days, _quotient(graph, of_era, 4))
    days = graph.node("Sub", days, _quotient(graph, of_era, 100))
    days = graph.node("Add", days, of_year)
    days = graph.node("Add", days, graph.node("Mul", era, graph.integers(146_097)))
    return graph.node("Sub", days, graph.integers(719_469))  # 719,468 and the day's own 1


def _quotient(graph: Graph, value: str, divisor: int) -> str:
    return graph.node("Div", value, graph.integers(divisor))


def _modulo(graph: Graph, value: str, divisor: int) -> str:
    return graph.node("Mod", value, graph.integers(divisor))


def _column(graph: Graph, values: dict[str, str], part: str, known: str) -> str:
    """Return one part as ``(rows, 1)``, NaN where the date is missing."""
    value = values[part] if part in values else _cycle(graph, values, part)
    marked = graph.node("Where", known, value, graph.doubles(math.nan))
    return graph.node("Unsqueeze", marked, graph.integers([1]))


def _cycle(graph: Graph, values: dict[str, str], part: str) -> str:
    name, wave = part.split("_")
    if name == "season":
        month = graph.node("Sub", values["month"], graph.doubles(1.0))
        day = graph.node("Sub", values["day"], graph.doubles(1.0))
        turns = graph.node(
            "Add",
            graph.node("Div", month, graph.doubles(12.0)),
            graph.node("Div", day, graph.doubles(372.0)),
        )
    else:
        whole = 7.0 if name == "weekday" else 24.0
        turns = graph.node("Div", values[name], graph.doubles(whole))
    angle = graph.node("Mul", turns, graph.doubles(2.0 * math.pi))
    if wave == "cos":
        angle = graph.node("Add", angle, graph.doubles(math.pi / 2.0))
    return _rounded(graph, graph.node("Sin", angle), CYCLE_STEPS, CYCLE_STEPS)


def _rounded(graph: Graph, value: str, steps: float, divisor: float) -> str:
    whole = graph.node("Round", graph.node("Mul", value, graph.doubles(steps)))
    return graph.node("Div", whole, graph.doubles(divisor))
