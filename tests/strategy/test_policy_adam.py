import numpy as np
import torch

from coeval.strategy.policy_adam import Adam


def test_steps_are_those_of_torch():
    rng = np.random.default_rng(0)
    mine = {"a": np.ones(3), "b": np.zeros((2, 2))}
    theirs = {name: torch.tensor(value, requires_grad=True) for name, value in mine.items()}
    adam, reference = Adam(0.05), torch.optim.Adam(theirs.values(), lr=0.05)
    for _ in range(20):
        gradients = {name: rng.normal(size=value.shape) for name, value in mine.items()}
        for name, tensor in theirs.items():
            tensor.grad = torch.tensor(gradients[name])
        adam.step(mine, gradients)
        reference.step()
    for name, tensor in theirs.items():
        assert np.allclose(mine[name], tensor.detach().numpy(), atol=1e-12)


def test_a_table_that_grows_moves_as_if_it_had_had_its_rows_from_the_start():
    early, late = Adam(0.1), Adam(0.1)
    whole, part = {"t": np.ones((3, 2))}, {"t": np.ones((2, 2))}
    first = np.array([[1.0, -2.0], [0.5, 0.0], [0.0, 0.0]])
    early.step(whole, {"t": first})
    late.step(part, {"t": first[:2]})
    part["t"] = np.concatenate([part["t"], np.ones((1, 2))])
    for adam, arrays in ((early, whole), (late, part)):
        adam.step(arrays, {"t": first * 3 + 1})
    assert np.array_equal(whole["t"], part["t"])


def test_arrays_without_a_gradient_stay():
    arrays = {"a": np.ones(2), "b": np.ones(2)}
    Adam(0.1).step(arrays, {"a": np.ones(2)})
    assert arrays["b"].tolist() == [1, 1]
    assert (arrays["a"] < 1).all()
