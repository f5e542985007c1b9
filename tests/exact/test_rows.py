import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from coeval.exact.rows import Rows

words = st.sampled_from([0.0, 1.0, -1.0, 2.0, 0.5, 1e-300, 3.14]).map(
    lambda one: int(np.float64(one).view(np.uint64))
)
blocks = st.lists(
    st.lists(st.tuples(words, words), min_size=1, max_size=40), min_size=1, max_size=6
)


def added(rows: Rows, blocks: list[list[tuple[int, int]]]) -> list[int]:
    """Add blocks, and check what ``add`` says against a dictionary."""
    known: dict[tuple[int, int], int] = {}
    for block in blocks:
        numbers, fresh = rows.add(np.array(block, np.uint64))
        new = [one for one in dict.fromkeys(block) if one not in known]
        assert sorted(block[where] for where in fresh) == sorted(new)
        assert all(block.index(block[where]) == where for where in fresh)
        for where in fresh.tolist():
            known[block[where]] = len(known)
        assert numbers.tolist() == [known[one] for one in block]
    return list(known.values())


@settings(max_examples=60, deadline=None)
@given(blocks)
def test_rows_are_numbered_as_a_dictionary_would(blocks):
    rows = Rows(2)
    assert len(added(rows, blocks)) == len(rows)


@settings(max_examples=30, deadline=None)
@given(blocks)
def test_rows_whose_hashes_all_collide_are_still_told_apart(blocks):
    rows = Rows(2)
    rows._multipliers[:] = 0
    assert len(added(rows, blocks)) == len(rows)


@settings(max_examples=20, deadline=None)
@given(blocks, st.integers(0, 10))
def test_what_was_forgotten_is_new_again(blocks, keep):
    rows = Rows(2)
    added(rows, blocks)
    kept = rows.words[: min(keep, len(rows))].copy()
    lost = rows.words[len(kept) :].copy()
    rows.truncate(len(kept))
    numbers, fresh = rows.add(np.concatenate([kept, lost]))
    assert numbers.tolist() == list(range(len(kept) + len(lost)))
    assert sorted(fresh.tolist()) == list(range(len(kept), len(kept) + len(lost)))


def test_many_rows_keep_their_numbers_while_the_table_grows():
    rows = Rows(3)
    block = np.random.default_rng(0).random((20_000, 3)).view(np.uint64)
    first = [rows.add(block[start : start + 700])[0] for start in range(0, len(block), 700)]
    again = rows.add(block)[0]
    assert (np.concatenate(first) == again).all()
    assert len(rows) == len(block)
    assert (rows.words[again] == block).all()
