import math

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from coeval.architecture.program import Operation
from coeval.architecture.step import Region, step
from coeval.build.numeric.evaluate import bind
from coeval.component import scalar
from coeval.component.library import SCALAR
from coeval.errors import SpaceError
from tests.build.numeric.programs import BUDGET, FACTORIAL, PLAIN, REFERENCE, WHOLE, plain

POINTS = st.one_of(st.floats(-1e3, 1e3), st.sampled_from([0.0, 1.0, -1.0, 0.5, 2.0, 710.0, -8.0]))
ROWS = st.lists(st.tuples(POINTS, POINTS, POINTS), min_size=1, max_size=20)


def test_every_scalar_component_is_tested_here():
    covered = {one.component.name for one in (*PLAIN, FACTORIAL, WHOLE)} | {"const"}
    assert covered == set(SCALAR) == set(REFERENCE) | {"const"}


@pytest.mark.parametrize("operation", PLAIN, ids=lambda one: one.name)
@given(ROWS)
def test_numpy_torch_and_plain_python_agree(operation, rows):
    columns = np.array(rows).T[: operation.arity]
    expected = np.array([plain(operation.component.name, one) for one in columns.T.tolist()])
    with np.errstate(all="ignore"):
        numpy = np.asarray(bind(operation)(*columns), dtype=np.float64)
    tensor = bind(operation, torch)(*[torch.tensor(one) for one in columns]).double().numpy()
    for found in (numpy, tensor):
        finite = np.where(np.isfinite(found), found, np.nan)
        np.testing.assert_allclose(finite, expected, rtol=1e-12, atol=0)


@pytest.mark.parametrize(
    ("name", "operands"),
    [
        ("div", [1, 0]),
        ("div", [0, 0]),
        ("inv", [0]),
        ("log", [0]),
        ("log", [-1]),
        ("sqrt", [-1]),
        ("exp", [1000]),
        ("pow", [-8, 1 / 3]),
        ("pow", [0, -1]),
        ("square", [1e200]),
        ("cube", [-1e200]),
    ],
)
@pytest.mark.parametrize("xp", [np, torch], ids=["numpy", "torch"])
def test_what_is_undefined_is_not_finite(name, operands, xp):
    columns = [xp.asarray([float(one)]) for one in operands]
    with np.errstate(all="ignore"):
        assert not np.isfinite(float(bind(Operation(SCALAR[name], len(operands)), xp)(*columns)[0]))


@pytest.mark.parametrize("xp", [np, torch], ids=["numpy", "torch"])
def test_a_constant_is_exact_in_double_precision(xp):
    operation = Operation(scalar.CONST, 0, scalar.CONST.complete({"value": 2.1}))
    assert float(bind(operation, xp)()) == 2.1


@pytest.mark.parametrize("xp", [np, torch], ids=["numpy", "torch"])
def test_primitive_recursion_counts_to_its_budget_and_no_further(xp):
    count = [0.0, 1, 5, 49, 50, 51, 2.5, -1, math.nan]
    found = bind(FACTORIAL, xp)(
        *(xp.asarray(one, dtype=xp.float64) for one in (count, [1] * len(count)))
    )
    expected = [float(math.factorial(n)) for n in (0, 1, 5, 49, 50)] + [math.nan] * 4
    np.testing.assert_allclose(np.asarray(found), expected, rtol=1e-13)


@pytest.mark.parametrize("xp", [np, torch], ids=["numpy", "torch"])
def test_mu_finds_the_smallest_zero_below_its_budget(xp):
    found = bind(WHOLE, xp)(xp.asarray([0.0, 7, 49, 50, 2.5, -1]))
    np.testing.assert_array_equal(np.asarray(found), [0, 7, 49] + [math.nan] * 3)


def test_mu_is_undefined_where_the_body_is_before_the_first_zero():
    body = Region(2, (step(scalar.SUB, (0, 1)), step(scalar.INV, 2), step(scalar.LESS, (1, 0))), 4)
    # The body's result is context < index, but the dead inverse plays no part …
    operation = Operation(scalar.MU, 1, scalar.MU.complete(BUDGET), (body,))
    assert bind(operation)(np.array([-1.0, 3.0])).tolist()[1] == 0
    # … while one that the result depends on does.
    live = Region(2, (*body.steps[:2], step(scalar.MUL, (3, 2)), step(scalar.SUB, (4, 1))), 5)
    operation = Operation(scalar.MU, 1, scalar.MU.complete(BUDGET), (live,))
    with np.errstate(all="ignore"):
        assert math.isnan(bind(operation)(np.array([0.0]))[0])
        assert bind(operation)(np.array([1.0]))[0] == 0


def test_mu_takes_contexts_whose_sum_would_overflow():
    body = Region(3, (step(scalar.LESS, (2, 1)),), 3)
    operation = Operation(scalar.MU, 2, scalar.MU.complete(BUDGET), (body,))
    assert bind(operation)(np.array([1e308]), np.array([1.7e308])).tolist() == [0]


@pytest.mark.parametrize("component", [scalar.PRIMITIVE_RECURSION, scalar.MU], ids=str)
def test_an_iteration_without_a_budget_is_refused(component):
    body = Region(2, (step(scalar.ADD, (0, 1)),), 2)
    operation = Operation(component, 2, component.complete({}), (body,))
    with pytest.raises(SpaceError, match=r"needs a step budget.*steps=1000"):
        bind(operation)


SMOOTH = [one for one in PLAIN if one.name not in ("less", "select")]


@pytest.mark.parametrize("operation", SMOOTH, ids=lambda one: one.name)
def test_torch_gives_gradients(operation):
    points = torch.tensor([[0.3, 1.1, 0.7], [1.2, 0.4, 2.2]], dtype=torch.float64)
    columns = tuple(points[: operation.arity].clone().requires_grad_())
    assert torch.autograd.gradcheck(bind(operation, torch), columns)


def test_torch_gives_gradients_through_an_iteration():
    start = torch.tensor([2.0, 3.0], dtype=torch.float64, requires_grad=True)
    bind(FACTORIAL, torch)(torch.tensor([4.0, 3.0], dtype=torch.float64), start).sum().backward()
    assert start.grad is not None
    assert start.grad.tolist() == [24, 6]
