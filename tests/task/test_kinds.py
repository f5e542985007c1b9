import numpy as np
import pytest

from coeval.errors import DataError
from coeval.task.kinds import infer_kinds, parse_kinds
from coeval.task.raw import Form, RawColumn, relabel
from coeval.task.table import Kind

ROWS = 200
rng = np.random.default_rng(0)


def numbers(values, name="x", whole=True):
    return RawColumn(name, Form.NUMBER, np.asarray(values, float), whole=whole, number=True)


def strings(values, name="x", category=False):
    found = sorted({one for one in values if one is not None})
    index = {one: code for code, one in enumerate(found)}
    codes = np.array([index.get(one, -1) for one in values], np.int32)
    return RawColumn(name, Form.STRING, *relabel(codes, found), category=category)


def kind(column, x=None):
    (schema,) = infer_kinds([column], {"x": Kind(x)} if x else {}, {})
    return schema.kind, schema.reason


WORDS = ["red car", "blue sky over town", "one", "two three four five"]
CASES = [
    (numbers(rng.normal(size=ROWS), whole=False), Kind.NUMERIC, "numbers"),
    (numbers(rng.integers(0, 3, ROWS)), Kind.NUMERIC, "whole numbers"),
    (numbers(np.arange(ROWS)), Kind.DROP, "identifier: whole numbers that increase"),
    (numbers(3 + np.arange(ROWS) + np.arange(ROWS) // 3), Kind.DROP, "increase with the rows"),
    (numbers(np.cumsum(rng.integers(1, 9, ROWS))), Kind.NUMERIC, "whole numbers"),
    (numbers(1800 + np.arange(ROWS)), Kind.NUMERIC, "whole numbers"),
    (numbers(20240101 + np.arange(28).repeat(2)), Kind.DATE, "dates as YYYYMMDD"),
    (numbers(rng.permutation(ROWS), "user_id"), Kind.DROP, "identifier: 200 different"),
    (numbers(rng.permutation(ROWS), "Customer ID"), Kind.DROP, "identifier: 200 different"),
    (numbers(rng.permutation(ROWS), "grid"), Kind.NUMERIC, "whole numbers"),
    (numbers(rng.permutation(ROWS)), Kind.NUMERIC, "whole numbers"),
    (numbers(np.arange(ROWS), whole=False), Kind.NUMERIC, "numbers"),
    (numbers(np.arange(5)), Kind.NUMERIC, "whole numbers"),
    (numbers(np.full(ROWS, 7)), Kind.DROP, "constant: one value"),
    (numbers(np.full(ROWS, np.nan)), Kind.DROP, "every value is missing"),
    (numbers([7, np.nan] * 100), Kind.NUMERIC, "whole numbers"),
    (strings(["a", "b"] * 100), Kind.CATEGORICAL, "2 categories"),
    (strings(["a"] * ROWS), Kind.DROP, "constant: always 'a'"),
    (strings(["a", None] * 100), Kind.CATEGORICAL, "1 categories"),
    (strings([f"k{i % 90}" for i in range(ROWS)]), Kind.CATEGORICAL, "high cardinality: 90"),
    (strings([f"u{i}" for i in range(ROWS)]), Kind.DROP, "identifier: 200 different values"),
    (strings([f"{WORDS[i % 4]} {i}" for i in range(ROWS)]), Kind.TEXT, "text: "),
    (strings([f"c{i}" for i in range(ROWS)], category=True), Kind.CATEGORICAL, "high card"),
    (RawColumn("x", Form.DATE, np.arange(200.0)), Kind.DATE, "dates"),
    (RawColumn("x", Form.NESTED, np.zeros(200), note="list"), Kind.DROP, "nested"),
]


@pytest.mark.parametrize(("column", "expected", "reason"), CASES)
def test_the_kind_is_inferred_with_a_reason(column, expected, reason):
    found, why = kind(column)
    assert found is expected
    assert why.startswith(reason) or reason in why


def test_a_copy_of_an_earlier_column_is_dropped_and_a_near_copy_is_not():
    first = numbers([1, 2, 3], "a")
    schema = infer_kinds([first, numbers([1, 2, 3], "b"), numbers([1, 2, 4], "c")], {}, {})
    assert [one.kind for one in schema] == [Kind.NUMERIC, Kind.DROP, Kind.NUMERIC]
    assert schema[1].reason == "same values as 'a'"


def test_a_relabelled_category_is_no_copy():
    schema = infer_kinds([strings(["a", "b"], "a"), strings(["x", "y"], "b")], {}, {})
    assert [one.kind for one in schema] == [Kind.CATEGORICAL] * 2


def test_a_reserved_column_is_dropped_with_its_role():
    (schema,) = infer_kinds([strings(["a", "b"])], {}, {"x": "the group column"})
    assert (schema.kind, schema.reason) == (Kind.DROP, "the group column")


def test_the_user_overrules_inference():
    assert kind(numbers(np.arange(ROWS)), x="numeric") == (Kind.NUMERIC, "set by the user")
    assert kind(numbers(np.arange(ROWS)), x="categorical")[0] is Kind.CATEGORICAL


def test_a_text_column_cannot_be_numeric_and_the_first_offender_is_named():
    with pytest.raises(DataError, match="row 2 holds 'abc'"):
        kind(strings(["1", "abc"]), x="numeric")


def test_a_text_column_cannot_be_a_date():
    with pytest.raises(DataError, match=r"cannot be a date.*'soon'"):
        kind(strings(["soon", "soon"]), x="date")


def test_whole_numbers_can_be_said_to_be_dates():
    column = numbers([20240325, 20240326])
    assert kind(column)[0] is Kind.NUMERIC
    assert kind(column, x="date")[0] is Kind.DATE
    with pytest.raises(DataError, match=r"cannot be a date.*'20240232'"):
        kind(numbers([20240232, 20240326]), x="date")


def test_too_many_categories_are_dropped_unless_forced_which_is_refused():
    column = strings([f"c{i % 60_000}" for i in range(70_000)])
    found, reason = kind(column)
    assert (found, reason) == (Kind.DROP, "identifier: 60000 categories, more than 50000")
    with pytest.raises(DataError, match="at most 50000"):
        kind(column, x="categorical")


@pytest.mark.parametrize(
    ("kinds", "message"),
    [
        ("zip", "expected name=kind pairs"),
        ("zpi=drop", "no column 'zpi'. Did you mean 'zip'"),
        ("zip=categorial", "Did you mean 'categorical'"),
        ("y=drop", "is the target"),
        ({"zip": "number"}, "is not a kind"),
    ],
)
def test_a_wrong_override_is_explained(kinds, message):
    with pytest.raises(DataError, match=message):
        parse_kinds(kinds, ["zip", "y"], "y")


def test_overrides_are_read_from_text_and_mapping():
    expected = {"zip": Kind.CATEGORICAL, "a=b": Kind.DROP}
    assert parse_kinds(" zip = Categorical, a=b=drop ", ["zip", "a=b"], "y") == expected
    assert parse_kinds({"zip": Kind.CATEGORICAL, "a=b": "drop"}, ["zip", "a=b"], "y") == expected
    assert parse_kinds(None, ["zip"], "y") == {}


def test_a_column_of_a_frame_holds_no_images():
    with pytest.raises(DataError, match="column 'x' cannot hold images here"):
        infer_kinds([strings(["a.png", "b.png"] * 9)], {"x": Kind.IMAGE}, {})
