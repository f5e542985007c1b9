"""Tables that are read from a folder of the user's: their licences do not let coeval ship them, or they are large."""

from collections.abc import Callable, Hashable, Mapping
from pathlib import Path

import numpy as np

from coeval.errors import DataError
from coeval.evaluate.table import Curves, Table
from coeval.evaluate.table_nasbench201 import ACCURACY
from coeval.space.protocol import Candidate
from coeval.trial import Objective

MACRO = "nasbench_macro_cifar10.csv.gz"
TRANSNAS = "transnasbench101_macro.parquet"
SPIKE = "spikenasbench_cifar10_curves.npz"
ORIGINS: Mapping[str, str] = {
    MACRO: "NAS-Bench-Macro, Su et al. 2021 (arXiv:2103.11922): https://github.com/xiusu/NAS-Bench-Macro",
    TRANSNAS: "TransNAS-Bench-101, Duan et al. 2021 (arXiv:2105.11871): https://github.com/yawen-d/TransNASBench",
    SPIKE: "SpikeNAS-Bench, Sun et al. 2025 (doi:10.1109/TAI.2025.3534136), from its authors",
}
TASKS: Mapping[str, str] = {
    "class_object": "accuracy",
    "class_scene": "accuracy",
    "jigsaw": "accuracy",
    "segmentsemantic": "accuracy",
    "autoencoder": "ssim",
    "normal": "ssim",
    "room_layout": "negative_loss",
}
"""TransNAS-Bench-101's seven tasks, and what is measured on each; more is better throughout."""
MISSING = 65535

Key = Callable[[Candidate], Hashable]


def macro_table(key: Key, data: Path) -> Table:
    """Return NAS-Bench-Macro's table: 6,561 chains on CIFAR-10; accuracy (%) is the mean of three seeds.

    Args:
        key: From a candidate to its eight digits.
        data: The folder.

    Raises:
        DataError: The file is missing or is another.
    """
    import pandas as pd  # noqa: PLC0415 - only for this file

    path = _found(data, MACRO)
    try:
        frame = pd.read_csv(path, dtype={"arch": str})
        columns = {
            name: frame[column].to_numpy(np.float64)
            for name, column in (
                ("accuracy", "mean_acc"),
                ("flops", "flops"),
                ("parameters", "params"),
            )
        }
        keys = frame["arch"].tolist()
    except (OSError, ValueError, KeyError) as error:
        raise _other(path, error) from error
    return Table(
        name="nasbench-macro",
        objective=ACCURACY,
        key=key,
        rows={one: row for row, one in enumerate(keys)},
        epochs=1,
        schedules={1: {"accuracy": columns.pop("accuracy")}},
        facts=columns,
        source=ORIGINS[MACRO],
    )


def transnas_table(task: str, key: Key, data: Path) -> Table:
    """Return the table of one task of TransNAS-Bench-101's macro space: 3,256 networks.

    Args:
        task: One of ``TASKS``.
        key: From a candidate to its string, such as ``1-1-2-4``.
        data: The folder.

    Raises:
        DataError: The file is missing or is another.
    """
    import pandas as pd  # noqa: PLC0415 - only for this file

    path = _found(data, TRANSNAS)
    try:
        frame = pd.read_parquet(path)
        values = frame[f"{task}_val"].to_numpy(np.float64)
        keys = frame["arch"].tolist()
    except (OSError, ValueError, KeyError) as error:
        raise _other(path, error) from error
    name = TASKS[task]
    return Table(
        name=f"transnas-{task}",
        objective=Objective(name, maximise=True),
        key=key,
        rows={one: row for row, one in enumerate(keys)},
        epochs=1,
        schedules={1: {name: values}},
        source=ORIGINS[TRANSNAS],
    )


def spike_table(key: Key, data: Path) -> Table:
    """Return SpikeNAS-Bench's table: validation accuracy (%) of 15,625 cells after every epoch, on CIFAR-10.

    Args:
        key: From a candidate to its six operation numbers.
        data: The folder.

    Raises:
        DataError: The file is missing or is another.
    """
    path = _found(data, SPIKE)
    try:
        with np.load(path, allow_pickle=False) as arrays:
            right = arrays["val_correct_per_25000"]
            epochs = arrays["epochs"].astype(np.int64)
            cells = arrays["ops"].tolist()
            test = arrays["test_acc"].astype(np.float64)
            seconds = arrays["train_seconds"].astype(np.float64)
            parameters = arrays["params"].astype(np.float64)
    except (OSError, ValueError, KeyError) as error:
        raise _other(path, error) from error
    curves = np.where(right == MISSING, np.nan, right / 250).astype(np.float32)
    final = curves[np.arange(len(epochs)), epochs - 1].astype(np.float64)
    return Table(
        name="spikenasbench",
        objective=ACCURACY,
        key=key,
        rows={tuple(cell): row for row, cell in enumerate(cells)},
        epochs=100,
        schedules={100: {"accuracy": final}},
        facts={"parameters": parameters},
        test=test,
        curves=Curves("accuracy", curves, epochs),
        seconds=seconds,
        source=ORIGINS[SPIKE],
    )


def _found(data: Path, name: str) -> Path:
    path = data / name
    if not path.is_file():
        what = "no such folder" if not data.is_dir() else "no such file in it"
        raise DataError(
            f"This table is read from {path}: {what}. Name the folder that holds {name} with --data. "
            f"It comes from {ORIGINS[name]}."
        )
    return path


def _other(path: Path, error: Exception) -> DataError:
    return DataError(
        f"{path} is not the table of that name ({type(error).__name__}: {error}). "
        f"It comes from {ORIGINS[path.name]}."
    )
