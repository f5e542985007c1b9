"""A fitted preparation as plain JSON, and back."""

from base64 import b64decode, b64encode
from typing import Any

import numpy as np

from coeval.architecture.types import Grid
from coeval.errors import ExportError
from coeval.task.preparation import Preparation
from coeval.task.preparation_category import CategoryCodes
from coeval.task.preparation_image import ImagePreparation
from coeval.task.preparation_numeric import Scaler
from coeval.task.preparation_target import Effects, TargetCodes
from coeval.task.preparation_text import TextHash
from coeval.task.preparation_words import WordEffects
from coeval.task.prepare import Prepared

FORMAT = 1


def to_json(preparation: Prepared) -> dict[str, Any]:
    """Return the preparation as plain JSON values; floats keep every bit."""
    if isinstance(preparation, ImagePreparation):
        source = preparation.source
        return {
            "format": FORMAT,
            "settings": dict(preparation.settings),
            "image": preparation.name,
            "source": [source.height, source.width, source.features],
        }
    scaler = preparation.scaler
    return {
        "format": FORMAT,
        "settings": dict(preparation.settings),
        "numbers": list(preparation.numbers),
        "dates": list(preparation.dates),
        "flags": list(preparation.flags),
        "scaler": {
            "kind": scaler.kind,
            "fill": scaler.fill.tolist(),
            "center": scaler.center.tolist(),
            "inverse": scaler.inverse.tolist(),
            "knots": scaler.knots.tolist(),
            "levels": scaler.levels.tolist(),
        },
        "categories": [
            {"name": one.name, "levels": list(one.levels), "rest": one.rest}
            for one in preparation.categories
        ],
        "texts": [_text(one) for one in preparation.texts],
        "targets": [
            {
                "name": one.name,
                "levels": list(one.codes.levels),
                "rest": one.codes.rest,
                "effects": one.effects.astype(np.float64).tolist(),
            }
            for one in preparation.targets
        ],
        "words": [
            {
                "text": _text(one.text),
                "outputs": one.effects.shape[1],
                "effects": _packed(one.effects),
            }
            for one in preparation.words
        ],
        "moment": dict(preparation.moment),
    }


def _packed(effects: Effects) -> str:
    """Return many numbers as base64 of little-endian float32: as decimals they would be most of the file."""
    return b64encode(effects.astype("<f4").tobytes()).decode("ascii")


def _text(one: TextHash) -> dict[str, Any]:
    return {"name": one.name, "buckets": one.buckets, "words": one.words, "bigrams": one.bigrams}


def from_json(value: Any) -> Prepared:
    """Return the preparation that ``to_json`` wrote.

    Raises:
        ExportError: The value is of another format, or damaged.
    """
    form = value.get("format") if isinstance(value, dict) else None
    if form != FORMAT:
        raise ExportError(
            f"A preparation of format {FORMAT} was expected, got {form!r}. "
            "Export the model again with this version of coeval."
        )
    try:
        return _read_images(value) if "image" in value else _read(value)
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise ExportError(
            f"The preparation is damaged: {type(error).__name__}: {error}. Export the model again."
        ) from error


def _read_images(value: dict[str, Any]) -> ImagePreparation:
    height, width, features = (int(one) for one in value["source"])
    settings = tuple(value["settings"].items())
    found = ImagePreparation(settings, str(value["image"]), Grid(height, width, features))
    _ = found.grid  # raises where the resolution is none
    return found


def _read(value: dict[str, Any]) -> Preparation:
    fitted = value["scaler"]
    features = len(fitted["fill"])
    fill, center, inverse, knots, levels = (
        np.asarray(fitted[name], dtype=np.float64)
        for name in ("fill", "center", "inverse", "knots", "levels")
    )
    if fitted["kind"] not in ("standard", "robust", "quantile"):
        raise ValueError(f"unknown scaling {fitted['kind']!r}")
    shape = (features, knots.size // features if features else 0)
    return Preparation(
        settings=tuple(value["settings"].items()),
        numbers=tuple(value["numbers"]),
        dates=tuple(value["dates"]),
        flags=tuple(value["flags"]),
        scaler=Scaler(
            fitted["kind"], fill, center, inverse, knots.reshape(shape), levels.reshape(shape)
        ),
        categories=tuple(read_codes(one) for one in value["categories"]),
        texts=tuple(_read_text(one) for one in value["texts"]),
        targets=tuple(_read_target(one) for one in value.get("targets", ())),
        words=tuple(_read_words(one) for one in value.get("words", ())),
        moment=tuple((name, float(days)) for name, days in value.get("moment", {}).items()),
    )


def read_codes(value: dict[str, Any]) -> CategoryCodes:
    """Return the codes of one column; models of older versions do not say how much was rare."""
    return CategoryCodes(value["name"], tuple(value["levels"]), float(value.get("rest", 1.0)))


def _read_text(value: dict[str, Any]) -> TextHash:
    return TextHash(value["name"], value["buckets"], value["words"], value["bigrams"])


def _read_words(value: dict[str, Any]) -> WordEffects:
    text = _read_text(value["text"])
    effects = np.frombuffer(b64decode(value["effects"], validate=True), dtype="<f4")
    shape = (text.tokens.vocabulary, int(value["outputs"]))
    return WordEffects(text, effects.astype(np.float32).reshape(shape))


def _read_target(value: dict[str, Any]) -> TargetCodes:
    effects = np.asarray(value["effects"], dtype=np.float32)
    if effects.ndim != 2 or len(effects) != len(value["levels"]) + 1:
        raise ValueError(f"effects of shape {effects.shape} for {len(value['levels'])} levels")
    return TargetCodes(read_codes(value), effects)
