"""Measured milliseconds that outlive a process: of pieces for this machine, of a run's models in its folder."""

import contextlib
import hashlib
import importlib.metadata
import json
import os
from collections.abc import Mapping
from pathlib import Path

from coeval.run.capsule import machine
from coeval.store.artifacts import write_whole

FILE = "latency.json"
_DEPENDS = ("onnxruntime", "torch", "onnx")
"""Libraries whose other version may measure otherwise."""


def user_table() -> Path:
    """Return the file in the user's cache that holds what pieces take on this machine, with these libraries."""
    here = machine()
    versions = [f"{name} {importlib.metadata.version(name)}" for name in _DEPENDS]
    facts = json.dumps([here["cpu"], here["platform"], *versions])
    root = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    name = hashlib.blake2b(facts.encode(), digest_size=8).hexdigest()
    return Path(root) / "coeval" / f"latency-{name}.json"


def read_table(file: Path) -> dict[str, float]:
    """Return milliseconds by name; none where the file is missing or damaged, since all can be measured again."""
    try:
        found = json.loads(file.read_text(encoding="utf-8"))
        return {str(name): float(value) for name, value in found.items()}
    except (OSError, ValueError, AttributeError, TypeError):
        return {}


def write_table(file: Path, known: Mapping[str, float]) -> None:
    """Keep milliseconds by name, beside what another run kept meanwhile; where nothing can be written, nothing is lost."""
    merged = {**read_table(file), **known}
    with contextlib.suppress(OSError):
        write_whole(file, json.dumps(merged, sort_keys=True).encode())
