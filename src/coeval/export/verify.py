"""Does what was written reproduce what was searched? Compared row by row before anyone may use it."""

import ast
import importlib.util
import math
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType

import numpy as np
import numpy.typing as npt
import torch

from coeval.errors import ExportError
from coeval.export.ensemble import Ensemble, Trained, cost_of
from coeval.export.folder import SOURCE, WEIGHTS
from coeval.export.session import Session
from coeval.task.table import Pixels, Rows, Table
from coeval.task.task import Problem
from coeval.train.memory import rows_at_once

TOLERANCE = 1e-4
"""In probability, or in standard deviations of the target."""

ALLOWED_IMPORTS = frozenset({"math", "pathlib", "safetensors", "torch"})
"""What ``network.py`` may import: it must outlive coeval."""

Predictions = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Parity:
    """The largest differences from the searched model over the rows compared.

    Attributes:
        onnx: Of ``model.onnx``, in probability or standard deviations of the target.
        source: Of ``network.py`` with ``weights.safetensors``, likewise.
        rows: How many rows were compared.
    """

    onnx: float
    source: float
    rows: int


def verify(
    folder: Path,
    model: Trained,
    session: Session,
    *,
    table: Table,
    rows: Sequence[Rows | Pixels],
    expected: Predictions,
) -> Parity:
    """Compare the written files with the searched model.

    Args:
        folder: Holds ``network.py`` and ``weights.safetensors``.
        model: What was searched.
        session: The written ``model.onnx``.
        table: Raw rows, at least one.
        rows: The same rows as each member of the model prepares them.
        expected: What the searched network predicts for them.

    Raises:
        ExportError: A difference exceeds ``TOLERANCE``, a prediction is not finite, or ``network.py`` cannot
            be run or imports something else than torch.
    """
    if not np.isfinite(expected).all():
        raise ExportError(
            f"The searched model's prediction of row {_first(~np.isfinite(expected))} is not finite. "
            "It diverged; choose another trial."
        )
    by_onnx = difference(session.predict(table), expected, model)
    if not by_onnx <= TOLERANCE:
        raise _disagreement("model.onnx", by_onnx, model)
    at_once = rows_at_once(cost_of(model).activations)
    found = source_predictions(folder, model, rows, at_once)
    by_source = difference(found, expected, model)
    if not by_source <= TOLERANCE:
        raise _disagreement(SOURCE, by_source, model)
    return Parity(by_onnx, by_source, table.rows)


def difference(found: Predictions, expected: Predictions, model: Trained) -> float:
    """Return the largest difference, in probability or in standard deviations of the target; NaN if one is NaN."""
    if found.shape != expected.shape:
        return math.inf
    unit = model.std if model.problem is Problem.REGRESSION else 1.0
    return float(np.max(np.abs(found - expected), initial=0.0)) / unit


def source_predictions(
    folder: Path, model: Trained, rows: Sequence[Rows | Pixels], at_once: int = 2048
) -> Predictions:
    """Return what ``network.py`` predicts for prepared rows.

    Args:
        folder: Holds ``network.py`` and ``weights.safetensors``.
        model: What was searched.
        rows: As each member of the model prepares them.
        at_once: So many at a time.

    Raises:
        ExportError: It cannot be run, or imports something else than torch.
    """
    path = folder / SOURCE
    check_imports(path.read_text(encoding="utf-8"))
    try:
        module = _imported(path)
        network = module.load(folder)
        parts = []
        for start in range(0, max(1, len(rows[0][0])), at_once):
            taken = [
                tuple(torch.tensor(one[start : start + at_once]) for one in member)
                for member in rows
            ]
            given = taken if isinstance(model, Ensemble) else taken[0]
            parts.append(module.predict(network, *given))
    except Exception as error:
        raise ExportError(
            f"{SOURCE} does not run with {WEIGHTS}: {type(error).__name__}: {error}. "
            "This is a defect of coeval; please report it with the run's folder."
        ) from error
    return torch.cat(parts).numpy().astype(np.float64)


def check_imports(text: str) -> None:
    """Check that a source text imports nothing but torch, safetensors and the standard library.

    Raises:
        ExportError: It imports something else.
    """
    for node in ast.walk(ast.parse(text)):
        names = []
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            names = [node.module or "."]
        for name in names:
            if name.split(".")[0] not in ALLOWED_IMPORTS:
                raise ExportError(
                    f"{SOURCE} must import only {', '.join(sorted(ALLOWED_IMPORTS))}, got {name!r}. "
                    "Make the component's lowering self-contained."
                )


def _imported(path: Path) -> ModuleType:
    """Import a file under a name of its own, and leave no trace: neither in ``sys.modules`` nor as bytecode."""
    spec = importlib.util.spec_from_file_location("coeval_exported_network", path)
    if spec is None or spec.loader is None:
        raise ExportError(f"{path} cannot be imported.")
    module = importlib.util.module_from_spec(spec)
    before = sys.dont_write_bytecode
    sys.dont_write_bytecode = True
    try:
        spec.loader.exec_module(module)
    finally:
        sys.dont_write_bytecode = before
    return module


def _disagreement(name: str, found: float, model: Trained) -> ExportError:
    unit = "standard deviations" if model.problem is Problem.REGRESSION else "in probability"
    return ExportError(
        f"{name} must agree with the searched model within {TOLERANCE:g}, but differs by {found:.3g} {unit}. "
        "It was not kept. Please report this with the run's folder."
    )


def _first(wrong: npt.NDArray[np.bool_]) -> int:
    return int(np.argwhere(wrong)[0][0])
