"""What ``architecture.json`` says about a model, and the part of it that predicting needs."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from coeval import __version__
from coeval.architecture.serial import to_json
from coeval.architecture.types import Grid
from coeval.errors import ExportError
from coeval.export.ensemble import Ensemble, Trained, members_of
from coeval.export.model import Model, RawInput, raw_inputs
from coeval.export.unseen import known_levels
from coeval.task import preparation_json
from coeval.task.preparation_category import CategoryCodes
from coeval.task.table import ColumnSchema, Schema
from coeval.task.task import Problem


@dataclass(frozen=True, slots=True)
class Description:
    """What must be known to predict with ``model.onnx``.

    Attributes:
        schema: The columns of training, dropped ones included.
        inputs: The graph's inputs.
        problem: Decides what the outputs mean.
        target: Name of the target column.
        classes: Class labels as text, in index order; empty for regression.
        number: The labels are numbers.
        image: The type of the images; ``None`` for a table.
        levels: Of each categorical column, as far as the model tells them apart.
    """

    schema: Schema
    inputs: tuple[RawInput, ...]
    problem: Problem
    target: str
    classes: tuple[str, ...]
    number: bool
    image: Grid | None = None
    levels: tuple[CategoryCodes, ...] = ()


def facts(model: Trained) -> dict[str, Any]:
    """Return the model, weights aside, as plain JSON values.

    Of an ensemble, ``architecture`` and ``preparation`` are the heaviest member's, and ``ensemble`` lists all of them.
    """
    size = model.image
    return {
        "coeval": __version__,
        "problem": str(model.problem),
        "target": {
            "name": model.target,
            "classes": list(model.classes),
            "number": model.number,
            "mean": model.mean,
            "std": model.std,
        },
        "metric": model.metric,
        "columns": [asdict(one) for one in model.schema.columns],
        "image": None if size is None else [size.height, size.width, size.features],
        **_part(members_of(model)[0]),
        **(_ensemble(model) if isinstance(model, Ensemble) else {}),
    }


def _part(model: Model) -> dict[str, Any]:
    return {
        "preparation": preparation_json.to_json(model.preparation),
        "architecture": to_json(model.architecture),
    }


def _ensemble(ensemble: Ensemble) -> dict[str, Any]:
    members = [
        {"weight": weight, "mean": one.mean, "std": one.std, **_part(one)}
        for one, weight in zip(ensemble.members, ensemble.weights, strict=True)
    ]
    return {"ensemble": {"temperature": ensemble.temperature, "members": members}}


def description(manifest: Mapping[str, Any]) -> Description:
    """Return what predicting needs.

    Raises:
        ExportError: An entry is missing or makes no sense.
    """
    try:
        schema = Schema(tuple(ColumnSchema.of(one) for one in manifest["columns"]))
        target = manifest["target"]
        image = Grid(*manifest["image"]) if manifest.get("image") else None
        parts = manifest["ensemble"]["members"] if "ensemble" in manifest else [manifest]
        return Description(
            schema=schema,
            inputs=raw_inputs(schema, image),
            problem=Problem(manifest["problem"]),
            target=target["name"],
            classes=tuple(target["classes"]),
            number=bool(target["number"]),
            image=image,
            levels=known_levels(one["preparation"] for one in parts),
        )
    except (KeyError, TypeError, ValueError) as error:
        raise ExportError(
            f"architecture.json lacks what predicting needs ({type(error).__name__}: {error}). "
            "Fit the model again."
        ) from error
