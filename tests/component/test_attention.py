import pytest

from coeval.architecture.component import Call, Rejection
from coeval.architecture.types import Grid, Sequence, Set, Vector
from coeval.component.attention import ATTENTION, POSITION_EMBEDDING


def call(component, value, **settings):
    return Call((value,), dict(component.complete(settings)))


@pytest.mark.parametrize("value", [Grid(3, 4, 8), Sequence(12, 8), Set(12, 8)], ids=str)
def test_attention_keeps_any_domain_and_costs_by_its_positions(value):
    one = call(ATTENTION, value, heads=2)
    assert ATTENTION.type_rule(one) == value
    cost = ATTENTION.cost_rule(one, value)
    assert cost.parameters == 4 * 8 * 9
    assert cost.macs == 4 * 12 * 64 + 2 * 144 * 8
    assert cost.activations == 5 * 12 * 8 + 2 * 144


def test_attention_needs_positions_and_equal_heads():
    with pytest.raises(Rejection, match=r"expected a value with positions, got Vector\(8\)"):
        ATTENTION.type_rule(call(ATTENTION, Vector(8)))
    with pytest.raises(Rejection, match="heads must divide the 6 features"):
        ATTENTION.type_rule(call(ATTENTION, Sequence(3, 6), heads=4))


def test_positions_have_a_vector_each_where_they_have_an_order():
    one = call(POSITION_EMBEDDING, Grid(3, 4, 8))
    assert POSITION_EMBEDDING.type_rule(one) == Grid(3, 4, 8)
    assert POSITION_EMBEDDING.cost_rule(one, Grid(3, 4, 8)).parameters == 96
    assert POSITION_EMBEDDING.arguments(one, Grid(3, 4, 8)) == {
        "positions": (3, 4),
        "features": 8,
    }
    with pytest.raises(Rejection, match=r"expected positions in order, got Set\(12, 8\)"):
        POSITION_EMBEDDING.type_rule(call(POSITION_EMBEDDING, Set(12, 8)))
