"""Components travel to workers and back."""

import pickle

import pytest

from coeval.component.library import TABULAR


@pytest.mark.parametrize("name", TABULAR)
def test_a_component_is_the_same_after_pickling(name: str):
    # Rules are module-level functions, never closures: a user or a pool may pickle an architecture.
    again = pickle.loads(pickle.dumps(TABULAR[name]))
    assert again == TABULAR[name]
    assert again.type_rule is TABULAR[name].type_rule
