import subprocess
import sys

import pytest

from coeval.architecture.component import Cost
from coeval.architecture.types import Columns, Grid, Tokens
from coeval.space.recipe import Recipe
from coeval.train.memory import estimate, rows_at_once

SMALL = Cost(parameters=1000, macs=1000, activations=100)


def test_the_estimate_grows_with_everything_it_depends_on():
    columns = Columns(10, (4,), (Tokens(8, 64),))
    least = estimate(SMALL, Recipe(batch_size=32), columns, 1000)
    wider = Cost(parameters=2000, macs=1000, activations=100)
    deeper = Cost(parameters=1000, macs=1000, activations=5000)
    assert estimate(wider, Recipe(batch_size=32), columns, 1000) > least
    assert estimate(deeper, Recipe(batch_size=32), columns, 1000) > least
    assert estimate(SMALL, Recipe(batch_size=32), columns, 2000) > least
    assert estimate(SMALL, Recipe(batch_size=32), Columns(20, (4,), (Tokens(8, 64),)), 1000) > least
    assert estimate(deeper, Recipe(batch_size=4096), columns, 10_000) > estimate(
        deeper, Recipe(batch_size=2048), columns, 10_000
    )


def test_images_are_counted_with_all_their_pixels():
    recipe = Recipe(batch_size=32)
    small, large = (estimate(SMALL, recipe, Grid(size, size, 3), 10_000) for size in (16, 32))
    assert large - small > 10_000 * 2 * 3 * (32**2 - 16**2)


def test_rows_that_compute_much_are_predicted_few_at_a_time():
    assert rows_at_once(0) == rows_at_once(100) == 2048
    assert rows_at_once(10**6) * 10**6 * 4 <= 64 * 2**20
    assert rows_at_once(10**6, is_on_accelerator=True) > rows_at_once(10**6)
    assert rows_at_once(10**12) > 0


def test_asking_loads_no_torch():
    code = "import sys, coeval.train.memory; print('torch' in sys.modules)"
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ran.stdout.strip() == "False"


MEASURE = """
import resource, sys
import numpy as np
from coeval.architecture.inference import infer
from coeval.architecture.step import Architecture, sequence, step
from coeval.architecture.types import Columns
from coeval.build.network import Network
from coeval.component.channel import LINEAR, RELU
from coeval.component.entry import NUMERIC_ENTRY
from coeval.component.head import CLASS_HEAD
from coeval.space.recipe import Recipe
from coeval.task.table import Rows
from coeval.task.task import Problem
from coeval.train.data import Examples, TrainingData
from coeval.train.device import configure
from coeval.train.fit import fit
from coeval.train.memory import estimate
from tests.train.problems import ACCURACY, data_of, mlp

configure(1)
width, batch, columns, rows = map(int, sys.argv[1:])
fit(mlp(Problem.BINARY), data_of(Problem.BINARY), Recipe(epochs=1), seed=0, metric=ACCURACY)
steps = [step(NUMERIC_ENTRY, 0)]
for _ in range(3):
    steps += [step(LINEAR, len(steps), width=width), step(RELU, len(steps) + 1)]
steps.append(step(CLASS_HEAD, len(steps), classes=4))
architecture = Architecture((Columns(columns),), sequence(1, steps))
recipe = Recipe(batch_size=batch, epochs=1)
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
rng = np.random.default_rng(0)
made = [rng.standard_normal(size=(rows, columns), dtype=np.float32) for _ in range(2)]
none = np.zeros((rows, 0), np.int64)
examples = [Examples(Rows(one, none, none), np.arange(rows) % 4) for one in made]
data = TrainingData(Problem.MULTICLASS, *examples)
fit(Network(architecture), data, recipe, seed=0, metric=ACCURACY)
grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 - before
print(grown, estimate(infer(architecture).cost, recipe, Columns(columns), 2 * rows))
"""


@pytest.mark.slow
@pytest.mark.parametrize(
    "sizes", [(1024, 256, 20, 4000), (256, 4096, 20, 40_000), (64, 256, 400, 60_000)]
)
def test_the_estimate_bounds_what_training_really_takes(sizes):
    ran = subprocess.run(
        [sys.executable, "-c", MEASURE, *map(str, sizes)],
        capture_output=True,
        text=True,
        check=True,
    )
    grown, estimated = map(int, ran.stdout.split())
    assert grown < estimated < 2 * grown
