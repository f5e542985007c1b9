"""Hashed text as ONNX operators: the same tokens and ids as ``coeval.task.preparation_text``."""

from onnx import TensorProto

from coeval.export.onnx_graph import Graph
from coeval.task.preparation_text import PADDING, TOKEN_PATTERN, TextHash

MICROSOFT = "com.microsoft"
"""The domain of ONNX Runtime's own operators, part of every build of it."""


def flat_strings(graph: Graph, source: str, last: str) -> str:
    """Turn ``(rows, 1)`` strings into ``(rows + 1,)``; string operators fail on no rows, the last one prevents it."""
    flat = graph.node("Reshape", source, graph.integers([-1]))
    return graph.node("Concat", flat, graph.strings([last]), attributes={"axis": 0})


def without_last(graph: Graph, value: str) -> str:
    """Take away the row that ``flat_strings`` added."""
    return graph.node("Slice", value, *(graph.integers([n]) for n in (0, -1, 0)))


def text_ids(graph: Graph, source: str, text: TextHash) -> str:
    """Add one text column's ids; ``(rows, length)`` int64."""
    flat = flat_strings(graph, source, PADDING)
    # Only locale "C" exists everywhere and changes nothing but ASCII letters.
    lower = graph.node(
        "StringNormalizer", flat, attributes={"case_change_action": "LOWER", "locale": "C"}
    )
    # The sentinels make the longest row at least `words` long, whatever the batch holds.
    padded = graph.node("StringConcat", lower, graph.strings([f" {PADDING}" * text.words]))
    split = graph.node(
        "Tokenizer",
        padded,
        attributes={"mark": 0, "mincharnum": 1, "pad_value": "", "tokenexp": TOKEN_PATTERN},
        domain=MICROSOFT,
    )
    words = _columns(graph, split, 0, text.words)
    empty = graph.node(
        "Or",
        graph.node("Equal", words, graph.strings([""])),
        graph.node("Equal", words, graph.strings([PADDING])),
    )
    ids = [_ids(graph, words, empty, text.buckets)]
    if text.bigrams:
        left, right = (_columns(graph, words, n, n + text.words - 1) for n in (0, 1))
        spaced = graph.node("StringConcat", left, graph.strings([" "]))
        pairs = graph.node("StringConcat", spaced, right)
        none = graph.node("Or", *(_columns(graph, empty, n, n + text.words - 1) for n in (0, 1)))
        ids.append(_ids(graph, pairs, none, text.buckets))
    return without_last(graph, graph.join(ids))


def _columns(graph: Graph, value: str, start: int, end: int) -> str:
    return graph.node("Slice", value, *(graph.integers([n]) for n in (start, end, 1)))


def _ids(graph: Graph, strings: str, empty: str, buckets: int) -> str:
    hashed = graph.node(
        "MurmurHash3", strings, attributes={"seed": 0, "positive": 1}, domain=MICROSOFT
    )
    bucket = graph.node("Mod", graph.cast(hashed, TensorProto.INT64), graph.integers(buckets))
    numbered = graph.node("Add", bucket, graph.integers(1))
    return graph.node("Where", empty, graph.integers(0), numbered)
