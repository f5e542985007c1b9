"""Networks for images give the same predictions as model.onnx and as network.py: every component, every preset."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from coeval.architecture.component import Component
from coeval.architecture.step import Architecture, Region, Step, sequence, step
from coeval.architecture.types import Grid
from coeval.component.library import IMAGE
from coeval.export.card import CardFacts
from coeval.export.write import write_model
from coeval.space.images import PRESETS, space_for
from coeval.task.task import Problem
from tests.export.images import head, image_model, picture_table
from tests.task.pictures import picture_task

PLAIN = (
    *("gelu", "silu", "tanh", "sigmoid", "hard_sigmoid", "spike", "identity", "batch_norm"),
    *("layer_norm", "rms_norm", "dropout", "drop_path", "scale", "glu_gate", "position_embedding"),
    *("attention", "channel_shuffle"),
)
"""Components that keep a grid's type."""


class Chain:
    """Steps one after the other, each taking the last result unless told otherwise."""

    def __init__(self) -> None:
        self.steps: list[Step] = []

    def add(
        self, name: str, *inputs: int, regions: tuple[Region, ...] = (), **settings: Any
    ) -> int:
        """Append a step and return the number of its result."""
        taken = inputs or (len(self.steps),)
        self.steps.append(step(IMAGE[name], taken, *regions, **settings))
        return len(self.steps)


def every_component(problem: Problem) -> Architecture:
    """Return a network with all components but the other heads."""
    chain = Chain()
    image = chain.add("conv2d", width=8, kernel=3, dilation=2)
    chain.add("relu")
    for name in PLAIN:
        chain.add(name)
    chain.add("group_norm", groups=4)
    chain.add("group_conv2d", width=8, groups=2, kernel=3, bias=True)
    chain.add("axis_conv2d", width=8, axis="height", kernel=5)
    chain.add("depthwise_conv2d", kernel=5, dilation=2)
    last = chain.add("multiply", len(chain.steps), image)
    none = chain.add("zero")
    last = chain.add("add", last, none)
    mean = chain.add("global_avg_pool")
    last = chain.add("gate", last, mean)
    body = sequence(1, [step(IMAGE["conv2d"], 0, width=8, kernel=1), step(IMAGE["relu"], 1)])
    chain.add("residual", regions=(body,))
    wide = chain.add("repeat", regions=(body,), times=2)
    chain.add("avg_pool2d", kernel=3)
    chain.add("max_pool2d", kernel=3)
    chain.add("concatenate", len(chain.steps), wide)
    chain.add("group_average", width=8)
    chain.add("upsample2d", mode="bilinear")
    chain.add("subsample2d", offset=1)
    chain.add("upsample2d")
    chain.add("patch_embedding", width=8, patch=2)
    chain.add("to_sequence")
    chain.add("linear", width=4)
    chain.add("to_grid", height=8)
    chain.add("flatten")
    chain.steps.append(head(problem, len(chain.steps)))
    return Architecture((Grid(8, 8, 3),), sequence(1, chain.steps))


def used(region: Region) -> Iterator[Component]:
    for one in region.steps:
        yield one.component
        for inner in one.regions:
            yield from used(inner)


def agrees(architecture: Architecture, folder: Path, problem: Problem = Problem.MULTICLASS) -> None:
    (grid,) = architecture.inputs
    assert isinstance(grid, Grid)
    table = picture_table(12, grid.height, grid.width, grid.features)
    model = image_model(table, problem, architecture)
    parity = write_model(folder / "model", model, table, np.arange(12), CardFacts()).parity
    assert max(parity.onnx, parity.source) < 1e-4
    assert parity.rows == 12


def some_slow(names: Sequence[str], quick: str) -> list[Any]:
    """Return all names, those but one only for the slow tier: an export takes seconds."""
    return [one if one == quick else pytest.param(one, marks=pytest.mark.slow) for one in names]


@pytest.mark.parametrize("problem", some_slow(list(Problem), Problem.MULTICLASS))
def test_every_component_is_exported(problem: Problem, tmp_path: Path) -> None:
    architecture = every_component(problem)
    heads = {"binary_head", "class_head", "value_head"}
    assert {one.name for one in used(architecture.body)} | heads == set(IMAGE)
    agrees(architecture, tmp_path, problem)


@pytest.mark.parametrize("preset", some_slow(list(PRESETS), "nasbench201"))
def test_the_default_network_of_a_preset_is_exported(preset: str, tmp_path: Path) -> None:
    space = space_for(picture_task(side=12), preset)
    first = next(iter(space.seeds().values()))
    agrees(space.architecture(first), tmp_path)


@pytest.mark.slow
@pytest.mark.parametrize("features", [1, 3])
@pytest.mark.parametrize("preset", list(PRESETS))
def test_members_of_a_preset_are_exported(preset: str, features: int, tmp_path: Path) -> None:
    space = space_for(picture_task(side=14, features=features), preset)
    rng = np.random.default_rng(0)
    members = [*space.seeds().values(), *(space.sample(rng) for _ in range(10))]
    for number, candidate in enumerate(members):
        agrees(space.architecture(candidate), tmp_path / str(number))
