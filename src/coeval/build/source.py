"""An architecture as source code: plain PyTorch that imports nothing of coeval.

The module classes are copied as they stand in ``build.modules``, so that what was searched and what is
exported cannot drift apart. Names of weights are those of ``build.weights``.
"""

import inspect
import itertools
import json
import textwrap
from collections.abc import Iterator, Sequence

from torch import nn

from coeval.architecture.inference import Inference, infer
from coeval.architecture.step import Architecture, Region, Step
from coeval.architecture.text import one_line
from coeval.build.network import live_steps, lowering
from coeval.build.source_inputs import Given, given
from coeval.errors import ExportError
from coeval.task.task import Problem

_IMPORTS = (
    ("math.", "import math"),
    ("Path(", "from pathlib import Path"),
    ("torch.", "import torch"),
    ("F.", "import torch.nn.functional as F"),
    ("load_file(", "from safetensors.torch import load_file"),
    ("nn.", "from torch import nn"),
)
_STANDARD_LIBRARY = 2  # so many of them
_NARROW = 60
"""Characters of parameters that fit on the line of their function."""


def source(
    architecture: Architecture,
    *,
    problem: Problem,
    classes: tuple[str, ...] = (),
    mean: float = 0.0,
    std: float = 1.0,
) -> str:
    """Return the text of ``network.py``: the network, ``load(folder)`` and ``predict(network, …)``.

    ``predict`` takes prepared rows, ``(numeric, codes, tokens)``, or ``images``, and returns what a user reads.

    Args:
        architecture: What was searched, raw, so that its step paths are the names of the weights.
        problem: Decides what ``predict`` returns.
        classes: Class labels in the order of the outputs; empty for regression.
        mean: Of a regression target, in the user's units.
        std: Of a regression target, in the user's units.

    Raises:
        ExportError: Two components have lowerings of one name but different code.
        SpaceError: The architecture is not legal.
    """
    inference, inputs = infer(architecture), given(architecture.inputs[0])
    blocks = [
        constants(problem, classes, mean, std),
        *module_sources((architecture.body,)),
        *network_sources(architecture.body, inference, inputs),
        LOAD,
        _predict(problem, inputs),
    ]
    return assembled(_header(architecture, problem, inputs), blocks)


def assembled(header: str, blocks: Sequence[str]) -> str:
    """Return the text of a file: its docstring, the imports that its blocks need, and the blocks."""
    code = "\n\n\n".join(blocks)
    return f"{header}\n\n{_imports(code)}\n\n{code}\n"


def _header(architecture: Architecture, problem: Problem, inputs: Given) -> str:
    result = "values" if problem is Problem.REGRESSION else "probabilities"
    lines = [
        "A model found by coeval, as plain PyTorch.",
        "",
        *textwrap.wrap(
            plain(one_line(architecture)), 96, initial_indent="    ", subsequent_indent="    "
        ),
        "",
        *inputs.words,
        "",
        'network = load("model")  # the folder with weights.safetensors',
        f"{result} = predict(network, {inputs.names})",
    ]
    return '"""' + "\n".join(lines) + '\n"""'


def plain(text: str) -> str:
    """Return a text that cannot end a docstring."""
    return text.replace("\\", "/").replace('"', "'")


def _imports(code: str) -> str:
    used = [line for mark, line in _IMPORTS if mark in code]
    standard = [line for _, line in _IMPORTS[:_STANDARD_LIBRARY] if line in used]
    return "\n".join([*standard, "", *(line for line in used if line not in standard)])


def constants(problem: Problem, classes: tuple[str, ...], mean: float, std: float) -> str:
    """Return the lines that say what the outputs mean."""
    if problem is Problem.REGRESSION:
        return (
            f"TARGET_MEAN = {float(mean)!r}  # in the target's units\nTARGET_STD = {float(std)!r}"
        )
    return f"CLASSES = {_literal(tuple(classes))}"


def module_sources(regions: Sequence[Region]) -> list[str]:
    """Return the text of every lowering's class in some regions, each once.

    Raises:
        ExportError: Two components have lowerings of one name but different code.
    """
    found: dict[str, type[nn.Module]] = {}
    for one in itertools.chain.from_iterable(map(_lowerings, regions)):
        known = found.setdefault(one.__name__, one)
        if known is not one:
            raise ExportError(
                f"lowerings must have different class names, got {one.__name__!r} in {known.__module__} "
                f"and in {one.__module__}. Rename one of them."
            )
    return [inspect.getsource(one).strip() for one in found.values()]


def _lowerings(region: Region) -> Iterator[type[nn.Module]]:
    for step in region.steps:
        yield lowering(step.component.lowering)
        for inner in step.regions:
            yield from _lowerings(inner)


def _regions(region: Region, inference: Inference, where: str) -> Iterator[str]:
    for number, step in enumerate(region.steps):
        for place, inner in enumerate(step.regions):
            path = f"{where}{number}_{place}"
            nested = inference.nested[number][place]
            yield from _regions(inner, nested, f"{path}_")
            names = ["x"] if inner.inputs == 1 else [f"x_{index}" for index in range(inner.inputs)]
            yield _class(
                f"Region_{path}",
                f"What is inside step {number}.",
                inner,
                nested,
                where=f"{path}_",
                signature="self, " + ", ".join(f"{name}: torch.Tensor" for name in names),
                names=names,
            )


def network_sources(
    region: Region, inference: Inference, inputs: Given, name: str = "Network", where: str = ""
) -> list[str]:
    """Return the text of a network's class, behind those of its nested regions.

    Args:
        region: The network's body.
        inference: Of its architecture.
        inputs: How it is called.
        name: Of its class.
        where: Begins the numbers in the names of its regions' classes.
    """
    wide = len(inputs.parameters) > _NARROW
    network = _class(
        name,
        "The steps in order; the names of the weights begin with a step's number.",
        region,
        inference,
        where=where,
        signature=f"\n        self, {inputs.parameters}\n    "
        if wide
        else f"self, {inputs.parameters}",
        names=[inputs.value],
        joined=inputs.joined,
    )
    return [*_regions(region, inference, where), network]


def _class(
    name: str,
    summary: str,
    region: Region,
    inference: Inference,
    *,
    where: str,
    signature: str,
    names: list[str],
    joined: str = "",
) -> str:
    made = [
        f'        self["{number}"] = {_constructor(step, inference, number, where)}'
        for number, step in enumerate(region.steps)
    ]
    values = [*names, *(f"x{number}" for number in range(len(region.steps)))]
    applied = [
        f'        {values[index]} = self["{key}"]({", ".join(values[one] for one in taken)})'
        for index, key, taken in live_steps(region)
    ]
    return "\n".join(
        [
            f"class {name}(nn.ModuleDict):",
            f'    """{summary}"""',
            "",
            "    def __init__(self) -> None:",
            "        super().__init__()",
            *made,
            "",
            f"    def forward({signature}) -> torch.Tensor:",
            *([f"        {joined}"] if joined else []),
            *applied,
            f"        return {values[region.output]}",
        ]
    )


def _constructor(step: Step, inference: Inference, number: int, where: str) -> str:
    component = step.component
    copies = component.instances(dict(step.settings)) if component.instances else 1
    bodies = []
    for place in range(len(step.regions)):
        made = f"Region_{where}{number}_{place}()"
        bodies.append(made if copies == 1 else f"*[{made} for _ in range({copies})]")
    output = inference.types[len(inference.types) - len(inference.calls) + number]
    settings = component.arguments(inference.calls[number], output)
    given = [*bodies, *(f"{key}={_literal(value)}" for key, value in settings.items())]
    return f"{lowering(component.lowering).__name__}({', '.join(given)})"


def _literal(value: object) -> str:
    if isinstance(value, str):
        return json.dumps(value, ensure_ascii=False)  # double quotes, and its escapes are Python's
    if isinstance(value, tuple):
        inside = ", ".join(_literal(one) for one in value)
        return f"({inside},)" if len(value) == 1 else f"({inside})"
    return repr(value)


LOAD = '''def load(folder: str | Path) -> Network:
    """Return the trained network, ready to predict, from the folder with ``weights.safetensors``."""
    network = Network()
    network.load_state_dict(load_file(Path(folder) / "weights.safetensors"))
    return network.eval()'''

RETURNS = {
    Problem.BINARY: "probabilities ``(rows, 2)`` in the order of ``CLASSES``",
    Problem.MULTICLASS: "probabilities ``(rows, classes)`` in the order of ``CLASSES``",
    Problem.REGRESSION: "values ``(rows,)`` in the target's units",
}
_BODY = {
    Problem.BINARY: """logit = network({}).double()
    return torch.sigmoid(torch.cat([-logit, logit], dim=1))""",
    Problem.MULTICLASS: "return torch.softmax(network({}).double(), dim=1)",
    Problem.REGRESSION: "return network({})[:, 0].double() * TARGET_STD + TARGET_MEAN",
}


def _predict(problem: Problem, inputs: Given) -> str:
    parameters = f"network: Network, {inputs.parameters}"
    if len(parameters) > _NARROW:
        parameters = f"\n    {parameters}\n"
    return f'''@torch.inference_mode()
def predict({parameters}) -> torch.Tensor:
    """Return the {RETURNS[problem]}, float64."""
    {_BODY[problem].format(inputs.call)}'''
