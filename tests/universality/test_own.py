import numpy as np
import pytest

from coeval.errors import SpaceError
from coeval.universality.activation import Activation
from coeval.universality.activations import ACTIVATIONS
from coeval.universality.audit import audit
from coeval.universality.capability import Capability as Has
from coeval.universality.own import own_activation
from coeval.universality.rules import Verdict


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_no_value_refutes_what_is_stated_of_a_named_activation(name):
    assert own_activation(ACTIVATIONS[name]).name == name


@pytest.mark.parametrize(
    ("stated", "complaint"),
    [
        ({"slopes": (0.0, 2.0)}, "of slopes 0 and 2"),
        ({"ramp": (0.0, 1.0)}, "a ramp between"),
        ({"constant_below": 2.0}, "constant up to 2"),
        ({"degree": 3}, "a polynomial of degree 3"),
    ],
)
def test_a_value_that_refutes_a_statement_is_named(stated, complaint):
    with pytest.raises(SpaceError, match=complaint):
        own_activation(Activation("mine", ACTIVATIONS["relu"].apply, **stated))


def test_a_falling_function_is_not_increasing_and_sin_not_monotone():
    with pytest.raises(SpaceError, match="never decreasing"):
        own_activation(Activation("mine", np.negative, increasing=True))
    with pytest.raises(SpaceError, match="monotone up to 0"):
        own_activation(Activation("mine", np.sin, monotone_below=0))


@pytest.mark.parametrize("function", [lambda x: 1.0, lambda x: x.astype(np.float32), np.sum])
def test_a_function_that_is_not_elementwise_in_float64_is_an_error(function):
    with pytest.raises(SpaceError, match="must map a float64 array"):
        own_activation(Activation("mine", function))


def test_an_own_activation_without_statements_is_not_certified_but_its_gate_is_reported():
    facts = own_activation(Activation("mine", ACTIVATIONS["relu"].apply))
    found = audit(["linear", facts, "residual", "iterate_until"])
    assert found.levels[0].verdict is Verdict.UNKNOWN
    assert found.approximation.answer == "unknown"
    assert any("nothing that is stated of mine proves it" in one.says for one in found.limits)
    assert found.witnesses == ()


def test_an_own_activation_with_a_statement_is_certified_and_executed():
    facts = own_activation(
        Activation("shifted", lambda x: np.maximum(x - 1, 0.0), constant_below=1, increasing=True)
    )
    assert Has.TEMPLATE_GATE in facts.grants
    found = audit(["linear", facts, "residual", "iterate_until"])
    assert found.levels[0].verdict is Verdict.EXECUTED
    assert found.approximation.answer == "yes"
    assert "shifted" in found.gate
