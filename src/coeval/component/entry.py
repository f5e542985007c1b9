"""Entries: from a prepared table row to one vector, for each kind of column.

Lowerings (``coeval.build.modules.entry``), each called with the triple ``(numeric, codes, tokens)``:

- ``NumericEntry(columns: int, encoding: str, width: int, bins: int, frequencies: int, scale: float)``
- ``CategoryEntry(cardinalities: tuple[int, ...], widths: tuple[int, ...])``
- ``TextEntry(lengths: tuple[int, ...], vocabularies: tuple[int, ...], width: int)``
"""

import math
from collections.abc import Mapping

from coeval.architecture.component import Call, Component, Cost, Rejection, Setting, Value
from coeval.architecture.types import ValueType, Vector
from coeval.component.rules import columns


def embedding_width(cardinality: int, width: int) -> int:
    """Return the embedding width of a column: the fast.ai rule ``1.6 · cardinality^0.56``, at most ``width``.

    Args:
        cardinality: Number of codes, the one for rare and unseen included.
        width: The most that the entry allows.
    """
    return min(width, max(1, round(1.6 * math.pow(cardinality, 0.56))))


def _numeric_columns(call: Call) -> int:
    count = columns(call.inputs[0]).numeric
    if count == 0:
        raise Rejection("the table has no numeric columns. Remove numeric_entry.")
    return count


def _numeric_type(call: Call) -> Vector:
    count = _numeric_columns(call)
    plain = call.settings["encoding"] == "plain"
    return Vector(count if plain else count * int(call.settings["width"]))


def _numeric_cost(call: Call, output: ValueType) -> Cost:
    n, width = columns(call.inputs[0]).numeric, int(call.settings["width"])
    match call.settings["encoding"]:
        case "piecewise_linear":
            # n times: encoding (bins) -> linear with bias (width)
            bins = int(call.settings["bins"])
            return Cost(n * (bins + 1) * width, n * bins * width, n * (bins + width))
        case "periodic":
            # n times: cos(2 pi f x + b) (frequencies) -> linear with bias (width - 1), beside x itself
            k = int(call.settings["frequencies"])
            return Cost(
                n * (2 * k + (k + 1) * (width - 1)), n * k * (width - 1), n * (2 * k + width)
            )
        case _:
            return Cost(activations=n)


def _numeric_arguments(call: Call, output: ValueType) -> dict[str, object]:
    return {"columns": columns(call.inputs[0]).numeric, **call.settings}


def _numeric_relevant(settings: Mapping[str, Value]) -> frozenset[str]:
    match settings["encoding"]:
        case "piecewise_linear":
            return frozenset({"encoding", "width", "bins"})
        case "periodic":
            return frozenset({"encoding", "width", "frequencies", "scale"})
        case _:
            return frozenset({"encoding"})


NUMERIC_ENTRY = Component(
    name="numeric_entry",
    summary=(
        "Numeric columns as one vector: plain; each piecewise-linearly encoded over its quantile bins, then "
        "linear to width (Gorishniy et al. 2022, arXiv:2203.05556, section 3.2); or each as cosines of learnt "
        "frequencies and phases, linear to width - 1, beside the value itself (PBLD, Holzmüller et al. 2024, "
        "arXiv:2407.04491, with frequencies drawn from N(0, scale²))."
    ),
    type_rule=_numeric_type,
    cost_rule=_numeric_cost,
    arguments=_numeric_arguments,
    lowering="coeval.build.modules.entry:NumericEntry",
    settings=(
        Setting("encoding", ("plain", "piecewise_linear", "periodic"), "plain"),
        Setting("width", (4, 8, 16, 24, 32), 8, bounds=(2, 512)),
        Setting("bins", (8, 16, 32, 64), 16, bounds=(2, 1024)),
        Setting("frequencies", (8, 16, 32, 48), 16, bounds=(1, 1024)),
        Setting("scale", (0.01, 0.03, 0.1, 0.3, 1.0), 0.1, bounds=(1e-4, 100.0)),
    ),
    relevant=_numeric_relevant,
    capabilities=frozenset({"entry"}),
)


def _category_widths(call: Call) -> tuple[int, ...]:
    width = int(call.settings["width"])
    return tuple(embedding_width(one, width) for one in columns(call.inputs[0]).categories)


def _category_type(call: Call) -> Vector:
    if not columns(call.inputs[0]).categories:
        raise Rejection("the table has no categorical columns. Remove category_entry.")
    return Vector(sum(_category_widths(call)))


def _category_cost(call: Call, output: ValueType) -> Cost:
    cardinalities, widths = columns(call.inputs[0]).categories, _category_widths(call)
    sizes = zip(cardinalities, widths, strict=True)
    return Cost(parameters=sum(codes * width for codes, width in sizes), activations=sum(widths))


def _category_arguments(call: Call, output: ValueType) -> dict[str, object]:
    return {
        "cardinalities": columns(call.inputs[0]).categories,
        "widths": _category_widths(call),
    }


CATEGORY_ENTRY = Component(
    name="category_entry",
    summary="Categorical columns as learnt embeddings side by side, each at most width wide and narrower for few categories.",
    type_rule=_category_type,
    cost_rule=_category_cost,
    arguments=_category_arguments,
    lowering="coeval.build.modules.entry:CategoryEntry",
    settings=(Setting("width", (2, 4, 8, 16, 32), 8, bounds=(1, 1024)),),
    capabilities=frozenset({"entry"}),
)


def _text_type(call: Call) -> Vector:
    texts = columns(call.inputs[0]).texts
    if not texts:
        raise Rejection("the table has no text columns. Remove text_entry.")
    return Vector(len(texts) * int(call.settings["width"]))


def _text_cost(call: Call, output: ValueType) -> Cost:
    texts, width = columns(call.inputs[0]).texts, int(call.settings["width"])
    return Cost(
        parameters=sum(text.vocabulary for text in texts) * width,
        activations=sum(text.length + 1 for text in texts) * width,
    )


def _text_arguments(call: Call, output: ValueType) -> dict[str, object]:
    texts = columns(call.inputs[0]).texts
    return {
        "lengths": tuple(text.length for text in texts),
        "vocabularies": tuple(text.vocabulary for text in texts),
        **call.settings,
    }


TEXT_ENTRY = Component(
    name="text_entry",
    summary="Text columns: the mean of each column's token embeddings, padding left out, side by side.",
    type_rule=_text_type,
    cost_rule=_text_cost,
    arguments=_text_arguments,
    lowering="coeval.build.modules.entry:TextEntry",
    settings=(Setting("width", (8, 16, 32, 64), 16, bounds=(1, 1024)),),
    capabilities=frozenset({"entry", "pooling"}),
)
