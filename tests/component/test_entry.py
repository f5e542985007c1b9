import pytest
from hypothesis import given
from hypothesis import strategies as st

from coeval.architecture.component import Call, Rejection
from coeval.architecture.types import Columns, Tokens, Vector
from coeval.component.entry import CATEGORY_ENTRY, NUMERIC_ENTRY, TEXT_ENTRY, embedding_width

ROW = Columns(5, (3, 20, 1000), (Tokens(16, 64), Tokens(4, 128)))


def found(component, row=ROW, **settings):
    call = Call((row,), dict(component.complete(settings)))
    output = component.type_rule(call)
    return output, component.cost_rule(call, output), component.arguments(call, output)


def test_plain_numbers_pass_through():
    output, cost, arguments = found(NUMERIC_ENTRY)
    assert output == Vector(5)
    assert (cost.parameters, cost.macs) == (0, 0)
    assert arguments["encoding"] == "plain"
    assert arguments["columns"] == 5


def test_piecewise_linear_counts_a_linear_map_for_each_column():
    output, cost, arguments = found(NUMERIC_ENTRY, encoding="piecewise_linear", width=4, bins=8)
    assert output == Vector(20)
    assert (cost.parameters, cost.macs) == (5 * (8 * 4 + 4), 5 * 8 * 4)
    assert arguments["bins"] == 8


def test_periodic_counts_frequencies_phases_and_a_linear_map_beside_the_value():
    output, cost, arguments = found(NUMERIC_ENTRY, encoding="periodic", width=4, frequencies=16)
    assert output == Vector(20)
    assert (cost.parameters, cost.macs) == (5 * (16 + 16 + 16 * 3 + 3), 5 * 16 * 3)
    assert arguments["scale"] == 0.1


def test_categories_get_narrower_embeddings_when_there_are_few():
    output, cost, arguments = found(CATEGORY_ENTRY, width=8)
    assert arguments == {"cardinalities": (3, 20, 1000), "widths": (3, 8, 8)}
    assert output == Vector(19)
    assert (cost.parameters, cost.macs) == (3 * 3 + 20 * 8 + 1000 * 8, 0)


@given(st.integers(1, 10**6), st.integers(1, 1024))
def test_an_embedding_is_never_wider_than_allowed_nor_much_wider_than_one_hot(codes, width):
    found_width = embedding_width(codes, width)
    assert 1 <= found_width <= min(width, codes + 1)
    assert found_width <= embedding_width(codes + 1, width)


def test_texts_share_the_width_and_have_a_table_each():
    output, cost, arguments = found(TEXT_ENTRY, width=8)
    assert output == Vector(16)
    assert cost.parameters == (64 + 128) * 8
    assert arguments == {"lengths": (16, 4), "vocabularies": (64, 128), "width": 8}


@pytest.mark.parametrize(
    ("component", "row", "kind"),
    [
        (NUMERIC_ENTRY, Columns(0, (2,)), "numeric"),
        (CATEGORY_ENTRY, Columns(2), "categorical"),
        (TEXT_ENTRY, Columns(2), "text"),
    ],
)
def test_an_entry_without_columns_is_refused(component, row, kind):
    with pytest.raises(Rejection, match=f"no {kind} columns. Remove {component.name}."):
        found(component, row)


def test_settings_matter_only_for_their_own_encoding():
    def relevant(encoding):
        assert NUMERIC_ENTRY.relevant is not None
        return NUMERIC_ENTRY.relevant(dict(NUMERIC_ENTRY.complete({"encoding": encoding})))

    assert relevant("plain") == {"encoding"}
    assert relevant("piecewise_linear") == {"encoding", "width", "bins"}
    assert relevant("periodic") == {"encoding", "width", "frequencies", "scale"}
