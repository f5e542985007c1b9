"""A linear model keeps what a component promises."""

from coeval.component.linear_model import LINEAR_MODEL
from coeval.testing.components import check_component


def test_a_linear_model_keeps_the_contract_of_components():
    check_component(LINEAR_MODEL)
