"""What the server imports is what workers need."""

import subprocess
import sys

import pytest

TRAIN = """
import importlib, sys
from coeval.run.forkserver import preload_for
models = sys.argv[1]
for name in preload_for(models):
    importlib.import_module(name)
known = set(sys.modules)
from sklearn.datasets import load_wine
from coeval.evaluate.training import TrainingEvaluator
from coeval.space.tabular import space_for
from coeval.strategy.random import RandomSearch
from coeval.task.frame import from_arrays
from coeval.trial import Trial
task = from_arrays(*load_wine(return_X_y=True))
space = space_for(task, effort=0.05, models=models)
known |= set(sys.modules)
evaluator = TrainingEvaluator(task, space)
for number, proposal in enumerate(RandomSearch(space, 3).ask(6 if models == "neural" else 20)):
    ((_, found),) = evaluator.evaluate([Trial(number, proposal)], lambda *told: True)
    assert found.failure is None, found.failure
print(sorted(name for name in set(sys.modules) - known if name.partition(".")[0] in
             ("coeval", "torch", "numba", "sklearn", "pandas", "numpy")))
"""


@pytest.mark.slow
@pytest.mark.parametrize("models", ["neural", "all"])
def test_a_worker_imports_nothing_more_to_train_a_table(models):
    if models == "all":
        pytest.importorskip("lightgbm")
    command = [sys.executable, "-c", TRAIN, models]
    ran = subprocess.run(command, capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stderr
    assert ran.stdout.strip() == "[]"
