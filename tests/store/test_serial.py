import math

import numpy as np
import pytest

from coeval.store.serial import dumps, loads, measurement_to_json, plain
from coeval.trial import Measurement


def test_numpy_scalars_become_numbers():
    assert loads(dumps({"a": np.float32(0.5), "b": np.int64(3), "c": np.bool_(True)})) == {
        "a": 0.5,
        "b": 3,
        "c": True,
    }


def test_a_numpy_nan_survives_in_every_depth():
    found = loads(dumps({"a": [np.float32("nan"), {"b": (math.inf,)}]}))
    assert math.isnan(found["a"][0])
    assert found["a"][1]["b"] == [math.inf]


def test_an_array_is_refused_with_what_to_do():
    with pytest.raises(TypeError, match="store arrays as artifacts"):
        dumps({"weights": np.zeros(3)})


def test_a_plain_copy_shares_nothing_with_the_original():
    original = {"a": [1, {"b": 2}]}
    copy = plain(original)
    original["a"][1]["b"] = 3
    assert copy == {"a": [1, {"b": 2}]}


def test_empty_fields_take_no_space():
    assert measurement_to_json(Measurement()) == {}
