"""Tree ensembles keep what a component promises."""

import pytest

from coeval.architecture.component import Call, Rejection
from coeval.architecture.types import Columns, Tokens
from coeval.component.trees import FOREST, TREE_ENSEMBLE
from coeval.testing.components import check_component


@pytest.mark.parametrize("component", [TREE_ENSEMBLE, FOREST], ids=lambda one: one.name)
def test_trees_keep_the_contract_of_components(component):
    check_component(component)


@pytest.mark.parametrize("component", [TREE_ENSEMBLE, FOREST], ids=lambda one: one.name)
def test_trees_ask_for_numbers_or_categories(component):
    call = Call((Columns(0, (), (Tokens(5, 11),)),), dict(component.complete({})))
    with pytest.raises(Rejection, match="neither numeric nor categorical"):
        component.type_rule(call)
