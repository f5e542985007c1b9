import copy
import json

import pytest
from hypothesis import given, settings

from coeval.architecture.serial import from_json, to_json, type_from_json, type_to_json
from coeval.architecture.step import Architecture, sequence, step
from coeval.architecture.types import Columns, Grid, Scalar, Sequence, Set, Tokens, Vector
from coeval.component.channel import LINEAR, RELU
from coeval.component.entry import NUMERIC_ENTRY
from coeval.component.library import TABULAR
from coeval.component.region import RESIDUAL
from coeval.errors import SpaceError
from coeval.testing.architectures import architectures

GOOD = to_json(
    Architecture(
        (Columns(4, (3,), (Tokens(5, 9),)),),
        sequence(
            1,
            [
                step(NUMERIC_ENTRY, 0),
                step(RESIDUAL, 1, sequence(1, [step(RELU, 0), step(LINEAR, 1, width=4)])),
            ],
        ),
    )
)


@given(architectures())
@settings(max_examples=100, deadline=None)
def test_json_brings_back_the_same_architecture(architecture):
    text = json.dumps(to_json(architecture))
    assert from_json(json.loads(text), TABULAR) == architecture


@pytest.mark.parametrize(
    "value",
    [Scalar(), Vector(3), Sequence(5, 2), Grid(4, 5, 6), Set(7, 1), Tokens(4, 9), Columns(0, (2,))],
)
def test_every_value_type_survives_json(value):
    assert type_from_json(json.loads(json.dumps(type_to_json(value)))) == value


def changed(path, value):
    """Return the good JSON with one place replaced."""
    root = copy.deepcopy(GOOD)
    place = root
    for key in path[:-1]:
        place = place[key]
    place[path[-1]] = value
    return root


FIRST = ("body", "steps", 0)
INNER = ("body", "steps", 1, "regions", 0)


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ([], r"the architecture must be an object, got \[\]"),
        ({"format": 1}, r"the architecture lacks \['body', 'inputs'\]"),
        (changed(("format",), 2), "format must be 1, got 2. It was written by another version"),
        (changed(("more",), 1), r"unknown fields \['more'\]"),
        (changed((*FIRST, "component"), "numeric_entri"), "Did you mean 'numeric_entry'"),
        (changed((*FIRST, "component"), 3), "component 3 is not in the given component set"),
        (changed((*FIRST, "inputs"), [1]), r"body.steps\[0\].inputs must refer .* 0..0, got 1"),
        (changed((*FIRST, "inputs"), [True]), "got True"),
        (changed((*FIRST, "inputs"), 0), "must be a list, got 0"),
        (changed((*FIRST, "setting"), {}), "Did you mean 'settings'"),
        (changed((*FIRST, "settings"), []), r"settings must be an object"),
        (changed((*FIRST, "settings"), {"widht": 3}), "Did you mean 'width'"),
        (changed((*FIRST, "settings"), {"width": 1}), "must be one of .* in 2..512, got 1"),
        (changed((*FIRST, "settings"), {"width": "4"}), "got '4'"),
        (changed((*FIRST, "settings"), {"width": [4]}), r"got \[4\]"),
        (changed((*FIRST, "settings"), {"scale": float("nan")}), "got nan"),
        (changed((*INNER, "output"), 3), r"regions\[0\].output must refer .* 0..2, got 3"),
        (changed((*INNER, "inputs"), -1), "must be a whole number >= 0, got -1"),
        (changed((*INNER, "inputs"), 2), "takes 2 inputs, got 1 input types"),
        (changed((*INNER, "steps"), {}), "must be a list"),
        (changed(("inputs", 0, "type"), "Column"), "Did you mean 'Columns'"),
        (changed(("inputs", 0), 7), r"inputs\[0\]: type must be one of"),
        (changed(("inputs", 0, "numeric"), 1.5), "must be a whole number >= 0, got 1.5"),
        (changed(("inputs", 0, "categories"), [0]), r"categories\[0\] must be a whole number >= 1"),
        (changed(("inputs", 0, "texts"), [{"type": "Scalar"}]), "must hold Tokens only"),
        (changed(("inputs", 0, "numeric"), 3), r"step 1 \(residual\)"),
    ],
)
def test_json_that_is_no_architecture_is_refused_with_place_and_remedy(value, message):
    with pytest.raises(SpaceError, match=message):
        from_json(value, TABULAR)


def test_settings_left_out_of_json_get_their_defaults():
    found = from_json(changed((*FIRST, "settings"), {}), TABULAR)
    assert found.body.steps[0] == step(NUMERIC_ENTRY, 0)


def test_only_given_components_may_occur():
    with pytest.raises(SpaceError, match="'numeric_entry' is not in the given component set"):
        from_json(GOOD, {"linear": LINEAR})
