"""Components travel to workers and back."""

import pickle

import pytest

from coeval.component.library import SCALAR, TABULAR


@pytest.mark.parametrize(
    "component", [*TABULAR.values(), *SCALAR.values()], ids=lambda one: one.name
)
def test_a_component_is_the_same_after_pickling(component):
    # Rules are module-level functions, never closures: a user or a pool may pickle an architecture.
    again = pickle.loads(pickle.dumps(component))
    assert again == component
    assert again.type_rule is component.type_rule
