import numpy as np
import pytest
from hypothesis import given, settings
from onnx import TensorProto

from coeval.export import onnx_preparation
from coeval.export.feeds import feeds
from coeval.export.model import raw_inputs
from coeval.export.onnx_graph import Graph
from coeval.task.preparation import Preparation, fit
from coeval.task.table import Column, Kind, Rows, Table
from tests.export.graphs import run
from tests.task.tables import SETTINGS, encoded, mixed_table, schema_of, tables, target_of


def through_onnx(preparation: Preparation, table: Table, numbers: tuple[str, ...]) -> Rows:
    inputs = raw_inputs(schema_of(table, numbers))
    by_column = {one.column: one for one in inputs}
    graph = Graph("coeval/")
    outputs = {
        onnx_preparation.numeric(graph, preparation, by_column): TensorProto.FLOAT,
        onnx_preparation.codes(graph, preparation, by_column): TensorProto.INT64,
        onnx_preparation.tokens(graph, preparation, by_column): TensorProto.INT64,
    }
    return Rows(*run(graph, inputs, outputs, feeds(inputs, table)))


def agree(found: Rows, expected: Rows) -> None:
    # One unit in the last place of a float32 of the largest size.
    np.testing.assert_allclose(found.numeric, expected.numeric, rtol=1e-6, atol=1e-6)
    assert np.array_equal(found.codes, expected.codes)
    assert np.array_equal(found.tokens, expected.tokens)


@given(tables(), SETTINGS)
@settings(max_examples=40, deadline=None)
def test_the_graph_prepares_any_table_as_the_preparation_does(table: Table, chosen) -> None:
    preparation = fit(chosen, table, np.arange(0, table.rows, 2), target_of(table))
    agree(through_onnx(preparation, table, ("k",)), preparation.transform(table))


@pytest.mark.parametrize("scaling", ["standard", "robust", "quantile"])
def test_a_larger_table_is_prepared_as_in_training(scaling: str) -> None:
    table = mixed_table(3000)
    chosen = {
        "scaling": scaling,
        "dates": "both",
        "target_encoding": "all",
        "text_effects": "words",
    }
    preparation = fit(chosen, table, np.arange(1000), target_of(table))
    agree(through_onnx(preparation, table, ("code",)), preparation.transform(table))


def two_numbers(values: np.ndarray) -> Table:
    columns = (Column(name, Kind.NUMERIC, one) for name, one in zip("ab", values.T, strict=True))
    return Table(tuple(columns), len(values))


def test_a_quantile_map_is_the_same_to_the_last_bit_at_its_knots_and_beyond_them() -> None:
    rng = np.random.default_rng(0)
    table = two_numbers(np.stack([rng.normal(size=2000), rng.integers(0, 5, 2000)], axis=1) * 1.1)
    preparation = fit({"scaling": "quantile"}, table, np.arange(1000), target_of(table))
    knots = preparation.scaler.knots.T
    beyond = np.repeat([[-np.inf], [-1e300], [1e300], [np.inf], [np.nan]], 2, axis=1)
    near = [np.nextafter(knots, -np.inf), knots, np.nextafter(knots, np.inf)]
    other = two_numbers(np.concatenate([*near, beyond]))
    inputs, graph = raw_inputs(schema_of(other, ("a", "b"))), Graph("coeval/")
    scaled = onnx_preparation.numeric(graph, preparation, {one.column: one for one in inputs})
    (found,) = run(graph, inputs, {scaled: TensorProto.FLOAT}, feeds(inputs, other))
    assert np.array_equal(found, preparation.transform(other).numeric)


def test_levels_never_seen_and_all_missing_rows_are_prepared_as_in_training() -> None:
    table = mixed_table()
    chosen = {"text_ngrams": "bigrams", "target_encoding": "all", "text_effects": "bigrams"}
    preparation = fit(chosen, table, np.arange(60), target_of(table))
    columns = []
    for one in table.columns:
        if one.levels:
            new = ["1000", None] if one.name == "code" else ["never seen, Ever", None]
            columns.append(encoded(one.name, one.kind, new))
        else:
            columns.append(Column(one.name, one.kind, np.array([1e308, np.nan])))
    new_rows = Table(tuple(columns), 2)
    agree(through_onnx(preparation, new_rows, ("code",)), preparation.transform(new_rows))


def test_no_rows_are_prepared_to_no_rows() -> None:
    table = mixed_table()
    preparation = fit({"text_ngrams": "bigrams"}, table, np.arange(60))
    empty = Table(tuple(Column(c.name, c.kind, c.values[:0], c.levels) for c in table.columns), 0)
    agree(through_onnx(preparation, empty, ("code",)), preparation.transform(empty))
