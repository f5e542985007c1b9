"""What the modules of tabular networks are on a tape: kinds of operation, their tensors and settings.

The order of an operation's tensors, by kind:

- ``piecewise_linear``: weight ``(columns, bins, width)``, bias ``(columns, 1, width)``, and the buffers start,
  slope, lowest, highest ``(columns, bins)``
- ``periodic``: weight ``(columns, frequencies, width - 1)``, bias ``(columns, 1, width - 1)``, frequencies and
  phases ``(columns, frequencies)``
- ``embedding``: weight ``(codes, width)`` of all ``columns`` of one width, rows found at code + ``offsets``
- ``text``: weight ``(vocabulary, width)``; its ``length`` tokens begin at ``start``
- ``linear``: weight ``(width, features)`` and, unless it has none, bias ``(width,)``
- ``glu_gate``: weight ``(2 features, features)``, bias ``(2 features,)``
- ``spread``: factor ``(members, features)``
- ``member_linear``: weight ``(members, width, features)``, bias ``(members, width)``
- ``scale``, ``rms_norm``: scale ``(features,)``; ``layer_norm``: scale and bias; ``batch_norm``: scale, bias, and
  the buffers mean and variance
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

Setting = int | float | tuple[int, ...]

VOTES = ("logit", "classes", "value")
"""What members vote on, by number."""
EPSILON = 1e-5
"""Of every norm."""
MOMENTUM = 0.1
"""Of batch normalisation's running statistics, as PyTorch counts: the share of the new."""


@dataclass(frozen=True, slots=True)
class Tensor:
    """A parameter or, where it does not learn, a buffer: its name in ``Network.state_dict()`` and its shape."""

    name: str
    shape: tuple[int, ...]
    learns: bool = True


@dataclass(frozen=True, slots=True)
class Part:
    """An operation before it has its place; a ``width`` of 0 is that of the step's result."""

    kind: str
    tensors: tuple[Tensor, ...] = ()
    settings: tuple[tuple[str, Setting], ...] = ()
    width: int = 0


Arguments = Mapping[str, Any]  # a lowering's keyword arguments, of its own kinds
Lower = Callable[[str, Arguments, int], tuple[Part, ...]]
"""From where a step's weights are, its module's arguments and its number of inputs to its parts: none where it
returns its input, several where their results stand side by side."""


def _numeric(where: str, given: Arguments, taken: int) -> tuple[Part, ...]:
    columns, width = given["columns"], given["width"]
    if given["encoding"] == "plain":
        return (Part("numeric"),)
    if given["encoding"] == "piecewise_linear":
        kind, inside, outside = "piecewise_linear", given["bins"], width
        names: tuple[str, ...] = ("start", "slope", "lowest", "highest")
    else:
        kind, inside, outside = "periodic", given["frequencies"], width - 1
        names = ("frequencies", "phases")
    tensors = (
        Tensor(f"{where}weight", (columns, inside, outside)),
        Tensor(f"{where}bias", (columns, 1, outside)),
        *(Tensor(f"{where}{name}", (columns, inside), kind == "periodic") for name in names),
    )
    return (Part(kind, tensors),)


def _categories(where: str, given: Arguments, taken: int) -> tuple[Part, ...]:
    parts: list[Part] = []
    for number, width in enumerate(sorted(set(given["widths"]))):
        columns = tuple(column for column, one in enumerate(given["widths"]) if one == width)
        sizes = [given["cardinalities"][column] for column in columns]
        offsets = tuple(sum(sizes[:place]) for place in range(len(sizes)))
        table = Tensor(f"{where}tables.{number}.weight", (sum(sizes), width))
        settings = (("columns", columns), ("offsets", offsets))
        parts.append(Part("embedding", (table,), settings, width * len(columns)))
    return tuple(parts)


def _texts(where: str, given: Arguments, taken: int) -> tuple[Part, ...]:
    parts: list[Part] = []
    start = 0
    for number, length in enumerate(given["lengths"]):
        table = Tensor(
            f"{where}tables.{number}.weight", (given["vocabularies"][number], given["width"])
        )
        parts.append(Part("text", (table,), (("start", start), ("length", length)), given["width"]))
        start += length
    return tuple(parts)


def _linear(where: str, given: Arguments, taken: int) -> tuple[Part, ...]:
    features, width = given["features"], given["outputs" if "outputs" in given else "width"]
    weight = Tensor(f"{where}weight", (width, features))
    bias = (Tensor(f"{where}bias", (width,)),) if given.get("bias", True) else ()
    return (Part("linear", (weight, *bias)),)


def _glu_gate(where: str, given: Arguments, taken: int) -> tuple[Part, ...]:
    features = given["features"]
    weight = Tensor(f"{where}weight", (2 * features, features))
    return (Part("glu_gate", (weight, Tensor(f"{where}bias", (2 * features,)))),)


def _dropout(where: str, given: Arguments, taken: int) -> tuple[Part, ...]:
    zeroed = round(256 * given["rate"])  # as the module counts
    return (Part("dropout", (), (("zeroed", zeroed),)),) if zeroed else ()


def _members(where: str, given: Arguments, taken: int) -> tuple[Part, ...]:
    return (Part("spread", (Tensor(f"{where}factor", (given["count"], given["features"])),)),)


def _member_linear(where: str, given: Arguments, taken: int) -> tuple[Part, ...]:
    members, width = given["members"], given["width"]
    weight = Tensor(f"{where}weight", (members, width, given["features"]))
    return (Part("member_linear", (weight, Tensor(f"{where}bias", (members, width)))),)


def _vote(where: str, given: Arguments, taken: int) -> tuple[Part, ...]:
    return (Part("vote", (), (("of", VOTES.index(given["kind"])),)),)


def _identity(where: str, given: Arguments, taken: int) -> tuple[Part, ...]:
    return ()


def _elementwise(kind: str) -> Lower:
    def lower(where: str, given: Arguments, taken: int) -> tuple[Part, ...]:
        return (Part(kind),)

    return lower


def _merge(kind: str) -> Lower:
    def lower(where: str, given: Arguments, taken: int) -> tuple[Part, ...]:
        return (Part(kind),) if taken > 1 else ()

    return lower


def _per_feature(kind: str, learnt: tuple[str, ...], kept: tuple[str, ...] = ()) -> Lower:
    def lower(where: str, given: Arguments, taken: int) -> tuple[Part, ...]:
        shape = (given["features"],)
        tensors = [Tensor(f"{where}{name}", shape) for name in learnt]
        return (Part(kind, (*tensors, *(Tensor(f"{where}{name}", shape, False) for name in kept))),)

    return lower


_ROOMS: Mapping[str, Mapping[str, Lower]] = {
    "entry": {"NumericEntry": _numeric, "CategoryEntry": _categories, "TextEntry": _texts},
    "channel": {
        "Linear": _linear,
        "Scale": _per_feature("scale", ("scale",)),
        "GluGate": _glu_gate,
        "Dropout": _dropout,
        "Identity": _identity,
        "ReLU": _elementwise("relu"),
        "GELU": _elementwise("gelu"),
        "SiLU": _elementwise("silu"),
        "Tanh": _elementwise("tanh"),
        "Sigmoid": _elementwise("sigmoid"),
        "HardSigmoid": _elementwise("hard_sigmoid"),
    },
    "norm": {
        "BatchNorm": _per_feature("batch_norm", ("scale", "bias"), ("mean", "variance")),
        "LayerNorm": _per_feature("layer_norm", ("scale", "bias")),
        "RMSNorm": _per_feature("rms_norm", ("scale",)),
    },
    "merge": {
        "Add": _merge("add"),
        "Multiply": _merge("multiply"),
        "Concatenate": _merge("concatenate"),
    },
    "head": {"Head": _linear},
    "members": {"Members": _members, "MemberLinear": _member_linear, "Vote": _vote},
}
LOWERINGS: Mapping[str, Lower] = {
    f"coeval.build.modules.{room}:{name}": lower
    for room, lowers in _ROOMS.items()
    for name, lower in lowers.items()
}
"""By the name that a component gives of its module; components of users have none here."""
