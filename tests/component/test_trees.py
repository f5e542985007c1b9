"""Tree ensembles keep what a component promises."""

import pytest

from coeval.architecture.component import Call, Rejection
from coeval.architecture.types import Columns, Tokens
from coeval.component.trees import TREE_ENSEMBLE
from coeval.testing.components import check_component


def test_a_tree_ensemble_keeps_the_contract_of_components():
    check_component(TREE_ENSEMBLE)


def test_trees_ask_for_numbers_or_categories():
    call = Call((Columns(0, (), (Tokens(5, 11),)),), dict(TREE_ENSEMBLE.complete({})))
    with pytest.raises(Rejection, match="neither numeric nor categorical"):
        TREE_ENSEMBLE.type_rule(call)
