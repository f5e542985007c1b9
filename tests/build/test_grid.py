import inspect
import io
import math

import numpy as np
import onnxruntime
import pytest
import torch
import torch.nn.functional as F
from torch import nn
from torch.utils.flop_counter import FlopCounterMode

from coeval.architecture.inference import infer
from coeval.architecture.step import Architecture, sequence, step
from coeval.architecture.types import Grid, Vector, shape
from coeval.build.modules.channel import Spike
from coeval.build.network import lowering, tensor_network
from coeval.build.onnx_module import module_model
from coeval.build.weights import arrays, load
from coeval.component.attention import ATTENTION, POSITION_EMBEDDING
from coeval.component.channel import CHANNEL_SHUFFLE, DROP_PATH, GROUP_AVERAGE, RELU, SPIKE
from coeval.component.constant import ZERO
from coeval.component.conv import AXIS_CONV, GROUP_CONV
from coeval.component.grid import (
    AVERAGE_POOL,
    CONV,
    DEPTHWISE_CONV,
    FLATTEN,
    GLOBAL_AVERAGE_POOL,
    MAX_POOL,
)
from coeval.component.head import CLASS_HEAD
from coeval.component.library import IMAGE
from coeval.component.merge import ADD, GATE
from coeval.component.norm import BATCH_NORM, GROUP_NORM, LAYER_NORM
from coeval.component.resize import PATCH_EMBEDDING, SUBSAMPLE, TO_GRID, TO_SEQUENCE, UPSAMPLE
from coeval.space import nasbench201, nasbench_macro, spikenas

GRID = Grid(9, 6, 4)
STEPS = [
    step(CONV, 0, width=6, kernel=3, stride=2, bias=True),
    step(CONV, 0, width=6, kernel=3, dilation=2),
    step(CONV, 0, width=6, kernel=1, stride=2),
    step(CONV, 0, width=6, kernel=2, stride=2),
    step(DEPTHWISE_CONV, 0, kernel=5, bias=True),
    step(DEPTHWISE_CONV, 0, kernel=3, stride=2, dilation=2),
    step(AVERAGE_POOL, 0, kernel=3),
    step(AVERAGE_POOL, 0, kernel=2, stride=2),
    step(MAX_POOL, 0, kernel=3, stride=2),
    step(GLOBAL_AVERAGE_POOL, 0),
    step(FLATTEN, 0),
    step(ZERO, 0),
    step(SPIKE, 0, threshold=0.5),
    step(GROUP_AVERAGE, 0, width=2),
    step(GROUP_CONV, 0, width=6, groups=2, stride=2, bias=True),
    step(AXIS_CONV, 0, width=6, kernel=5, bias=True),
    step(AXIS_CONV, 0, width=6, axis="height", kernel=7, stride=2),
    step(SUBSAMPLE, 0),
    step(SUBSAMPLE, 0, offset=1),
    step(UPSAMPLE, 0),
    step(UPSAMPLE, 0, mode="bilinear"),
    step(PATCH_EMBEDDING, 0, width=6, patch=3),
    step(ATTENTION, 0),
    step(POSITION_EMBEDDING, 0),
    step(GROUP_NORM, 0, groups=2),
    step(CHANNEL_SHUFFLE, 0),
    step(DROP_PATH, 0, rate=0.5),
    step(TO_SEQUENCE, 0),
]
every = pytest.mark.parametrize("one", STEPS, ids=lambda one: one.component.name)


def alone(one):
    return Architecture((GRID,), sequence(1, [one]))


def values(seed=0, batch=3, grid=GRID):
    generator = torch.Generator().manual_seed(seed)
    return torch.randn(batch, *shape(grid), generator=generator)


@every
def test_shapes_parameters_and_macs_are_the_inferred_ones(one):
    inference = infer(alone(one))
    network = tensor_network(alone(one), seed=0).eval()
    with FlopCounterMode(display=False) as counter:
        made = network(values(batch=1))
    assert tuple(made.shape) == (1, *shape(inference.output))
    assert sum(weight.numel() for weight in network.parameters()) == inference.cost.parameters
    assert counter.get_total_flops() // 2 == inference.cost.macs


@pytest.mark.parametrize("narrow", [False, True], ids=["float32", "bfloat16"])
@every
def test_the_features_stay_last_in_memory_forwards_and_backwards(one, narrow):
    inputs = []
    network = tensor_network(alone(one), seed=0)
    x = values(batch=4)
    x.requires_grad_()
    seen = (
        x * 1.0
    )  # the gradient of a result is handed on as it is; a leaf's would be laid out anew
    seen.register_hook(inputs.append)
    with torch.autocast("cpu", torch.bfloat16, enabled=narrow):
        made = network(seen)
    assert made.is_contiguous()
    if made.requires_grad:
        (made * 1.0).square().sum().backward()
        assert inputs[0].is_contiguous()


@pytest.mark.parametrize(
    "one", [one for one in STEPS if one.component != ZERO], ids=lambda one: one.component.name
)
def test_gradients_reach_the_input_and_every_weight(one):
    x = values().requires_grad_()
    network = tensor_network(alone(one), seed=0)
    network(x).square().sum().backward()
    for weight in network.parameters():
        assert weight.grad is not None
        assert weight.grad.abs().sum() > 0
    assert x.grad is not None
    assert x.grad.abs().sum() > 0


@every
def test_each_example_is_computed_on_its_own(one):
    network = tensor_network(alone(one), seed=0).eval()
    apart = torch.cat([network(values()[row : row + 1]) for row in range(3)])
    torch.testing.assert_close(network(values()), apart)


@pytest.mark.parametrize("component", IMAGE.values(), ids=str)
def test_a_lowerings_text_stands_on_its_own(component):
    found = lowering(component.lowering)
    names = {"torch": torch, "nn": nn, "F": F, "math": math}
    exec(compile(inspect.getsource(found), "network.py", "exec"), names)
    assert names[found.__name__].__init__.__doc__ == found.__init__.__doc__
    assert set(names) - {"__builtins__"} == {"torch", "nn", "F", "math", found.__name__}


def test_a_convolution_is_torchs_own_with_the_features_last():
    network = tensor_network(alone(STEPS[0]), seed=0)
    weight, bias = (dict(network.named_parameters())[f"0.{name}"] for name in ("weight", "bias"))
    theirs = F.conv2d(values().movedim(-1, 1), weight, bias, stride=2, padding=1).movedim(1, -1)
    torch.testing.assert_close(network(values()), theirs)


def test_an_average_does_not_count_padding():
    network = tensor_network(alone(step(AVERAGE_POOL, 0, kernel=3)))
    torch.testing.assert_close(network(torch.ones(2, *shape(GRID))), torch.ones(2, *shape(GRID)))


@pytest.mark.parametrize(
    "one",
    [one for one in STEPS if one.component not in (POSITION_EMBEDDING, GROUP_NORM, ATTENTION)],
    ids=lambda one: one.component.name,
)
def test_what_declares_that_zeros_give_zeros_keeps_its_word(one):
    facts = one.component.capabilities & {"zero", "zero_preserving"}
    assert facts
    network = tensor_network(alone(one), seed=0)
    made = network(torch.zeros(2, *shape(GRID)))
    offset = dict(network.named_parameters()).get("0.bias", torch.zeros(()))
    inside = made[:, 2:-2, 2:-2] if made.ndim == 4 else made
    torch.testing.assert_close(inside, torch.zeros_like(inside) + offset)


def test_every_second_position_and_zeros_beyond_the_edge():
    built = tensor_network(alone(step(SUBSAMPLE, 0, offset=1)))
    x = values()
    made = built(x)
    torch.testing.assert_close(made[:, :4, :3], x[:, 1::2, 1::2])
    assert not made[:, 4:].any()  # 9 rows: the tenth is beyond the edge


def test_attention_is_torchs_own_over_all_positions():
    built = tensor_network(alone(step(ATTENTION, 0)), seed=2)
    theirs = nn.MultiheadAttention(4, 2, batch_first=True)
    given = {name.removeprefix("0."): one.detach() for name, one in built.named_parameters()}
    theirs.load_state_dict(
        {
            "in_proj_weight": given["weight"],
            "in_proj_bias": given["bias"],
            "out_proj.weight": given["out_weight"],
            "out_proj.bias": given["out_bias"],
        }
    )
    x = values()
    flat = x.flatten(1, 2)
    wanted, _ = theirs(flat, flat, flat)
    torch.testing.assert_close(built(x), wanted.reshape(x.shape))


@pytest.mark.parametrize(("grid", "groups"), [(GRID, 2), (Grid(3, 5, 32), 8), (Grid(4, 4, 6), 1)])
def test_a_group_norm_is_torchs_own_with_the_features_last(grid, groups):
    body = sequence(1, [step(GROUP_NORM, 0, groups=groups)])
    built = tensor_network(Architecture((grid,), body))
    x = values(grid=grid).requires_grad_()
    other = (
        x.detach().movedim(-1, 1).contiguous().requires_grad_()
    )  # features first: see the module
    made, wanted = built(x), F.group_norm(other, groups).movedim(1, -1)
    torch.testing.assert_close(made, wanted)
    slopes = torch.randn(made.shape)
    (ours,), (theirs,) = (
        torch.autograd.grad(y, one, slopes) for y, one in ((made, x), (wanted, other))
    )
    torch.testing.assert_close(ours, theirs.movedim(1, -1), atol=1e-5, rtol=1e-4)


def test_a_shuffle_is_its_own_inverse_with_the_other_number_of_groups():
    steps = [step(CHANNEL_SHUFFLE, 0, groups=2), step(CHANNEL_SHUFFLE, 1, groups=4)]
    grid = Grid(3, 2, 8)
    x = values(grid=grid)
    once = tensor_network(Architecture((grid,), sequence(1, steps[:1])))(x)
    assert once[0, 0, 0].tolist() == x[0, 0, 0][[0, 4, 1, 5, 2, 6, 3, 7]].tolist()
    torch.testing.assert_close(tensor_network(Architecture((grid,), sequence(1, steps)))(x), x)


def test_drop_path_leaves_out_whole_examples_and_keeps_the_mean():
    built = tensor_network(alone(step(DROP_PATH, 0, rate=0.25)))
    x = torch.ones(4000, *shape(GRID))
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        made = built(x)
    per_example = made.flatten(1)
    torch.testing.assert_close(per_example, per_example[:, :1].expand_as(per_example))
    assert per_example[:, 0].unique().tolist() == [0.0, pytest.approx(4 / 3)]
    assert abs(float(made.mean()) - 1) < 0.05
    torch.testing.assert_close(built.eval()(x), x)


def test_a_spike_is_a_step_whose_gradient_is_a_bell_around_the_threshold():
    spike = Spike(threshold=1.0)
    x = torch.tensor([-3.0, 0.9, 1.0, 1.1, 4.0], requires_grad=True)
    y = spike(x)
    assert y.tolist() == spike.eval()(x).tolist() == [0, 0, 1, 1, 1]
    y.sum().backward()
    assert x.grad is not None
    torch.testing.assert_close(x.grad[2], torch.tensor(1.0))
    assert x.grad[2] > x.grad[1] > x.grad[0] > 0


def test_a_group_average_is_the_mean_of_neighbours():
    network = tensor_network(
        Architecture((Vector(6),), sequence(1, [step(GROUP_AVERAGE, 0, width=2)]))
    )
    assert network(torch.arange(6.0)[None]).tolist() == [[1.0, 4.0]]


def small():
    """A little of everything on a small grid."""
    steps = [
        step(CONV, 0, width=8, stride=2),
        step(BATCH_NORM, 1),
        step(RELU, 2),
        step(DEPTHWISE_CONV, 3),
        step(MAX_POOL, 4),
        step(AVERAGE_POOL, 3),
        step(ZERO, 3),
        step(ADD, (5, 6, 7)),
        step(GLOBAL_AVERAGE_POOL, 8),
        step(CLASS_HEAD, 9, classes=3),
    ]
    return Architecture((Grid(8, 8, 3),), sequence(1, steps))


def test_a_small_network_learns_where_a_stripe_lies():
    # Three classes of images: a bright stripe across the upper, middle or lower rows, features and all.
    rng = np.random.default_rng(0)
    labels = rng.integers(0, 3, 192)
    images = rng.normal(size=(192, 8, 8, 3)).astype(np.float32) * 0.3
    for row, label in enumerate(labels):
        images[row, :, :, label] += np.eye(8, dtype=np.float32)
    x, y = torch.tensor(images), torch.tensor(labels)
    network = tensor_network(small(), seed=1)
    optimizer = torch.optim.Adam(network.parameters(), lr=0.02)
    for _ in range(30):
        optimizer.zero_grad()
        F.cross_entropy(network(x), y).backward()
        optimizer.step()
    assert (network.eval()(x).argmax(1) == y).double().mean() > 0.95


def test_weights_are_stored_and_loaded_by_path():
    first, second = tensor_network(small(), seed=1), tensor_network(small(), seed=2)
    load(second, arrays(first))
    image = values(grid=Grid(8, 8, 3))
    torch.testing.assert_close(first.eval()(image), second.eval()(image))
    assert "0.weight" in arrays(first)


@pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::UserWarning")
def test_onnx_computes_the_same_for_any_number_of_examples():
    network = tensor_network(small(), seed=1).eval()
    buffer = io.BytesIO()
    image = values(grid=Grid(8, 8, 3))
    torch.onnx.export(
        network,
        (image,),
        buffer,
        dynamo=False,
        input_names=["image"],
        output_names=["output"],
        dynamic_axes={"image": {0: "rows"}, "output": {0: "rows"}},
    )
    session = onnxruntime.InferenceSession(buffer.getvalue(), providers=["CPUExecutionProvider"])
    for batch in (1, 5):
        x = values(batch=batch, grid=Grid(8, 8, 3))
        (made,) = session.run(None, {"image": x.numpy()})
        np.testing.assert_allclose(made, network(x).detach().numpy(), atol=1e-5)


def test_onnx_has_an_operator_for_every_component_over_grids():
    steps = [
        step(AXIS_CONV, 0, width=8, kernel=5, stride=2),  # 16 by 8
        step(GROUP_CONV, 1, width=8, groups=4),
        step(GROUP_NORM, 2, groups=2),
        step(CHANNEL_SHUFFLE, 3, groups=4),
        step(UPSAMPLE, 4, mode="bilinear"),
        step(SUBSAMPLE, 5, offset=1),
        step(UPSAMPLE, 6),
        step(PATCH_EMBEDDING, 7, width=8, patch=2),
        step(POSITION_EMBEDDING, 8),
        step(ATTENTION, 9, heads=2),
        step(DROP_PATH, 10),
        step(TO_SEQUENCE, 11),
        step(LAYER_NORM, 12),
        step(TO_GRID, 13, height=16),
        step(SUBSAMPLE, 14, stride=4, offset=1),
        step(GLOBAL_AVERAGE_POOL, 11),
        step(GATE, (15, 16)),
        step(GLOBAL_AVERAGE_POOL, 17),
    ]
    grid = Grid(16, 16, 3)
    network = tensor_network(Architecture((grid,), sequence(1, steps)), seed=1).eval()
    model = module_model(network, (values(grid=grid),), ("images",))
    session = onnxruntime.InferenceSession(
        model.SerializeToString(), providers=["CPUExecutionProvider"]
    )
    for batch in (1, 5):
        x = values(batch=batch, grid=grid)
        (made,) = session.run(None, {"images": x.numpy()})
        np.testing.assert_allclose(made, network(x).detach().numpy(), atol=1e-5)


@pytest.mark.parametrize(
    "architecture",
    [
        nasbench201.network(
            nasbench201.from_string(
                "|nor_conv_3x3~0|+|nor_conv_1x1~0|avg_pool_3x3~1|+|skip_connect~0|none~1|nor_conv_3x3~2|"
            ),
            nasbench201.DATASETS["imagenet16-120"],
        ),
        nasbench_macro.network(nasbench_macro.from_key("01200120")),
        spikenas.network(spikenas.from_operations((2, 1, 0, 3, 4, 1))),
    ],
    ids=["nasbench201", "nasbench_macro", "spikenas"],
)
def test_whole_benchmark_networks_build_and_cost_what_they_declare(architecture):
    inference = infer(architecture)
    network = tensor_network(architecture, seed=0)
    assert sum(weight.numel() for weight in network.parameters()) == inference.cost.parameters
    image = values(batch=1, grid=architecture.inputs[0])
    with FlopCounterMode(display=False) as counter, torch.no_grad():
        made = network.eval()(image)
    assert counter.get_total_flops() // 2 == inference.cost.macs
    assert tuple(made.shape) == (1, *shape(inference.output))
    assert bool(torch.isfinite(made).all())


def test_a_seed_decides_the_weights():
    first, second = (arrays(tensor_network(alone(STEPS[0]), seed=3)) for _ in range(2))
    assert all(np.array_equal(first[name], second[name]) for name in first)
    other = arrays(tensor_network(alone(STEPS[0]), seed=4))
    assert not np.array_equal(first["0.weight"], other["0.weight"])
