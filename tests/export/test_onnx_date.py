from datetime import datetime, timedelta

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from onnx import TensorProto

from coeval.export.model import RawInput
from coeval.export.onnx_date import date_parts
from coeval.export.onnx_graph import Graph
from coeval.task.preparation_date import PARTS
from coeval.task.preparation_date import date_parts as expected_parts
from coeval.task.table import Kind
from tests.export.graphs import run, strings

EPOCH = datetime(1970, 1, 1)


def parts(*texts: str, of: tuple[str, ...] = PARTS["both"]) -> np.ndarray:
    graph = Graph("coeval/")
    output = date_parts(graph, "d", of)
    inputs = (RawInput("d", "d", False, Kind.DATE),)
    return run(graph, inputs, {output: TensorProto.DOUBLE}, {"d": strings(*texts)})[0]


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("1970-01-01", datetime(1970, 1, 1)),
        ("2000-02-29", datetime(2000, 2, 29)),
        ("1999-12-31T23:59", datetime(1999, 12, 31, 23, 59)),
        ("2024-02-29 07:30:15", datetime(2024, 2, 29, 7, 30, 15)),
        ("2024-02-29T07:30:15.500Z", datetime(2024, 2, 29, 7, 30, 15, 500_000)),
        ("2024-3-1", datetime(2024, 3, 1)),
        ("0001-01-01", datetime(1, 1, 1)),
        ("9999-12-31", datetime(9999, 12, 31)),
    ],
)
def test_dates_with_and_without_a_time_are_read(text: str, moment: datetime) -> None:
    days = np.array([(moment - EPOCH) / timedelta(days=1)])
    np.testing.assert_allclose(parts(text), expected_parts(days, PARTS["both"]), rtol=1e-12)


NO_DATES = """
? 2023-02-29 1900-02-29 2024-04-31 2024-13-01 2024-00-10 2024-01-00 0000-01-01 2024-01-01T24:00
2024-01-01T10:60 24-01-01 01/02/2024 -5-01-01 2024-01-01T x2024-01-01 2024-01-01Z ٢٠٢٤-01-01
"""


@pytest.mark.parametrize("text", [*NO_DATES.split(), "", "2024-01-01 10"])
def test_what_is_no_date_is_missing(text: str) -> None:
    assert np.isnan(parts(text, of=PARTS["basic"])).all()


def test_rows_of_all_forms_stand_beside_each_other() -> None:
    found = parts("2024-05-06", "", "2024-05-06T12:00", "2024-05-06 12:00:36", of=("day", "hour"))
    np.testing.assert_array_equal(found, [[6, 0], [np.nan, np.nan], [6, 12], [6, 12.01]])


@given(st.lists(st.text(st.sampled_from("0123456789-T: .Z"), max_size=24), min_size=1, max_size=9))
@settings(max_examples=25, deadline=None)
def test_no_text_whatsoever_breaks_the_graph(texts: list[str]) -> None:
    assert parts(*texts, of=("year",)).shape == (len(texts), 1)


def test_a_date_is_read_once_however_many_members_take_it_apart() -> None:
    graph = Graph("coeval/")
    both = date_parts(graph, "d", PARTS["both"])
    nodes, constants = len(graph.nodes), len(graph.constants)
    assert date_parts(graph, "d", PARTS["both"]) == both
    basic = date_parts(graph, "d", PARTS["basic"])
    assert basic != both
    added = {one.op_type for one in graph.nodes[nodes:]}
    assert added <= {"Concat", "Slice"}
    assert len(graph.constants) - constants <= 1
