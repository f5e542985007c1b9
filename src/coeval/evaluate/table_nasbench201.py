"""The table of NAS-Bench-201 (Dong & Yang 2020, arXiv:2001.00326), which ships with coeval.

Latency and energy on six devices are HW-NAS-Bench's (Li et al. 2021, arXiv:2103.10584) and are read from a file.
"""

from collections.abc import Callable, Hashable, Mapping
from functools import cache
from importlib.resources import files
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from coeval.errors import DataError
from coeval.evaluate.table import Floats, Table
from coeval.space.nasbench201 import OPERATIONS
from coeval.space.protocol import Candidate
from coeval.trial import Objective

ACCURACY = Objective("accuracy", maximise=True)
DATASETS: Mapping[str, str] = {"cifar10": "c10", "cifar100": "c100", "imagenet16-120": "in16"}
"""Data sets by their published name, and the columns' prefix."""
WITHIN: Mapping[str, float] = {"cifar10": 0.25, "cifar100": 0.1, "imagenet16-120": 0.25}
"""Points of validation accuracy below the best that count as near it."""
FULL, SHORT = 200, 12
DEVICES = "nb201_hw_latency_energy.parquet"
SOURCE = "NAS-Bench-201, Dong & Yang 2020 (arXiv:2001.00326, MIT)"


def nasbench201_table(
    dataset: str,
    key: Callable[[Candidate], Hashable],
    epochs: int = FULL,
    data: Path | None = None,
) -> Table:
    """Return the table of one data set.

    Args:
        dataset: One of ``DATASETS``.
        key: From a candidate to its official string, such as ``|none~0|+|none~0|none~1|+…``.
        epochs: The full schedule: 200, or 12 for the protocol in which searches see the short one only. The
            200-epoch table has the 12 epochs as a lower fidelity. Test scores are those after 200 epochs in both.
        data: A folder with ``nb201_hw_latency_energy.parquet``, for values such as ``edgegpu_latency`` (ms).

    Raises:
        DataError: There is no such file in the folder, or it is not that table.
    """
    arrays = _shipped()
    prefix = DATASETS[dataset]
    accuracies = _accuracies(arrays)
    facts = {
        "flops": _fact(arrays, f"{prefix}_flops"),
        "parameters": _fact(arrays, f"{prefix}_params"),
    }
    if data is not None:
        facts |= _on_devices(data / DEVICES, prefix, len(arrays["edges"]))
    name = f"nasbench201-{dataset}"
    return Table(
        name=name if epochs == FULL else f"{name}-{epochs}epochs",
        objective=ACCURACY,
        key=key,
        rows={cell: row for row, cell in enumerate(_strings(arrays["edges"]))},
        epochs=epochs,
        schedules={
            one: {"accuracy": accuracies[f"{prefix}_val_{one}"]}
            for one in (SHORT, FULL)
            if one <= epochs
        },
        facts=facts,
        test=accuracies[f"{prefix}_test_{FULL}"],
        within=WITHIN[dataset],
        source=SOURCE,
    )


@cache
def _shipped() -> Mapping[str, npt.NDArray[Any]]:
    content = (files("coeval.evaluate") / "assets" / "nasbench201.npz").read_bytes()
    with np.load(BytesIO(content), allow_pickle=False) as arrays:
        return dict(arrays)


def _accuracies(arrays: Mapping[str, npt.NDArray[Any]]) -> dict[str, Floats]:
    """Return accuracies in per cent by column; they are stored as whole numbers of the unit beside them."""
    whole = arrays["accuracies"].astype(np.float64)
    columns = np.round(whole / arrays["units"][:, None], 4)
    return dict(zip(arrays["names"].tolist(), columns, strict=True))


def _fact(arrays: Mapping[str, npt.NDArray[Any]], name: str) -> Floats:
    values: Floats = arrays[name].astype(np.float64)[arrays[f"{name}_at"]]
    return values


def _strings(edges: npt.NDArray[np.uint8]) -> list[str]:
    """Return the official string of each row of operations on the edges 0-1, 0-2, 1-2, 0-3, 1-3, 2-3."""
    named = np.array(OPERATIONS)[edges].tolist()
    return [f"|{a}~0|+|{b}~0|{c}~1|+|{d}~0|{e}~1|{f}~2|" for a, b, c, d, e, f in named]


def _on_devices(path: Path, prefix: str, rows: int) -> dict[str, Floats]:
    """Return latency (ms) and energy (mJ) by device; NaN where the device cannot run the cell.

    Raises:
        DataError: The file is missing, or is not the table of devices.
    """
    import pandas as pd  # noqa: PLC0415 - only for this file

    if not path.is_file():
        raise DataError(
            f"Device latency is read from {path}, and there is no such file. Name the folder that holds it with "
            "--data; it is HW-NAS-Bench's table (https://github.com/GATECH-EIC/HW-NAS-Bench)."
        )
    try:
        frame = pd.read_parquet(path).sort_values("idx")
    except (OSError, ValueError, KeyError) as error:
        raise DataError(f"{path} is no table of latencies: {error}.") from error
    names = [one for one in frame.columns if one.startswith(f"{prefix}_")]
    if len(frame) != rows or not names:
        raise DataError(
            f"{path} must have {rows:,} rows and columns {prefix}_DEVICE_latency, got {len(frame):,} rows and "
            f"{', '.join(map(str, frame.columns[:4]))} …"
        )
    return {
        one.removeprefix(f"{prefix}_"): frame[one].where(frame[one] >= 0).to_numpy(np.float64)
        for one in names
    }
