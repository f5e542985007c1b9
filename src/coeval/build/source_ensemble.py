"""Several architectures that predict together as source code: plain PyTorch that imports nothing of coeval."""

import textwrap
from collections.abc import Sequence
from dataclasses import dataclass

from coeval.architecture.inference import infer
from coeval.architecture.step import Architecture
from coeval.architecture.text import one_line
from coeval.architecture.types import Columns, describe
from coeval.build.source import (
    LOAD,
    RETURNS,
    assembled,
    constants,
    module_sources,
    network_sources,
    plain,
)
from coeval.build.source_inputs import given
from coeval.errors import ExportError
from coeval.task.task import Problem


@dataclass(frozen=True, slots=True)
class Member:
    """One of several networks.

    Attributes:
        architecture: Takes a table's prepared rows, raw, so that its step paths are the names of the weights.
        weight: Its share in the mean.
        mean: Of a regression target, in the user's units, as it learnt it.
        std: Likewise.
    """

    architecture: Architecture
    weight: float
    mean: float = 0.0
    std: float = 1.0


def ensemble_source(
    members: Sequence[Member],
    *,
    problem: Problem,
    classes: tuple[str, ...] = (),
    temperature: float = 1.0,
    least: float = 0.0,
) -> str:
    """Return the text of ``network.py``: the networks, ``load(folder)`` and ``predict(network, *rows)``.

    ``predict`` takes each member's prepared rows, a triple ``(numeric, codes, tokens)``, and returns what a user reads.
    The names of a member's weights begin with its number.

    Args:
        members: At least one.
        problem: Decides what ``predict`` returns.
        classes: Class labels in the order of the outputs; empty for regression.
        temperature: By which logits are divided.
        least: Probability below which none is taken to be.

    Raises:
        ExportError: A member takes no table, or two components have lowerings of one name but different code.
        SpaceError: An architecture is not legal.
    """
    networks: list[str] = []
    for number, one in enumerate(members):
        taken = one.architecture.inputs[0]
        if not isinstance(taken, Columns):
            raise ExportError(
                f"members of an ensemble must take Columns (a table's row), got {describe(taken)}."
            )
        body, inference = one.architecture.body, infer(one.architecture)
        networks += network_sources(body, inference, given(taken), f"Member{number}", f"{number}_")
    blocks = [
        _constants(members, problem, classes, temperature),
        *module_sources([one.architecture.body for one in members]),
        *networks,
        _network(len(members)),
        LOAD,
        _predict(problem, temperature, least),
    ]
    return assembled(_header(members, problem), blocks)


def _header(members: Sequence[Member], problem: Problem) -> str:
    result = "values" if problem is Problem.REGRESSION else "probabilities"
    lines = ["Networks found by coeval, which predict together, as plain PyTorch.", ""]
    for number, one in enumerate(members):
        drawn = plain(one_line(one.architecture))
        said = f"{number} (weight {one.weight:.3g}): {drawn}"
        lines += textwrap.wrap(said, 96, initial_indent="    ", subsequent_indent="    ")
    lines += [
        "",
        "Their inputs are prepared rows, each member's own; the preparations of raw columns are in model.onnx.",
        "A member's rows are (numeric, codes, tokens), in the shapes below:",
        "",
    ]
    for number, one in enumerate(members):
        columns = one.architecture.inputs[0]
        assert isinstance(columns, Columns)  # the caller has looked
        lengths = sum(text.length for text in columns.texts)
        lines.append(
            f"- {number}: (rows, {columns.numeric}) float32, (rows, {len(columns.categories)}) int64, "
            f"(rows, {lengths}) int64"
        )
    rows = ", ".join(f"rows_{number}" for number in range(len(members)))
    lines += [
        "",
        'network = load("model")  # the folder with weights.safetensors',
        f"{result} = predict(network, {rows})",
    ]
    return '"""' + "\n".join(lines) + '\n"""'


def _constants(
    members: Sequence[Member], problem: Problem, classes: tuple[str, ...], temperature: float
) -> str:
    weights = f"WEIGHTS = {[float(one.weight) for one in members]!r}  # of the members"
    if problem is not Problem.REGRESSION:
        return f"{constants(problem, classes, 0.0, 1.0)}\n{weights}\nTEMPERATURE = {float(temperature)!r}"
    means, stds = ([float(getattr(one, name)) for one in members] for name in ("mean", "std"))
    return f"TARGET_MEANS = {means!r}  # in the target's units\nTARGET_STDS = {stds!r}\n{weights}"


def _network(count: int) -> str:
    made = ", ".join(f"Member{number}()" for number in range(count))
    return f'''class Network(nn.ModuleList):
    """The members; the names of the weights begin with a member's number."""

    def __init__(self) -> None:
        super().__init__([{made}])'''


_OUTPUTS = {
    Problem.BINARY: "[torch.cat([-one, one], dim=1).sigmoid() for one in outputs]",
    Problem.MULTICLASS: "[torch.softmax(one, dim=1) for one in outputs]",
    Problem.REGRESSION: (
        "[\n        one[:, 0] * std + mean\n"
        "        for one, mean, std in zip(outputs, TARGET_MEANS, TARGET_STDS, strict=True)\n    ]"
    ),
}


def _predict(problem: Problem, temperature: float, least: float) -> str:
    result = "return total"
    if problem is not Problem.REGRESSION and temperature != 1.0:
        result = f"return torch.softmax(torch.log(total.clamp_min({least!r})) / TEMPERATURE, dim=1)"
    return f'''@torch.inference_mode()
def predict(network: Network, *rows: tuple[torch.Tensor, ...]) -> torch.Tensor:
    """Return the {RETURNS[problem]}, float64, of each member's prepared rows."""
    outputs = [member(*one).double() for member, one in zip(network, rows, strict=True)]
    parts = {_OUTPUTS[problem]}
    total = sum(weight * part for weight, part in zip(WEIGHTS, parts, strict=True))
    {result}'''
