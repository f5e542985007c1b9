import pytest

from coeval.architecture.component import Call, Rejection
from coeval.architecture.types import Columns, Set, Tokens
from coeval.component.tokens import TOKEN_ENTRY
from coeval.testing.components import check_component

ROWS = (Columns(3), Columns(0, (4, 7)), Columns(2, (5,), (Tokens(4, 11),)))


def test_keeps_the_contract_of_components():
    check_component(TOKEN_ENTRY, [(one,) for one in ROWS])


def test_every_column_but_texts_is_a_token():
    for row, count in zip(ROWS, (3, 2, 3), strict=True):
        call = Call((row,), dict(TOKEN_ENTRY.complete({"width": 16})))
        assert TOKEN_ENTRY.type_rule(call) == Set(count, 16)


def test_a_table_of_texts_alone_has_no_tokens():
    with pytest.raises(Rejection, match="neither numeric nor categorical"):
        TOKEN_ENTRY.type_rule(
            Call((Columns(0, (), (Tokens(4, 11),)),), dict(TOKEN_ENTRY.complete({})))
        )
