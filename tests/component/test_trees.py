"""Tree ensembles keep what a component promises."""

import pytest

from coeval.architecture.component import Call, Rejection
from coeval.architecture.types import Columns, Tokens
from coeval.component.trees import FOREST, TREE_ENSEMBLE, indicators_of
from coeval.testing.components import check_component


@pytest.mark.parametrize("component", [TREE_ENSEMBLE, FOREST], ids=lambda one: one.name)
def test_trees_keep_the_contract_of_components(component):
    check_component(component)


@pytest.mark.parametrize("component", [TREE_ENSEMBLE, FOREST], ids=lambda one: one.name)
def test_trees_ask_for_numbers_or_categories(component):
    call = Call((Columns(0, (), (Tokens(5, 11),)),), dict(component.complete({})))
    with pytest.raises(Rejection, match="neither numeric nor categorical"):
        component.type_rule(call)


@pytest.mark.parametrize(
    ("categories", "most", "found"),
    [
        ((2, 3, 4, 9), 0, (0, 0, 0, 0)),
        ((2, 3, 4, 9), 128, (0, 0, 1, 6)),  # code 0 is rare; splits of the codes tell the two ends
        ((2, 3, 4, 9), 5, (0, 0, 1, 0)),
        ((400, 4, 400), 500, (397, 1, 0)),  # no more than 512 in all
    ],
)
def test_levels_between_the_first_and_the_last_have_indicators(categories, most, found):
    assert indicators_of(Columns(1, categories, ()), most) == found
