import dataclasses
import subprocess
import sys

import pytest
import torch

from coeval.architecture.step import Architecture, sequence, step
from coeval.architecture.types import Columns
from coeval.build.network import Network
from coeval.component.channel import RELU
from coeval.component.entry import NUMERIC_ENTRY
from coeval.component.head import CLASS_HEAD
from coeval.space.recipe import Recipe
from coeval.task.task import Problem
from coeval.train import choose
from coeval.train.choose import FEW_STEPS, engine_for
from coeval.train.compiled import CompiledEngine
from coeval.train.data import UNSCALED, to_tensors
from coeval.train.eager import EagerEngine
from tests.train.problems import examples, mlp

DATA = to_tensors(examples(Problem.MULTICLASS, 100), Problem.MULTICLASS, UNSCALED, torch.device("cpu"))  # fmt: skip
RECIPE = Recipe(batch_size=10)  # ten steps an epoch
LONG = FEW_STEPS // 10 + 1


@pytest.fixture(autouse=True)
def compiled(monkeypatch):
    """On a machine's first run, too."""
    monkeypatch.setattr(choose, "is_compiled", lambda: True)


def chosen(network, length=LONG, **more):
    return engine_for(
        network, DATA, Problem.MULTICLASS, RECIPE, length=length, seed=0, should_stop=lambda: False, **more
    )  # fmt: skip


def test_networks_over_rows_are_trained_by_the_compiled_loop():
    assert isinstance(chosen(mlp(Problem.MULTICLASS)), CompiledEngine)


def test_nobody_waits_for_the_compiler_unless_he_insists(monkeypatch):
    monkeypatch.setattr(choose, "is_compiled", lambda: False)
    assert isinstance(chosen(mlp(Problem.MULTICLASS)), EagerEngine)
    assert isinstance(chosen(mlp(Problem.MULTICLASS), engine="compiled"), CompiledEngine)


def test_short_trainings_are_not_worth_loading_it():
    assert isinstance(chosen(mlp(Problem.MULTICLASS), FEW_STEPS // 10), EagerEngine)


def test_wide_networks_on_large_batches_are_left_to_pytorchs_products(monkeypatch):
    monkeypatch.setattr(choose, "MUCH_WORK", 10 * 260)  # a batch of ten rows, 260 weights
    network = mlp(Problem.MULTICLASS)
    assert sum(one.numel() for one in network.parameters()) < 260
    assert isinstance(chosen(network), CompiledEngine)
    assert isinstance(chosen(mlp(Problem.MULTICLASS, width=64)), EagerEngine)


def test_the_choice_can_be_made_by_hand():
    assert isinstance(chosen(mlp(Problem.MULTICLASS), engine="eager"), EagerEngine)
    assert isinstance(chosen(mlp(Problem.MULTICLASS), 1, engine="compiled"), CompiledEngine)


def test_components_of_users_and_frozen_parameters_are_trained_in_pytorch():
    own = dataclasses.replace(RELU, name="own", lowering="tests.train.test_choose:Own")
    steps = [step(NUMERIC_ENTRY, 0), step(own, 1), step(CLASS_HEAD, 2, classes=4)]
    assert isinstance(chosen(Network(Architecture((Columns(2),), sequence(1, steps)))), EagerEngine)
    frozen = mlp(Problem.MULTICLASS)
    next(frozen.parameters()).requires_grad_(False)
    assert isinstance(chosen(frozen), EagerEngine)
    assert isinstance(chosen(torch.nn.Linear(2, 4)), EagerEngine)


class Own(torch.nn.ReLU):
    pass


def test_insisting_where_it_cannot_be_done_says_so():
    with pytest.raises(ValueError, match="trains float32 networks of the tabular components on the CPU, got Linear"):  # fmt: skip
        chosen(torch.nn.Linear(2, 4), engine="compiled")
    with pytest.raises(ValueError, match="engine must be one of auto, eager, compiled, got 'fast'"):
        chosen(mlp(Problem.MULTICLASS), engine="fast")


def test_numba_is_not_loaded_before_it_is_needed():
    code = "import sys, coeval.train.choose; assert 'numba' not in sys.modules"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


FIRST_RUN = """
import sys
from pathlib import Path
from coeval.train.kernels import loading
begun = []
loading.mark = lambda: Path(sys.argv[1])
loading.compile_elsewhere = lambda: begun.append(True)
from coeval.train.kernels import ready
from tests.train.test_choose import chosen, mlp, Problem
print(len(begun), type(chosen(mlp(Problem.MULTICLASS))).__name__)
"""


@pytest.mark.parametrize(
    ("is_there", "said"), [(False, "1 EagerEngine"), (True, "0 CompiledEngine")]
)
def test_workers_of_a_machines_first_run_train_in_pytorch_while_another_process_compiles(
    is_there, said, tmp_path
):
    mark = tmp_path / "mark"
    if is_there:
        mark.touch()
    command = [sys.executable, "-c", FIRST_RUN, str(mark)]
    ran = subprocess.run(command, capture_output=True, text=True, check=False)
    assert ran.stdout.strip() == said, ran.stderr
