import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from onnx import TensorProto

from coeval.export.model import RawInput
from coeval.export.onnx_graph import Graph
from coeval.export.onnx_text import text_ids
from coeval.task.preparation_text import TextHash
from coeval.task.table import Kind
from tests.export.graphs import run, strings
from tests.task.tables import encoded


def through_onnx(text: TextHash, *texts: str) -> np.ndarray:
    graph = Graph("coeval/")
    output = text_ids(graph, "t", text)
    inputs = (RawInput("t", "t", False, Kind.TEXT),)
    return run(graph, inputs, {output: TensorProto.INT64}, {"t": strings(*texts)})[0]


@given(st.lists(st.text(st.characters(codec="utf-8")), min_size=1, max_size=6), st.booleans())
@example(
    [
        "\x00a\x00b",
        "a\x01b",
        "\u2003x\u00a0y",
        "\u0130\u0131\u017fK \u00c0\u00c9",
        "\U0001f600 \ud7ff",
        "\r\n\t",
    ],
    True,
)
@settings(max_examples=40, deadline=None)
def test_any_text_gets_the_ids_that_training_gave_it(texts: list[str], bigrams: bool) -> None:
    text = TextHash("t", 64, 4, bigrams)
    expected = text.transform(encoded("t", Kind.TEXT, list(texts)))
    assert np.array_equal(through_onnx(text, *texts), expected)


@pytest.mark.parametrize("count", [0, 1, 5])
def test_rows_without_any_word_are_padding(count: int) -> None:
    found = through_onnx(TextHash("t", 64, 4, bigrams=True), *[""] * count)
    assert np.array_equal(found, np.zeros((count, 7), dtype=np.int64))


def test_a_long_text_beside_a_short_one_is_cut() -> None:
    text = TextHash("t", 1024, 3, bigrams=False)
    found = through_onnx(text, "one", "one two three four five " * 50)
    assert found[0].tolist() == [found[1, 0], 0, 0]
    assert (found[1] > 0).all()
