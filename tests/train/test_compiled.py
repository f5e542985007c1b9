"""The compiled engine computes what the eager one does."""

import dataclasses

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.datasets import load_wine

from coeval.architecture.inference import infer
from coeval.architecture.step import Architecture, sequence, step
from coeval.architecture.types import Columns, Tokens
from coeval.build.network import Network
from coeval.build.tape import tape_of
from coeval.component.channel import (
    DROPOUT,
    GELU,
    GLU_GATE,
    HARD_SIGMOID,
    IDENTITY,
    LINEAR,
    RELU,
    SCALE,
    SIGMOID,
    SILU,
    TANH,
)
from coeval.component.entry import CATEGORY_ENTRY, NUMERIC_ENTRY, TEXT_ENTRY
from coeval.component.head import BINARY_HEAD, CLASS_HEAD, VALUE_HEAD
from coeval.component.merge import ADD, CONCATENATE, MULTIPLY
from coeval.component.norm import BATCH_NORM, LAYER_NORM, RMS_NORM
from coeval.component.region import REPEAT, RESIDUAL
from coeval.seed import generator
from coeval.space.recipe import Recipe
from coeval.space.tabular import space_for
from coeval.task.frame import from_arrays
from coeval.task.task import Problem
from coeval.train import compiled
from coeval.train.compiled import CompiledEngine
from coeval.train.data import Tensors, TrainingData
from coeval.train.eager import EagerEngine
from coeval.train.errors import Diverged
from coeval.train.fit import Stopped, fit
from coeval.train.loss import loss_for
from coeval.train.schedule import SCHEDULES
from tests.build.architectures import random_architecture
from tests.train.problems import ACCURACY, data_of, examples

ALL = Columns(3, (5, 9, 40, 4), (Tokens(4, 11), Tokens(2, 7)))
QUICK = Recipe(lr=3e-3, batch_size=32, schedule="constant", label_smoothing=0.05)
ROWS = 150
TOLERANCE = 1e-4


def inputs_of(rng, columns, rows):
    codes = [rng.integers(0, size, rows) for size in columns.categories]
    tokens = [rng.integers(0, one.vocabulary, (rows, one.length)) for one in columns.texts]
    none = np.zeros((rows, 0), np.int64)
    return (
        torch.tensor(rng.normal(size=(rows, columns.numeric)).astype(np.float32)),
        torch.tensor(np.stack(codes, 1) if codes else none),
        torch.tensor(np.concatenate(tokens, 1) if tokens else none),
    )


def problem_of(architecture):
    names = {one.component.name for one in architecture.body.steps}
    if "class_head" in names:
        return Problem.MULTICLASS
    return Problem.BINARY if "binary_head" in names else Problem.REGRESSION


def rows_for(architecture, *, seed=0, rows=ROWS, weighted=False):
    rng = np.random.default_rng(seed)
    problem, outputs = problem_of(architecture), infer(architecture).output.features
    target = {
        Problem.MULTICLASS: torch.tensor(rng.integers(0, outputs, rows)),
        Problem.BINARY: torch.tensor(rng.integers(0, 2, rows)).float(),
        Problem.REGRESSION: torch.tensor(rng.normal(size=rows)).float(),
    }[problem]
    weights = torch.tensor(rng.random(rows)).float() if weighted else None
    return Tensors(inputs_of(rng, architecture.inputs[0], rows), target, weights)


def engines(architecture, data, recipe=QUICK, *, seed=0, should_stop=lambda: False):
    """An eager and a compiled engine for the same training."""
    problem = problem_of(architecture)
    more = {"length": 4, "seed": seed, "should_stop": should_stop}
    loss = loss_for(problem, recipe.label_smoothing)
    return (
        EagerEngine(Network(architecture, seed=seed), data, recipe, loss=loss, **more),
        CompiledEngine(
            Network(architecture, seed=seed), tape_of(architecture), data, problem, recipe, **more
        ),
    )


def trained(engine, epochs=1, seed=3):
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        losses = [engine.epoch() for _ in range(epochs)]
        return losses[-1], engine.state()


def assert_alike(one, other, tolerance=TOLERANCE):
    assert one.keys() == other.keys()
    for name, value in one.items():
        assert value.dtype == other[name].dtype, name
        if name == "noise":
            assert (value == other[name]).all()
        assert np.abs(value.astype(float) - other[name]).max(initial=0.0) <= tolerance, name


def assert_trained_alike(architecture, recipe=QUICK, *, seed=0, weighted=False):
    data = rows_for(architecture, seed=seed, weighted=weighted)
    eager, fast = engines(architecture, data, recipe, seed=seed)
    torch.testing.assert_close(
        fast.outputs(data.inputs), eager.outputs(data.inputs), rtol=1e-5, atol=1e-5
    )
    (expected, ours), (found, theirs) = trained(eager), trained(fast)
    assert found == pytest.approx(expected, abs=1e-5)
    assert_alike(ours, theirs)
    torch.testing.assert_close(
        fast.outputs(data.inputs), eager.outputs(data.inputs), rtol=TOLERANCE, atol=TOLERANCE
    )


def mlp(*hidden, columns=ALL, head=CLASS_HEAD, entry=None, **head_settings):
    """Entries side by side, then the given steps on a vector of 16, then a head."""
    steps = entry or [
        step(NUMERIC_ENTRY, 0),
        step(CATEGORY_ENTRY, 0, width=4),
        step(TEXT_ENTRY, 0, width=8),
        step(CONCATENATE, (1, 2, 3)),
    ]
    steps = [*steps, step(LINEAR, len(steps), width=16), *hidden]
    steps.append(step(head, len(steps), **head_settings))
    return Architecture((columns,), sequence(1, steps))


AT = 5  # the value that hidden steps begin from
BODY = sequence(1, [step(LINEAR, 0, width=16), step(TANH, 1)])
CASES = {
    **{
        one.name: (step(one, AT),)
        for one in (RELU, GELU, SILU, TANH, SIGMOID, HARD_SIGMOID, IDENTITY, SCALE, GLU_GATE)
    },
    **{one.name: (step(one, AT),) for one in (LAYER_NORM, RMS_NORM)},
    "batch_norm": (step(LINEAR, AT, width=9, bias=False), step(BATCH_NORM, AT + 1)),
    "tied batch_norm": (step(REPEAT, AT, sequence(1, [step(BATCH_NORM, 0)]), times=2, tied=True),),
    "narrow": (step(LINEAR, AT, width=3, bias=False), step(SIGMOID, 6), step(HARD_SIGMOID, 7), step(SCALE, 8)),
    "wide": (step(LINEAR, AT, width=130), step(GLU_GATE, 6), step(LINEAR, 7, width=256)),
    "dropout": (step(DROPOUT, AT, rate=0.3), step(LINEAR, 6, width=5), step(DROPOUT, 7, rate=0.1)),
    "add": (step(RELU, AT), step(TANH, AT), step(ADD, (5, 6, 7, 6))),
    "multiply": (step(RELU, AT), step(TANH, AT), step(MULTIPLY, (5, 6, 7, 5))),
    "concatenate": (step(LINEAR, AT, width=5), step(CONCATENATE, (5, 6, 5))),
    "residual": (step(RESIDUAL, AT, BODY), step(RESIDUAL, 6, BODY)),
    "repeat": (step(REPEAT, AT, BODY, times=3, tied=False),),
    "tied repeat": (step(REPEAT, AT, BODY, times=3, tied=True),),
    "dead step": (step(LINEAR, AT, width=7), step(RELU, AT)),
}  # fmt: skip


@pytest.mark.parametrize("name", CASES)
def test_every_component_trains_as_in_eager(name):
    # Batch statistics take a bias's gradient away but for rounding, which Adam would blow up to full steps.
    recipe = dataclasses.replace(QUICK, optimizer="sgd" if "batch_norm" in name else "adamw")
    assert_trained_alike(mlp(*CASES[name], classes=3), recipe)


@pytest.mark.parametrize("width", [2, 8, 17, 24])
@pytest.mark.parametrize("encoding", ["plain", "piecewise_linear", "periodic"])
def test_every_encoding_trains_as_in_eager(encoding, width):
    entry = [step(NUMERIC_ENTRY, 0, encoding=encoding, width=width, bins=9, frequencies=17)]
    steps = [*entry, step(VALUE_HEAD, 1)]
    assert_trained_alike(Architecture((Columns(5),), sequence(1, steps)))


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("smoothing", [0.0, 0.1])
@pytest.mark.parametrize("head", [BINARY_HEAD, CLASS_HEAD, VALUE_HEAD])
def test_every_loss_is_taken_as_in_eager(head, smoothing, weighted):
    recipe = dataclasses.replace(QUICK, label_smoothing=smoothing)
    classes = {"classes": 7} if head == CLASS_HEAD else {}
    assert_trained_alike(mlp(head=head, **classes), recipe, weighted=weighted)


@pytest.mark.parametrize("schedule", SCHEDULES)
@pytest.mark.parametrize("optimizer", ["adamw", "nadamw", "sgd"])
def test_every_optimiser_and_schedule_steps_as_in_eager(optimizer, schedule):
    recipe = dataclasses.replace(
        QUICK, optimizer=optimizer, schedule=schedule, weight_decay=0.1, batch_size=17
    )
    assert_trained_alike(mlp(step(RELU, AT), classes=3), recipe)


@given(st.integers(0, 2**32 - 1))
@settings(max_examples=40, deadline=None)
def test_any_network_trains_as_in_eager(seed):
    architecture = random_architecture(np.random.default_rng(seed))
    kinds = {one.kind for one in tape_of(architecture).operations}
    optimizer = "sgd" if "batch_norm" in kinds else ("adamw", "nadamw", "sgd")[seed % 3]
    recipe = dataclasses.replace(QUICK, optimizer=optimizer, lr=1e-3)
    assert_trained_alike(architecture, recipe, seed=seed % 1000, weighted=bool(seed % 2))


def gap(one, other):
    names = [name for name in one if name.startswith(("weights/", "optimizer/"))]
    return max(np.abs(one[name].astype(float) - other[name]).max(initial=0.0) for name in names)


@pytest.mark.slow
def test_candidates_of_a_real_space_train_as_in_eager():
    """One in sixty blows rounding up: there, as much is allowed as a disturbance of one in 10^7 does in eager."""
    space = space_for(from_arrays(*load_wine(return_X_y=True)))
    close = 0
    for number in range(60):
        architecture = space.typing(space.sample(generator(0, "compiled", number)))
        kinds = {one.kind for one in tape_of(architecture).operations}
        optimizer = "sgd" if "batch_norm" in kinds else "adamw"
        recipe = dataclasses.replace(QUICK, optimizer=optimizer, lr=1e-3)
        data = rows_for(architecture, seed=number)
        eager, fast = engines(architecture, data, recipe, seed=number)
        disturbed, _ = engines(architecture, data, recipe, seed=number)
        state = disturbed.state()
        noise = generator(1, "noise", number)
        learnt = [name for name, _ in Network(architecture).named_parameters()]
        for name in learnt:
            value = state[f"weights/{name}"]
            state[f"weights/{name}"] = value * (1 + 1e-7 * noise.normal(size=value.shape))
        disturbed.load(state)
        (_, expected), (_, found), (_, other) = trained(eager), trained(fast), trained(disturbed)
        apart = gap(expected, found)
        close += apart <= TOLERANCE
        assert apart <= max(TOLERANCE, 10 * gap(expected, other)), number
    assert close >= 58


@pytest.mark.parametrize("optimizer", ["adamw", "nadamw", "sgd"])
def test_either_engine_goes_on_from_the_others_state(optimizer):
    architecture = mlp(step(DROPOUT, AT, rate=0.2), step(LAYER_NORM, 6), classes=3)
    recipe = dataclasses.replace(QUICK, optimizer=optimizer)
    data = rows_for(architecture)
    _, expected = trained(engines(architecture, data, recipe)[0], epochs=3)
    for first, second in ((0, 1), (1, 0)):
        _, state = trained(engines(architecture, data, recipe)[first], epochs=2)
        other = engines(architecture, data, recipe)[second]
        other.load(state)
        with torch.random.fork_rng():
            other.load(state)
            other.epoch()
            assert_alike(expected, other.state(), tolerance=3e-4)


@pytest.mark.parametrize("optimizer", ["adamw", "nadamw", "sgd"])
def test_a_paused_training_ends_with_the_very_weights_of_an_undisturbed_one(optimizer):
    data = data_of(Problem.MULTICLASS)
    recipe = Recipe(optimizer=optimizer, lr=1e-2, batch_size=64, epochs=12)
    steps = [
        step(NUMERIC_ENTRY, 0),
        step(LINEAR, 1, width=16),
        step(BATCH_NORM, 2),
        step(RELU, 3),
        step(DROPOUT, 4, rate=0.3),
        step(CLASS_HEAD, 5, classes=4),
    ]
    architecture = Architecture((Columns(2),), sequence(1, steps))
    asked = {"seed": 3, "metric": ACCURACY, "engine": "compiled"}
    whole = Network(architecture, seed=0)
    expected = fit(whole, data, recipe, **asked)
    state = None
    for epoch in (2, 3, 9, 12):
        parts = Network(architecture, seed=0)
        found = fit(parts, data, recipe, **asked, stop_after=epoch, start=state, keep_state=True)
        state = found.state
    assert found.curve == expected.curve
    for name, value in whole.state_dict().items():
        assert torch.equal(value, parts.state_dict()[name]), name


def test_random_bytes_drawn_in_small_blocks_are_those_drawn_at_once(monkeypatch):
    architecture = mlp(*CASES["dropout"], classes=3)
    data = rows_for(architecture)
    _, expected = trained(engines(architecture, data)[1])
    monkeypatch.setattr(compiled, "NOISE_BYTES", 1)
    _, found = trained(engines(architecture, data)[1])
    assert_alike(expected, found, tolerance=0.0)


def test_the_size_of_a_block_of_steps_changes_nothing(monkeypatch):
    architecture = mlp(step(GELU, AT), classes=3)
    data = rows_for(architecture)
    _, expected = trained(engines(architecture, data)[1], epochs=2)
    monkeypatch.setattr(compiled, "FIRST_STEPS", 1)
    monkeypatch.setattr(compiled, "POLL_SECONDS", 0.0)
    _, found = trained(engines(architecture, data)[1], epochs=2)
    assert_alike(expected, found, tolerance=0.0)


def test_a_stop_inside_an_epoch_keeps_what_was_learnt(monkeypatch):
    monkeypatch.setattr(compiled, "POLL_SECONDS", 0.0)
    architecture = mlp(classes=3)
    data = rows_for(architecture, rows=2000)
    network = Network(architecture, seed=0)
    before = {name: value.clone() for name, value in network.state_dict().items()}
    engine = CompiledEngine(
        network, tape_of(architecture), data, Problem.MULTICLASS, QUICK,
        length=4, seed=0, should_stop=lambda: True,
    )  # fmt: skip
    assert engine.epoch() is None
    assert engine.epochs == 0
    assert not torch.equal(network.state_dict()["4.weight"], before["4.weight"])


def test_a_loss_that_is_not_finite_is_seen():
    architecture = mlp(step(SIGMOID, AT), head=VALUE_HEAD)
    data = rows_for(architecture)
    data.inputs[0][7, 1] = float("nan")
    _, fast = engines(architecture, data)
    with pytest.raises(Diverged, match=r"not finite in epoch 1 \(adamw, lr 0.003\)"):
        fast.epoch()


def test_a_learning_rate_beyond_reason_diverges():
    data = TrainingData(Problem.REGRESSION, examples(Problem.REGRESSION, 300))
    steps = [step(NUMERIC_ENTRY, 0), step(LINEAR, 1, width=8), step(RELU, 2), step(VALUE_HEAD, 3)]
    network = Network(Architecture((Columns(2),), sequence(1, steps)), seed=0)
    recipe = Recipe(optimizer="sgd", lr=1.0, batch_size=16, schedule="constant", epochs=60)
    with pytest.raises(Diverged):
        fit(network, data, recipe, seed=0, engine="compiled")


def test_training_stops_when_asked():
    architecture = Architecture(
        (Columns(2),), sequence(1, [step(NUMERIC_ENTRY, 0), step(CLASS_HEAD, 1, classes=4)])
    )
    found = fit(
        Network(architecture, seed=0), data_of(Problem.MULTICLASS), Recipe(epochs=50, batch_size=8),
        seed=0, metric=ACCURACY, on_epoch=lambda epoch, values: epoch < 3, engine="compiled",
    )  # fmt: skip
    assert (found.epochs, found.stopped) == (3, Stopped.ASKED)


def test_no_rows_give_no_outputs():
    architecture = mlp(classes=3)
    _, fast = engines(architecture, rows_for(architecture))
    none = inputs_of(np.random.default_rng(0), ALL, 0)
    assert fast.outputs(none).shape == (0, 3)
