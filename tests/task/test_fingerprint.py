"""Digests of arrays."""

import hashlib

import numpy as np
from hypothesis import given
from hypothesis.extra import numpy as arrays

from coeval.task.fingerprint import digest_array

KINDS = arrays.scalar_dtypes().filter(lambda kind: kind.kind in "biuf")


@given(arrays.arrays(KINDS, arrays.array_shapes(min_dims=1, max_dims=3, min_side=0, max_side=4)))
def test_a_digest_is_that_of_type_shape_and_bytes(array):
    for one in (array, np.asfortranarray(array), array[::-1]):
        whole = f"{one.dtype.str}{one.shape}".encode() + one.tobytes()
        assert digest_array(one) == hashlib.blake2b(whole, digest_size=16).hexdigest()
