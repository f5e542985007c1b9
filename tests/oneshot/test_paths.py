from collections import Counter

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from coeval.oneshot.paths import fair_paths, uniform_path

SIZES = st.lists(st.integers(1, 7), min_size=1, max_size=8)


@given(SIZES, st.integers(0, 2**32 - 1))
def test_fair_paths_use_all_options_of_a_slot_equally_often(sizes, seed):
    paths = fair_paths(sizes, np.random.default_rng(seed))
    assert len(paths) == max(sizes)
    for slot, size in enumerate(sizes):
        uses = Counter(path[slot] for path in paths)
        assert set(uses) == set(range(size))
        assert max(uses.values()) - min(uses.values()) <= 1


def test_fair_paths_pair_options_in_every_way():
    rng = np.random.default_rng(0)
    seen = {path for _ in range(200) for path in fair_paths((3, 3), rng)}
    assert len(seen) == 9


def test_a_uniform_path_draws_every_option_equally_often():
    rng = np.random.default_rng(0)
    draws = np.array([uniform_path((5, 2), rng) for _ in range(4000)])
    np.testing.assert_allclose(np.bincount(draws[:, 0]) / 4000, 0.2, atol=0.03)
    np.testing.assert_allclose(np.bincount(draws[:, 1]) / 4000, 0.5, atol=0.03)
