"""The loops of trainings of pictures are compiled ahead, for the very arguments that trainings give them."""

import os
import subprocess
import sys

import pytest
import torch

from coeval.architecture.step import Architecture, sequence, step
from coeval.architecture.types import Grid
from coeval.build.network import tensor_network
from coeval.component.channel import RELU
from coeval.component.grid import (
    AVERAGE_POOL,
    CONV,
    DEPTHWISE_CONV,
    GLOBAL_AVERAGE_POOL,
    MAX_POOL,
)
from coeval.component.head import CLASS_HEAD
from coeval.component.norm import BATCH_NORM
from coeval.space.recipe import Recipe
from coeval.train import (
    augment,
    batches,
    eager,
    grid_depthwise,
    grid_norm,
    grid_pools,
    mixing,
    picture_loops,
    pixels,
)
from coeval.train.fit import fit
from coeval.train.kernels.access import kept
from coeval.train.precision import has_bfloat16
from tests.train.images import FEATURES, SIDE, picture_data
from tests.train.problems import ACCURACY


def compiled():
    """By name, for how many kinds of arguments each loop is compiled."""
    modules = (pixels, grid_norm.loops, grid_depthwise.loops, grid_pools.loops)
    found = [(name, one) for module in modules for name, one in vars(module).items()]
    return {name: len(one.signatures) for name, one in found if hasattr(one, "signatures")}


def network(width):
    steps = [
        step(CONV, 0, width=width, kernel=3),
        step(DEPTHWISE_CONV, 1, kernel=5),
        step(BATCH_NORM, 2),
        step(RELU, 3),
        step(MAX_POOL, 4, kernel=2, stride=2),
        step(AVERAGE_POOL, 5, kernel=3),
        step(MAX_POOL, 6, kernel=3),
        step(GLOBAL_AVERAGE_POOL, 7),
        step(CLASS_HEAD, 8, classes=3),
    ]
    return Architecture((Grid(SIDE, SIDE, FEATURES),), sequence(1, steps))


@pytest.mark.parametrize("width", [8, 24])
def test_a_training_compiles_nothing_more(monkeypatch, width):
    picture_loops.compile_loops()
    before = compiled()
    monkeypatch.setattr(eager, "convolves_much", lambda network, batch: True)
    precision = "bfloat16" if has_bfloat16(torch.device("cpu")) else "float32"
    recipe = Recipe(
        epochs=1, batch_size=32, crop=0.125, augmentation="trivial", mixup=1.0, cutmix=1.0
    )
    made = tensor_network(network(width), seed=0)
    fit(made, picture_data(64, 32), recipe, seed=0, metric=ACCURACY, precision=precision)
    assert compiled() == before
    assert all(
        before[name]
        for name in ("changed_reals", "reals", "mix", "swap", "affine", "backward", "mean_gradient")
    )


def test_a_training_that_does_not_wait_for_the_loops_compiles_none_and_learns_the_same(
    monkeypatch,
):
    recipe = Recipe(epochs=2, batch_size=32, flip=True, crop=0.125, cutout=0.25, mixup=1.0)
    scores = []
    for is_ready in (True, False):
        for module in (augment, batches, eager, mixing):
            monkeypatch.setattr(module, "are_pictures_ready", lambda is_ready=is_ready: is_ready)
        if not is_ready:
            for name in ("reals", "changed_reals", "mix", "swap"):
                monkeypatch.setattr(pixels, name, lambda *given: pytest.fail("a loop was called"))
            monkeypatch.setattr(
                grid_norm, "joined", lambda *given: pytest.fail("a loop was called")
            )
        monkeypatch.setattr(eager, "convolves_much", lambda network, batch: True)
        made = tensor_network(network(8), seed=0)
        done = fit(made, picture_data(64, 32), recipe, seed=0, metric=ACCURACY, precision="float32")
        scores.append(done.curve["train_loss"])
    assert scores[1] == pytest.approx(scores[0], abs=1e-4)


def test_where_nothing_can_be_kept_a_function_is_compiled_all_the_same():
    names = {}
    exec("def double(x): return 2 * x", names)  # numba finds no file of it, so no folder
    assert kept()(names["double"])(21) == 42


@pytest.mark.slow
def test_loops_are_kept_where_the_environment_says(tmp_path):
    code = (
        "from coeval.train import picture_loops as p; p.compile_loops(); print(p.mark().exists())"
    )
    environment = {**os.environ, "NUMBA_CACHE_DIR": str(tmp_path)}
    for _ in range(2):
        done = subprocess.run(
            [sys.executable, "-c", code],
            env=environment,
            capture_output=True,
            text=True,
            check=True,
        )
        assert done.stdout.strip() == "True"
        files = sorted(tmp_path.rglob("*.nbc"))
        assert len(files) > 10
    assert {one.stat().st_mtime for one in files} == {
        one.stat().st_mtime for one in tmp_path.rglob("*.nbc")
    }
