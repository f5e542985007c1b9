import json

import numpy as np
import pytest
from hypothesis import given, settings

from coeval.errors import DataError, ExportError, SpaceError
from coeval.task.preparation import columns_for, fit, has_many_levels, settings_for
from coeval.task.preparation_json import from_json, to_json
from coeval.task.table import Column, Kind, Schema, Table
from coeval.task.task import Target
from tests.task.tables import SETTINGS, encoded, mixed_table, schema_of, tables, target_of


def names(*kinds: Kind) -> set[str]:
    schema = schema_of(mixed_table())
    chosen = tuple(one for one in schema.columns if one.kind in kinds)
    return {one.name for one in settings_for(type(schema)(chosen))}


def test_only_settings_that_matter_for_the_kinds_present_are_searched() -> None:
    assert names(Kind.NUMERIC) == {"scaling", "missing_flags"}
    assert names(Kind.DATE) == {"scaling", "missing_flags", "dates"}
    assert names(Kind.CATEGORICAL) == {"rare", "most_levels"}
    assert names(Kind.TEXT) == {"text_buckets", "text_ngrams", "text_words"}
    assert names() == set()


def test_a_target_encoding_is_a_choice_where_a_column_has_many_levels() -> None:
    schema = schema_of(mixed_table())
    found = {one.name for one in settings_for(schema, many_levels=True)}
    assert "target_encoding" in found
    many = Table((encoded("c", Kind.CATEGORICAL, [f"l{n % 11}" for n in range(44)]),), 44)
    few = Table((encoded("c", Kind.CATEGORICAL, [f"l{n % 10}" for n in range(44)]),), 44)
    rows = np.arange(44)
    assert has_many_levels(many, rows, Target("y", np.arange(44.0)))
    assert not has_many_levels(few, rows, Target("y", np.arange(44.0)))
    too_many = tuple(f"class {n}" for n in range(11))
    assert not has_many_levels(many, rows, Target("y", np.arange(44) % 11, too_many))


@pytest.mark.parametrize("chosen", [{"target_encoding": "all"}, {"text_effects": "words"}])
def test_a_target_encoding_without_a_target_is_refused(chosen) -> None:
    with pytest.raises(SpaceError, match="needs the target"):
        fit(chosen, mixed_table(), np.arange(60))


def test_texts_are_encoded_by_default_where_the_target_allows_it() -> None:
    text = Schema(tuple(one for one in schema_of(mixed_table()).columns if one.kind is Kind.TEXT))
    found = {one.name: one for one in settings_for(text, effects=True)}
    assert found["text_effects"].default == "words"
    assert "none" not in found["text_effects"].choices


def test_defaults_are_among_the_choices() -> None:
    for one in settings_for(schema_of(mixed_table())):
        assert one.default in one.choices


@given(tables(), SETTINGS)
@settings(max_examples=60, deadline=None)
def test_prepared_rows_are_of_the_type_that_the_preparation_states(table: Table, chosen) -> None:
    rows = np.arange(0, table.rows, 2)
    preparation = fit(chosen, table, rows, target_of(table))
    columns = preparation.columns
    assert columns == columns_for(chosen, table, rows, target_of(table))
    prepared = preparation.transform(table)
    assert prepared.numeric.shape == (table.rows, columns.numeric)
    assert np.isfinite(prepared.numeric).all()
    assert (prepared.numeric.dtype, prepared.codes.dtype) == (np.float32, np.int64)
    for codes, count in zip(prepared.codes.T, columns.categories, strict=True):
        assert 0 <= codes.min() <= codes.max() < count
    assert prepared.tokens.shape == (table.rows, sum(one.length for one in columns.texts))
    assert prepared.tokens.dtype == np.int64
    assert 0 <= prepared.tokens.min() <= prepared.tokens.max() < columns.texts[0].vocabulary


@given(tables(), SETTINGS)
@settings(max_examples=30, deadline=None)
def test_a_preparation_survives_json(table: Table, chosen) -> None:
    preparation = fit(chosen, table, np.arange(table.rows), target_of(table))
    again = from_json(json.loads(json.dumps(to_json(preparation))))
    assert again.columns == preparation.columns
    for one, other in zip(again.transform(table), preparation.transform(table), strict=True):
        assert np.array_equal(one, other)


def test_rows_outside_the_training_rows_change_nothing() -> None:
    table = mixed_table()
    rows = np.arange(30)
    first = fit({}, table, rows)
    halved = Table(
        tuple(Column(c.name, c.kind, c.values[:30], c.levels) for c in table.columns), 30
    )
    assert to_json(first) == to_json(fit({}, halved, rows))


def test_columns_are_found_by_name() -> None:
    table = mixed_table()
    preparation = fit({}, table, np.arange(table.rows))
    turned = Table((*reversed(table.columns), Column("x", Kind.NUMERIC, np.zeros(60))), 60)
    for one, other in zip(preparation.transform(table), preparation.transform(turned), strict=True):
        assert np.array_equal(one, other)


def test_flags_mark_what_is_missing_in_columns_where_that_varies() -> None:
    table = mixed_table()
    preparation = fit({"scaling": "standard"}, table, np.arange(table.rows))
    assert preparation.flags == ("number", "day")
    flags = preparation.transform(table).numeric[:, -2:]
    assert np.array_equal(flags[:, 0], np.isnan(table.columns[0].values))
    assert fit({"missing_flags": False}, table, np.arange(60)).flags == ()


def test_no_rows_are_prepared_to_no_rows() -> None:
    table = mixed_table()
    preparation = fit({"dates": "both"}, table, np.arange(table.rows))
    empty = Table(tuple(Column(c.name, c.kind, c.values[:0], c.levels) for c in table.columns), 0)
    assert [part.shape[0] for part in preparation.transform(empty)] == [0, 0, 0]


def test_a_missing_column_is_named_with_its_near_match() -> None:
    table = mixed_table()
    preparation = fit({}, table, np.arange(60))
    fewer = Table((*table.columns[1:], Column("numbr", Kind.NUMERIC, np.zeros(60))), 60)
    with pytest.raises(DataError, match=r"'number' must be numeric.*Did you mean 'numbr'"):
        preparation.transform(fewer)


def test_a_column_of_another_kind_is_refused() -> None:
    table = mixed_table()
    preparation = fit({}, table, np.arange(60))
    wrong = Table((Column("number", Kind.DATE, np.zeros(60)), *table.columns[1:]), 60)
    with pytest.raises(DataError, match="got a date column"):
        preparation.transform(wrong)


@pytest.mark.parametrize(
    ("chosen", "message"),
    [({"scalling": "robust"}, "Did you mean 'scaling'"), ({"scaling": "log"}, "must be one of")],
)
def test_wrong_settings_are_refused(chosen, message: str) -> None:
    with pytest.raises(SpaceError, match=message):
        columns_for(chosen, mixed_table(), np.arange(60))


def test_json_of_another_format_or_damaged_is_refused() -> None:
    value = to_json(fit({}, mixed_table(), np.arange(60)))
    with pytest.raises(ExportError, match="format 1 was expected, got 2"):
        from_json(value | {"format": 2})
    with pytest.raises(ExportError, match="damaged"):
        from_json({name: one for name, one in value.items() if name != "scaler"})
    with pytest.raises(ExportError, match="got None"):
        from_json([1])
    encoding = {"name": "colour", "levels": ["red"], "effects": [[0.0]]}
    with pytest.raises(ExportError, match="effects of shape"):
        from_json(value | {"targets": [encoding]})
