"""A tiny NumPy meaning of architectures, for checking that rewrites keep it.

Learnt maps get weights that depend on their settings alone and not on the order of the features, so that the
same function results however steps are numbered, merged or unrolled.
"""

import numpy as np

from coeval.architecture.step import Architecture, Region, Step
from coeval.architecture.types import Columns
from coeval.component.entry import embedding_width


def evaluate(architecture: Architecture, seed: int = 0) -> np.ndarray:
    row = architecture.inputs[0]
    assert isinstance(row, Columns)
    rng = np.random.default_rng(seed)
    values = {"numeric": rng.normal(size=row.numeric), "row": row}
    return run(architecture.body, [values])


def run(region: Region, values: list) -> np.ndarray:
    values = list(values)
    for step in region.steps:
        values.append(apply(step, [values[index] for index in step.inputs]))
    return values[region.output]


def apply(step: Step, taken: list) -> np.ndarray:
    settings, name, x = dict(step.settings), step.component.name, taken[0]
    if name.endswith("_entry"):
        return entry(name, settings, x)
    if name in MERGES:
        return MERGES[name](np.stack(taken) if name != "concatenate" else taken)
    if name == "residual":
        return x + run(step.regions[0], [x])
    if name == "repeat":
        for _ in range(settings["times"]):
            x = run(step.regions[0], [x])
        return x
    if name in ("linear", "glu_gate") or name.endswith("_head"):
        width = (
            settings.get("width") or settings.get("classes") or (1 if "head" in name else len(x))
        )
        return learnt(x, width, len(name) / 20 + 0.3 * settings.get("bias", 0))
    return channel(name, settings, x)


MERGES = {
    "add": lambda taken: taken.sum(axis=0),
    "multiply": lambda taken: taken.prod(axis=0),
    "concatenate": np.concatenate,
}


def entry(name: str, settings: dict, x: dict) -> np.ndarray:
    row = x["row"]
    if name == "category_entry":
        widths = [embedding_width(one, settings["width"]) for one in row.categories]
        return np.linspace(-1, 1, sum(widths))
    if name == "text_entry":
        return np.linspace(0, 2, len(row.texts) * settings["width"])
    if settings["encoding"] == "plain":
        return x["numeric"]
    return np.tile(x["numeric"], settings["width"]) * 0.5 + len(settings["encoding"])


def channel(name: str, settings: dict, x: np.ndarray) -> np.ndarray:
    match name:
        case "identity":
            return x
        case "dropout":
            return x * (1 - settings["rate"])
        case "layer_norm" | "rms_norm" | "batch_norm":
            return x / (1.5 + np.abs(x).sum()) + len(name) / 10
        case "scale":
            return 0.8 * x
        case "relu":
            return np.maximum(x, 0)
        case "tanh":
            return np.tanh(x)
        case _:
            return np.sin(x + len(name))


def learnt(x: np.ndarray, width: int, bias: float) -> np.ndarray:
    return np.tanh(x.mean() * np.linspace(0.5, 1.5, width) + bias)
