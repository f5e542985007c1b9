import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from sklearn.utils import murmurhash3_32

from coeval.task.preparation_hash import murmur3_32


@given(st.lists(st.binary(max_size=40), max_size=20), st.integers(0, 2**31 - 1))
def test_hashes_equal_those_of_scikit_learn(keys: list[bytes], seed: int) -> None:
    expected = [murmurhash3_32(key, seed=seed, positive=True) for key in keys]
    assert murmur3_32(keys, seed).tolist() == expected


def test_no_keys_give_no_hashes() -> None:
    assert murmur3_32([]).shape == (0,)
    assert murmur3_32([]).dtype == np.uint32
