import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from coeval.exact.kernels import direct
from coeval.exact.kernels.collinear import affine_classes
from tests.exact.kernels.test_pairs import banks


@given(seed=st.integers(0, 1000), scale=st.sampled_from([-3.0, 1e-8, 1e9]))
@settings(max_examples=30, deadline=None)
def test_rows_that_differ_by_scale_and_offset_are_of_one_class(seed, scale):
    rows = np.random.default_rng(seed).normal(size=(40, 12))
    classes = affine_classes(np.concatenate([rows, scale * rows + abs(scale) / 3, -rows]))
    assert (classes[:40] == classes[40:80]).all()
    assert (classes[:40] == classes[80:]).all()
    assert len(set(classes.tolist())) == 40


@given(bank=banks(rows=20))
@settings(max_examples=100, deadline=None)
def test_two_rows_of_one_class_are_no_model(bank):
    classes = affine_classes(bank)
    target = np.random.default_rng(0).normal(size=bank.shape[1])
    i, j = np.nonzero(classes[:, None] == classes)
    assert np.isinf(direct.linear(bank[i], bank[j], target)[0]).all()


def test_a_row_that_shares_another_classs_projection_keeps_its_own():
    rows = np.random.default_rng(0).normal(size=(3, 5))
    classes = affine_classes(np.repeat(rows, 5, axis=0))
    assert len(set(classes.tolist())) == 3
    assert (classes.reshape(3, 5) == classes.reshape(3, 5)[:, :1]).all()
