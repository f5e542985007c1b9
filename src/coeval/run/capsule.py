"""The capsule: all that is needed to repeat a run, and to go on with it."""

import importlib.metadata
import platform
from pathlib import Path
from typing import Any

from coeval import __version__
from coeval.evaluate.machine import cores, physical_memory
from coeval.run.budget import Budget
from coeval.run.options import Options
from coeval.space.images import PRESETS
from coeval.space.protocol import CandidateSpace
from coeval.task.task import Task

LIBRARIES = ("numpy", "torch", "scikit-learn", "onnxruntime", "pandas")


def capsule(
    options: Options, budget: Budget, task: Task, space: CandidateSpace, audit: str
) -> dict[str, Any]:
    """Return a run's configuration as plain JSON values.

    Args:
        options: What the user asked for.
        budget: What the search may spend.
        task: What it is to solve.
        space: What it may propose.
        audit: What the space's components can and cannot compute, in a line.
    """
    return {
        "coeval": __version__,
        "command": options.command(),
        "options": options.to_json(),
        "seed": options.seed,
        "budget": {"seconds": budget.seconds, "trials": budget.trials},
        "strategy": {"name": options.strategy},
        "task": {
            "name": task.name,
            "problem": str(task.problem),
            "target": task.target.name,
            "classes": list(task.target.classes),
            "rows": task.table.rows,
            "image": list(task.table.columns[0].values.shape[1:]) if task.is_image else None,
            "columns": [
                {"name": one.name, "kind": str(one.kind), "reason": one.reason}
                for one in task.schema.columns
            ],
            "metric": {
                "name": task.metric.name,
                "label": task.metric.label or task.metric.name,
                "maximise": task.metric.maximise,
            },
            "splits": task.splits.sizes,
            "folds": len(task.folds),
            "fingerprint": task.fingerprint,
            "notes": list(task.notes),
        },
        "space": {
            "preset": (options.preset or next(iter(PRESETS))) if task.is_image else None,
            "size": str(space.size()),
            "parts": {name: str(part.size()) for name, part in space.parts.items()},
            "audit": audit,
        },
        "libraries": {name: importlib.metadata.version(name) for name in LIBRARIES},
        "machine": machine(),
    }


def machine() -> dict[str, Any]:
    """Return what this machine is, as plain JSON values."""
    return {
        "cpu": _cpu(),
        "cores": cores(),
        "memory_bytes": physical_memory(),
        "platform": f"{platform.system()} {platform.machine()}, Python {platform.python_version()}",
    }


def _cpu() -> str:
    file = Path("/proc/cpuinfo")
    if file.exists():
        for line in file.read_text().splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()
