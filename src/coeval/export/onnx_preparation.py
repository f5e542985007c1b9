"""The preparation as ONNX operators: what ``Preparation.transform`` does, from one raw input a column.

Numbers arrive as doubles (NaN = missing), everything else as strings ('' = missing), each ``(rows, 1)``.
"""

import functools
from collections.abc import Mapping

import numpy as np
from onnx import TensorProto, helper

from coeval.export.model import RawInput
from coeval.export.onnx_date import date_parts
from coeval.export.onnx_graph import Graph, string_tensor
from coeval.export.onnx_text import text_ids
from coeval.task.preparation import Preparation
from coeval.task.preparation_category import MISSING, CategoryCodes
from coeval.task.preparation_moment import Moment
from coeval.task.preparation_numeric import FARTHEST, LARGEST, STEEPEST, Scaler
from coeval.task.preparation_words import WordEffects


def numeric(graph: Graph, preparation: Preparation, inputs: Mapping[str, RawInput]) -> str:
    """Add the numeric part; ``(rows, numeric)`` float32."""
    raw = [inputs[name].name for name in preparation.numbers]
    first_part = dict(zip(preparation.numbers, raw, strict=True))
    for name in preparation.dates:
        parts = date_parts(graph, inputs[name].name, preparation.parts)
        raw.append(parts)
        first = graph.node("Slice", parts, *(graph.integers([n]) for n in (0, 1, 1)))
        first_part[name] = first
    if preparation.moment:
        raw.append(_moment(graph, preparation.moment, first_part))
    pieces = []
    if raw:
        pieces.append(_scaled(graph, preparation.scaler, graph.join(raw)))
    if preparation.flags:
        flagged = graph.join([first_part[name] for name in preparation.flags])
        pieces.append(graph.cast(graph.node("IsNaN", flagged), TensorProto.FLOAT))
    for one in preparation.targets:
        found = _codes(graph, one.codes, inputs[one.name])
        effects = graph.node("Gather", graph.floats(one.effects), found)
        pieces.append(graph.node("Squeeze", effects, graph.integers([1])))
    pieces += [_words(graph, one, inputs[one.name].name) for one in preparation.words]
    return graph.join(pieces)


def codes(graph: Graph, preparation: Preparation, inputs: Mapping[str, RawInput]) -> str:
    """Add the categorical part; ``(rows, categories)`` int64."""
    return graph.join([_codes(graph, one, inputs[one.name]) for one in preparation.categories])


def tokens(graph: Graph, preparation: Preparation, inputs: Mapping[str, RawInput]) -> str:
    """Add the text part; ``(rows, sum of lengths)`` int64."""
    return graph.join([text_ids(graph, inputs[one.name].name, one) for one in preparation.texts])


def _moment(graph: Graph, moment: Moment, sources: Mapping[str, str]) -> str:
    """Add up the days that columns count; ``(rows, 1)`` doubles."""
    days = [graph.node("Mul", sources[name], graph.doubles(each)) for name, each in moment]
    return functools.reduce(lambda total, more: graph.node("Add", total, more), days)


def _scaled(graph: Graph, scaler: Scaler, raw: str) -> str:
    """Fill, cut and scale ``(rows, features)`` doubles."""
    filled = graph.node("Where", graph.node("IsNaN", raw), graph.doubles(scaler.fill), raw)
    values = _cut(graph, filled, -LARGEST, LARGEST)
    if scaler.kind == "quantile":
        return graph.cast(_quantile(graph, scaler, values), TensorProto.FLOAT)
    centered = graph.node("Sub", values, graph.doubles(scaler.center))
    scaled = graph.node("Mul", centered, graph.doubles(scaler.inverse))
    if scaler.kind == "standard":
        return graph.cast(_cut(graph, scaled, -FARTHEST, FARTHEST), TensorProto.FLOAT)
    scaled = _cut(graph, scaled, -STEEPEST, STEEPEST)
    third = graph.node("Div", scaled, graph.doubles(3.0))
    inside = graph.node("Add", graph.node("Mul", third, third), graph.doubles(1.0))
    soft = graph.node("Div", scaled, graph.node("Sqrt", inside))
    return graph.cast(soft, TensorProto.FLOAT)


def _quantile(graph: Graph, scaler: Scaler, values: str) -> str:
    """Find the segment between knots that each value lies in, by halving, and go along it by the value's share of it."""

    def at(place: str, each: np.ndarray) -> str:
        table = graph.doubles(np.ascontiguousarray(each.T))
        return graph.node("GatherElements", table, place, attributes={"axis": 0})

    step = (scaler.knots.shape[1] - 1) // 2
    reached = graph.node("LessOrEqual", graph.doubles(scaler.knots[:, step]), values)
    left = graph.node("Where", reached, graph.integers(step), graph.integers(0))
    while step > 1:
        step //= 2
        ahead = graph.node("Add", left, graph.integers(step))
        reached = graph.node("LessOrEqual", at(ahead, scaler.knots), values)
        left = graph.node("Where", reached, ahead, left)
    gaps = np.diff(scaler.knots, axis=1)
    above = graph.node("Sub", values, at(left, scaler.knots))
    share = graph.node("Div", above, at(left, np.where(gaps > 0.0, gaps, 1.0)))
    rise = at(left, np.diff(scaler.levels, axis=1))
    risen = graph.node("Mul", rise, _cut(graph, share, 0.0, 1.0))
    return graph.node("Add", at(left, scaler.levels), risen)


def _words(graph: Graph, words: WordEffects, source: str) -> str:
    """Add up the effects of a text's words, and divide them by the root of how many there are; ``(rows, outputs)`` float32."""
    ids = text_ids(graph, source, words.text)
    effects = graph.node("Gather", graph.floats(words.effects), ids)
    doubles = graph.cast(effects, TensorProto.DOUBLE)
    total = graph.node("ReduceSum", doubles, graph.integers([1]), attributes={"keepdims": 0})
    there = graph.cast(graph.node("Greater", ids, graph.integers(0)), TensorProto.DOUBLE)
    count = graph.node("ReduceSum", there, graph.integers([1]), attributes={"keepdims": 1})
    root = graph.node("Sqrt", graph.node("Max", count, graph.doubles(1.0)))
    return graph.cast(graph.node("Div", total, root), TensorProto.FLOAT)


def _cut(graph: Graph, value: str, low: float, high: float) -> str:
    return graph.node("Clip", value, graph.doubles(low), graph.doubles(high))


def _codes(graph: Graph, category: CategoryCodes, source: RawInput) -> str:
    """Look levels up; a category written as numbers is looked up as numbers, of which NaN says missing."""
    numbers = range(1, len(category.levels) + 1)
    if source.number:
        known = {
            float(level): float(code)
            for level, code in zip(category.levels, numbers, strict=True)
            if level
        }
        keys, values = list(known) or [0.0], list(known.values()) or [0.0]
        attributes = {
            "keys_tensor": helper.make_tensor("keys", TensorProto.DOUBLE, [len(keys)], keys),
            "values_tensor": helper.make_tensor("values", TensorProto.DOUBLE, [len(keys)], values),
            "default_tensor": helper.make_tensor("default", TensorProto.DOUBLE, [1], [0.0]),
        }
    else:
        levels = list(category.levels) or [""]
        attributes = {
            "keys_tensor": string_tensor("keys", levels),
            "values_tensor": helper.make_tensor(
                "values", TensorProto.INT64, [len(levels)], list(numbers) or [0]
            ),
            "default_tensor": helper.make_tensor("default", TensorProto.INT64, [1], [0]),
        }
    found = graph.node("LabelEncoder", source.name, attributes=attributes, domain="ai.onnx.ml")
    if not source.number:
        return found
    found = graph.cast(found, TensorProto.INT64)
    if MISSING not in category.levels:
        return found
    missing = graph.integers(category.levels.index(MISSING) + 1)
    return graph.node("Where", graph.node("IsNaN", source.name), missing, found)
