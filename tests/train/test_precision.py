import numpy as np
import pytest
import torch

from coeval.architecture.step import Architecture, sequence, step
from coeval.architecture.types import Columns, Vector
from coeval.build.network import Network, tensor_network
from coeval.build.weights import arrays
from coeval.component.channel import GELU, GLU_GATE, LINEAR, SCALE
from coeval.component.entry import CATEGORY_ENTRY, NUMERIC_ENTRY
from coeval.component.head import BINARY_HEAD
from coeval.component.norm import BATCH_NORM, LAYER_NORM, RMS_NORM
from coeval.space.recipe import Recipe
from coeval.train import precision
from coeval.train.fit import fit
from coeval.train.precision import narrow_type
from tests.train.images import conv_net, picture_data
from tests.train.problems import ACCURACY

CPU = torch.device("cpu")
DATA = picture_data()
QUICK = Recipe(lr=1e-2, batch_size=32, epochs=6)


def trained(seed=0, **options):
    network = tensor_network(conv_net(), seed=0)
    return network, fit(network, DATA, QUICK, seed=seed, metric=ACCURACY, **options)


@pytest.fixture
def able(monkeypatch):
    monkeypatch.setattr(precision, "has_bfloat16", lambda device: True)
    monkeypatch.setattr(precision, "_has_matrices", lambda device: True)


def deep(width, layers=2):
    steps = [step(NUMERIC_ENTRY, 0)]
    steps += [step(LINEAR, number + 1, width=width) for number in range(layers)]
    steps.append(step(BINARY_HEAD, layers + 1))
    return Network(Architecture((Columns(8),), sequence(1, steps)), seed=0)


def test_convolutions_that_gain_are_trained_in_bfloat16(able):
    network = tensor_network(conv_net(width=64), seed=0)
    assert narrow_type("auto", network, 256, CPU) is torch.bfloat16


def test_convolutions_that_are_too_small_to_gain_are_not(able):
    assert narrow_type("auto", tensor_network(conv_net(width=4), seed=0), 16, CPU) is None


def test_tables_of_usual_width_are_trained_in_float32(able):
    assert narrow_type("auto", deep(128, layers=20), 1024, CPU) is None
    assert narrow_type("auto", deep(256), 512, CPU) is None


def test_wide_tables_are_trained_in_bfloat16_where_there_are_matrix_instructions(able, monkeypatch):
    assert narrow_type("auto", deep(512), 1024, CPU) is torch.bfloat16
    monkeypatch.setattr(precision, "_has_matrices", lambda device: False)
    assert narrow_type("auto", deep(512), 1024, CPU) is None


def test_tables_of_categories_are_looked_up_and_not_multiplied(able):
    columns = Columns(0, (100_000,))
    steps = [step(CATEGORY_ENTRY, 0), step(LINEAR, 1, width=16), step(BINARY_HEAD, 2)]
    network = Network(Architecture((columns,), sequence(1, steps)), seed=0)
    assert narrow_type("auto", network, 4096, CPU) is None


def test_devices_without_the_instructions_train_in_float32(monkeypatch):
    monkeypatch.setattr(precision, "has_bfloat16", lambda device: False)
    network = tensor_network(conv_net(width=64), seed=0)
    assert narrow_type("auto", network, 256, CPU) is None
    assert narrow_type("bfloat16", network, 256, CPU) is torch.bfloat16
    assert narrow_type("float32", network, 256, CPU) is None


def test_an_unknown_precision_is_refused():
    with pytest.raises(ValueError, match="must be one of auto, float32, bfloat16, got 'half'"):
        trained(precision="half")


def test_bfloat16_learns_as_well_and_leaves_everything_in_float32():
    network, fitted = trained(precision="bfloat16", keep_state=True)
    assert fitted.precision == "bfloat16"
    assert fitted.score > 0.9
    assert all(one.dtype == torch.float32 for one in network.state_dict().values())
    weights = [one for name, one in fitted.state.items() if name.startswith(("weights", "best"))]
    assert {one.dtype for one in weights} == {np.dtype(np.float32)}


def test_bfloat16_changes_the_steps_and_nothing_but_the_steps():
    (_, wide), (_, narrow) = trained(precision="float32"), trained(precision="bfloat16")
    assert wide.precision == "float32"
    assert narrow.curve["train_loss"] != wide.curve["train_loss"]
    np.testing.assert_allclose(
        narrow.curve["train_loss"][0], wide.curve["train_loss"][0], rtol=0.05
    )


def test_training_in_bfloat16_pauses_and_goes_on_bit_for_bit():
    whole, expected = trained(seed=3, precision="bfloat16")
    state = None
    for epoch in (2, QUICK.epochs):
        options = {"stop_after": epoch, "start": state, "keep_state": True}
        parts, found = trained(seed=3, precision="bfloat16", **options)
        state = found.state
    assert found.curve == expected.curve
    assert all(np.array_equal(one, arrays(whole)[name]) for name, one in arrays(parts).items())


@pytest.mark.parametrize(
    "one", [BATCH_NORM, LAYER_NORM, RMS_NORM, GLU_GATE, GELU, SCALE], ids=lambda one: one.name
)
def test_components_compute_in_bfloat16_without_a_warning(one):
    steps = [step(LINEAR, 0, width=8), step(one, 1), step(LINEAR, 2, width=8)]
    network = tensor_network(Architecture((Vector(8),), sequence(1, steps)), seed=0)
    with torch.autocast("cpu", torch.bfloat16):
        made = network(torch.randn(4, 8))
    made.float().square().sum().backward()  # warnings are errors
    assert all(weight.grad.isfinite().all() for weight in network.parameters())
