"""A model's folder: which files it holds, what ``architecture.json`` says, and whether they are whole."""

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from coeval.errors import ExportError

FORMAT = 1
ONNX = "model.onnx"
WEIGHTS = "weights.safetensors"
MANIFEST = "architecture.json"
SOURCE = "network.py"
CARD = "card.md"
CHECKED = (ONNX, WEIGHTS, SOURCE)
"""Files whose digests ``architecture.json`` holds; the card is for people, who may edit it."""


def write_manifest(folder: Path, facts: Mapping[str, Any]) -> None:
    """Write ``architecture.json``, a line for each fact: the facts, the other files' digests, and a digest of itself."""
    files = {name: _digest((folder / name).read_bytes()) for name in CHECKED}
    manifest = {"format": FORMAT, **facts, "files": files}
    manifest["digest"] = _digest(_canonical(manifest))
    lines = [
        f"{json.dumps(name)}: {json.dumps(fact, ensure_ascii=False)}"
        for name, fact in manifest.items()
    ]
    (folder / MANIFEST).write_text("{\n" + ",\n".join(lines) + "\n}\n", encoding="utf-8")


def read_manifest(folder: Path) -> dict[str, Any]:
    """Return what ``architecture.json`` says.

    Raises:
        ExportError: The folder or the file is missing, damaged, or of another format.
    """
    path = folder / MANIFEST
    if not folder.is_dir():
        raise ExportError(
            f"A folder with a model was expected, but {folder} is "
            f"{'a file' if folder.exists() else 'not there'}. Give the run's folder, or its model folder."
        )
    manifest = _parsed(path)
    if manifest.get("format") != FORMAT:
        raise ExportError(
            f"{path} has format {manifest.get('format')!r}; this version of coeval reads {FORMAT}. "
            "Use the version that wrote it, or fit the model again."
        )
    if "digest" not in manifest:
        raise ExportError(
            f"{path} describes no model: it has no digest, as one that coeval fit wrote has. Give the folder of a "
            "run; what coeval approximate found stands in its result.json."
        )
    stated = manifest.pop("digest")
    if stated != _digest(_canonical(manifest)):
        raise ExportError(
            f"{path} was changed after it was written. Restore it, or fit the model again."
        )
    return manifest


def check_files(folder: Path, manifest: Mapping[str, Any]) -> None:
    """Compare the ``CHECKED`` files with their digests in ``architecture.json``.

    Raises:
        ExportError: A file is missing, cut short or changed.
    """
    for name in CHECKED:
        path = folder / name
        try:
            found = _digest(path.read_bytes())
        except OSError as error:
            raise ExportError(
                f"{path} cannot be read ({error.strerror}). The model folder must hold {', '.join(CHECKED)} "
                f"and {MANIFEST}. Restore it, or fit the model again."
            ) from error
        if found != manifest["files"].get(name):
            raise ExportError(
                f"{path} is not the file that was verified: it was cut short or changed. "
                "Restore it, or fit the model again."
            )


def _parsed(path: Path) -> dict[str, Any]:
    try:
        manifest = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ExportError(
            f"{path} cannot be read ({error.strerror}). A model folder holds {', '.join(CHECKED)} and "
            f"{MANIFEST}. Give the run's folder, or its model folder."
        ) from error
    except ValueError as error:
        raise ExportError(
            f"{path} is not whole JSON ({error}). Restore it, or fit the model again."
        ) from error
    if not isinstance(manifest, dict):
        raise ExportError(f"{path} must hold a JSON object. Restore it, or fit the model again.")
    return manifest


def _canonical(manifest: Mapping[str, Any]) -> bytes:
    return json.dumps(manifest, sort_keys=True).encode()


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()
