"""A trained model written to its folder: complete, verified, and in one step, or not at all."""

import platform
import shutil
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
from safetensors.numpy import save

from coeval.architecture.text import outline
from coeval.build.network import network_for
from coeval.build.source import source
from coeval.build.source_ensemble import Member, ensemble_source
from coeval.build.weights import load
from coeval.errors import ExportError
from coeval.export.card import CardFacts, ModelFacts, Part, card
from coeval.export.ensemble import LEAST, Ensemble, Trained, combined, members_of
from coeval.export.folder import CARD, CHECKED, MANIFEST, ONNX, SOURCE, WEIGHTS, write_manifest
from coeval.export.manifest import Description, facts
from coeval.export.model import raw_inputs
from coeval.export.onnx_ensemble import trained_onnx
from coeval.export.session import Session
from coeval.export.verify import Parity, Predictions, verify
from coeval.task.table import Table
from coeval.train.data import Scale
from coeval.train.predict import predict

_OURS = frozenset((*CHECKED, MANIFEST, CARD, "__pycache__"))
"""What may lie in a model's folder; Python caches ``network.py`` beside it when that is imported."""


@dataclass(frozen=True, slots=True)
class Written:
    """A model folder that was written and verified.

    Attributes:
        folder: Where it is.
        files: Names of its files.
        parity: How well they reproduce the searched model.
        latency_ms: Median of one call of ``model.onnx`` with ``"one"`` row and with a ``"thousand"``.
    """

    folder: Path
    files: tuple[str, ...]
    parity: Parity
    latency_ms: Mapping[str, float]


def write_model(
    folder: Path,
    model: Trained,
    table: Table,
    rows: npt.NDArray[np.intp],
    card_facts: CardFacts,
    expected: Predictions | None = None,
) -> Written:
    """Write ``model.onnx``, ``weights.safetensors``, ``network.py``, ``architecture.json`` and ``card.md``.

    An older model in that folder is replaced, but only once the new one is complete and verified. A folder
    that holds anything else is left alone.

    Args:
        folder: The model folder to be.
        model: What was trained.
        table: Raw rows.
        rows: Indices of the rows on which the files must agree with the model: of the test split.
        card_facts: What the card says beyond the model.
        expected: What the model predicts for these rows, where that is known.

    Raises:
        ExportError: The files do not reproduce the model, or cannot be written, or would replace other files.
    """
    folder = Path(folder)
    try:
        _check_replaceable(folder)  # before the work, and again after it
        folder.parent.mkdir(parents=True, exist_ok=True)
        made = Path(tempfile.mkdtemp(prefix=f".{folder.name}-", dir=folder.parent))
    except OSError as error:
        raise _unwritable(folder, error) from error
    try:
        parity, latency = _fill(made, model, table.take(rows), card_facts, expected)
        made.chmod(0o755)  # mkdtemp's folders are their owner's alone
        _replace(folder, made)
    except OSError as error:
        raise _unwritable(folder, error) from error
    finally:
        shutil.rmtree(made, ignore_errors=True)
    return Written(folder, (*CHECKED, MANIFEST, CARD), parity, latency)


def _fill(
    folder: Path,
    model: Trained,
    table: Table,
    card_facts: CardFacts,
    expected: Predictions | None,
) -> tuple[Parity, Mapping[str, float]]:
    """Write all files into an empty folder and verify them."""
    if table.rows == 0:
        raise ExportError(
            "At least one row is needed to verify an export, got none. Pass the rows that were held out, "
            "or some of the training rows."
        )
    networks = [network_for(one.architecture) for one in members_of(model)]
    for network, one in zip(networks, members_of(model), strict=True):
        load(network, one.weights)
    content = trained_onnx(model, networks).SerializeToString()
    (folder / ONNX).write_bytes(content)
    weights = {name: np.ascontiguousarray(value) for name, value in _weights(model).items()}
    (folder / WEIGHTS).write_bytes(
        save(weights)
    )  # safetensors' own writer makes it unreadable for others
    (folder / SOURCE).write_text(_source(model), encoding="utf-8")
    session = Session(content, describe(model))
    prepared = [one.preparation.transform(table) for one in members_of(model)]
    if expected is None:
        expected = combined(
            model,
            [
                predict(network, rows, one.problem, Scale(one.mean, one.std))
                for network, rows, one in zip(networks, prepared, members_of(model), strict=True)
            ],
        )
    parity = verify(folder, model, session, table=table, rows=prepared, expected=expected)
    latency = session.latency(table)
    known = _model_facts(model, session, parity, latency)
    (folder / CARD).write_text(card(card_facts, known), encoding="utf-8")
    write_manifest(folder, facts(model))
    return parity, latency


def _weights(model: Trained) -> Mapping[str, np.ndarray]:
    """Return all weights; behind its member's number in an ensemble."""
    if not isinstance(model, Ensemble):
        return model.weights
    return {
        f"{number}.{name}": value
        for number, one in enumerate(model.members)
        for name, value in one.weights.items()
    }


def _source(model: Trained) -> str:
    if not isinstance(model, Ensemble):
        return source(
            model.architecture,
            problem=model.problem,
            classes=model.classes,
            mean=model.mean,
            std=model.std,
        )
    members = [
        Member(one.architecture, weight, one.mean, one.std)
        for one, weight in zip(model.members, model.weights, strict=True)
    ]
    return ensemble_source(
        members,
        problem=model.problem,
        classes=model.classes,
        temperature=model.temperature,
        least=LEAST,
    )


def describe(model: Trained) -> Description:
    """Return what predicting with the model needs to know."""
    return Description(
        schema=model.schema,
        inputs=raw_inputs(model.schema, model.image),
        problem=model.problem,
        target=model.target,
        classes=model.classes,
        number=model.number,
        image=model.image,
    )


def _model_facts(
    model: Trained, session: Session, parity: Parity, latency: Mapping[str, float]
) -> ModelFacts:
    inputs = raw_inputs(model.schema, model.image)
    image = model.image
    return ModelFacts(
        problem=str(model.problem),
        target=model.target,
        classes=model.classes,
        columns=[(one.name, str(one.kind), one.reason) for one in model.schema.columns],
        parts=_parts(model),
        temperature=model.temperature if isinstance(model, Ensemble) else 1.0,
        latency_ms=latency,
        machine=f"{platform.machine()}, {platform.system()}",
        onnx_parity=parity.onnx,
        source_parity=parity.source,
        rows_compared=parity.rows,
        inputs=[(one.name, one.element) for one in inputs],
        image=None if image is None else (image.height, image.width, image.features),
        outputs=session.outputs,
    )


def _parts(model: Trained) -> list[Part]:
    weights = model.weights if isinstance(model, Ensemble) else (1.0,)
    return [
        Part(outline(one.architecture), dict(one.preparation.settings), weight)
        for one, weight in zip(members_of(model), weights, strict=True)
    ]


def _check_replaceable(folder: Path) -> None:
    """Check that nothing but an older model lies in a folder.

    Raises:
        ExportError: Something else does.
    """
    if not folder.exists():
        return
    found = "a file"
    if folder.is_dir():
        names = {one.name for one in folder.iterdir()}
        strange = sorted(names - _OURS)
        if not names or (MANIFEST in names and not strange):
            return
        found = repr(strange[0]) if strange else f"{min(names)!r} but no {MANIFEST}"
    raise ExportError(
        f"Expected {folder} to be empty or to hold an older model and nothing else, found {found}, which is "
        "not deleted. Move it away, or name another folder."
    )


def _replace(folder: Path, made: Path) -> None:
    """Put a complete folder in the place of an older one."""
    if not folder.exists():
        made.rename(folder)
        return
    _check_replaceable(folder)
    old = Path(tempfile.mkdtemp(prefix=f".{folder.name}-old-", dir=folder.parent))
    folder.rename(old / folder.name)
    try:
        made.rename(folder)
    except OSError:
        (old / folder.name).rename(folder)
        raise
    finally:
        shutil.rmtree(old, ignore_errors=True)


def _unwritable(folder: Path, error: OSError) -> ExportError:
    return ExportError(
        f"The model cannot be written to {folder}: {error.strerror or error}. "
        "Free some space or choose another folder with --out."
    )
