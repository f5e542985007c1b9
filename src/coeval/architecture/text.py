"""Architectures as text: one line for lists and progress, an outline with types and costs for reading."""

from coeval.architecture.component import Component, Setting, Value
from coeval.architecture.inference import Inference, infer
from coeval.architecture.step import Architecture, Region, Step
from coeval.architecture.types import describe

_TIMES = "\N{MULTIPLICATION SIGN}"
_WINDOW = ("groups", "kernel", "stride", "dilation")
_OPERATORS = {"add": "+", "multiply": _TIMES}


def one_line(architecture: Architecture, limit: int = 240) -> str:
    """Return the architecture on one line, for example ``numeric plain → linear 64 → relu → class head 3``.

    A result used more than once gets a letter where it first stands (``linear 64 =a``) and is named by
    it later (``→ + a`` adds it, ``→ join b`` concatenates it); a region's input is ``in``.
    Entries side by side are joined by ``+``. Dead steps are left out. Scalar steps are written as calls, for their
    operands have an order: ``sub(1, sin(in))``.

    Args:
        architecture: The architecture; it need not be legal beyond its indices.
        limit: Longest text; the middle of a longer one is left out.
    """
    text = _Line(architecture.body).text() or "in"
    if len(text) <= limit:
        return text
    head = (limit - 3) * 2 // 3
    return f"{text[:head]} … {text[len(text) - (limit - 3 - head) :]}"


def label(step: Step, *, regions: bool = True) -> str:
    """Return a step in a few words: its name and main settings, and its regions in brackets."""
    settings = dict(step.settings)
    name = step.component.name.removesuffix("_entry").replace("_", " ")
    if "times" in settings and step.component.regions:
        times = f"{settings['times']}{_TIMES}"
        tied = bool(settings.get("tied"))
        if not regions:
            return f"{name} {times}" + (" tied" if tied else "")
        text = times + ("tied " if tied else "")
    else:
        joint = "·" if "entry" in step.component.capabilities else " "
        text = joint.join(_main_settings(step.component, settings))
        number = joint if text[:1].isdigit() else " "
        text = f"{name}{number}{text}" if text else name
    if not regions or not step.regions:
        return text
    inside = " | ".join(_Line(one).text() or "identity" for one in step.regions)
    if "times" in settings and len(step.regions[0].steps) == 1:
        return text + inside
    return f"{text.rstrip()}[{inside}]"


def shown_settings(step: Step) -> dict[str, Value]:
    """Return the settings that have an effect, in declared order."""
    settings = dict(step.settings)
    matter = step.component.relevant(settings) if step.component.relevant else settings.keys()
    return {name: value for name, value in settings.items() if name in matter}


def _main_settings(component: Component, settings: dict[str, Value]) -> list[str]:
    """Return the words and the first number among the settings with an effect; a flag only if it is not as usual.

    A window's kernel comes behind them, such as ``3x3``, and how it moves if that is not as usual.
    """
    matter = component.relevant(settings) if component.relevant else settings.keys()
    words: list[str] = []
    numbers: list[str] = []
    window: list[str] = []
    for one in component.settings:
        value = settings[one.name]
        if one.name not in matter:
            continue
        if one.name in _WINDOW:
            window += _window(one, value, settings)
        elif isinstance(value, bool):
            if value != one.default:
                words.append(one.name if value else f"no {one.name}")
        elif isinstance(value, str):
            words.append(value.replace("_", " "))
        elif not numbers:
            numbers.append(f"{value:g}" if isinstance(value, float) else str(value))
    flags_last = [one for one in words if one.startswith("no ")]
    return [*(one for one in words if one not in flags_last), *numbers, *window, *flags_last]


def _window(setting: Setting, value: Value, settings: dict[str, Value]) -> list[str]:
    if setting.name == "kernel":
        height, width = (
            1 if settings.get("axis") == other else value for other in ("width", "height")
        )
        return [f"{height}x{width}"]
    return [] if value == setting.default else [f"{setting.name} {value}"]


class _Line:
    """A region as one chain; letters name the results that are used more than once."""

    def __init__(self, region: Region) -> None:
        self.region = region
        self.letters: dict[int, str] = {}
        self.uses = [0] * (region.inputs + len(region.steps))
        self.uses[region.output] += 1
        for position in range(len(region.steps) - 1, -1, -1):
            if self.uses[region.inputs + position]:
                for index in region.steps[position].inputs:
                    self.uses[index] += 1

    def text(self) -> str:
        return self.value(self.region.output)

    def value(self, index: int) -> str:
        """Return how a value is written; empty for the region's only input, which a chain begins with."""
        if index < self.region.inputs:
            return "" if self.region.inputs == 1 else f"input {index}"
        if index in self.letters:
            return self.letters[index]
        step = self.region.steps[index - self.region.inputs]
        written = self.applied(step)
        if self.uses[index] > 1 and "constant" not in step.component.capabilities:
            self.letters[index] = _letter(len(self.letters))
            written += f" ={self.letters[index]}"
        return written

    def applied(self, step: Step) -> str:
        if step.component.numeric or not step.inputs:
            return self.called(step)
        if len(step.inputs) == 1:
            source = self.value(step.inputs[0])
            return f"{source} → {label(step)}" if source else label(step)
        joins = "joining" in step.component.capabilities
        if joins and all(self.is_branch(index) for index in step.inputs):
            return " + ".join(_in_brackets(self.value(index)) for index in step.inputs)
        main = max(range(len(step.inputs)), key=lambda port: step.inputs[port])
        chain = self.value(step.inputs[main]) or "in"
        others = [
            _in_brackets(self.value(index) or "in")
            for port, index in enumerate(step.inputs)
            if port != main
        ]
        sign = _OPERATORS.get(step.component.name)
        if sign:
            return f"{chain} → " + " ".join(f"{sign} {one}" for one in others)
        name = "join" if joins else label(step)
        return f"{chain} → {name} {', '.join(others)}"

    def called(self, step: Step) -> str:
        """Return a scalar step as a call, a constant as its value."""
        if "constant" in step.component.capabilities:
            return " ".join(_main_settings(step.component, dict(step.settings)))
        operands = [self.value(index) or "in" for index in step.inputs]
        return f"{label(step)}({', '.join(operands)})"

    def is_branch(self, index: int) -> bool:
        """Return whether the value is an entry, or made of one entry and nothing that is named."""
        while index >= self.region.inputs and self.uses[index] == 1:
            step = self.region.steps[index - self.region.inputs]
            if "entry" in step.component.capabilities:
                return True
            if len(step.inputs) != 1:
                return False
            index = step.inputs[0]
        return False


def _in_brackets(text: str) -> str:
    return f"({text})" if "→" in text or " + " in text else text


def _letter(number: int) -> str:
    letter = chr(ord("a") + number % 26)
    return letter if number < 26 else f"{letter}{number // 26}"


def outline(architecture: Architecture) -> str:
    """Return the architecture as an indented table: a line for each step with inputs, type and cost.

    Steps carry the numbers that weights and error messages use; ``in`` is the region's input.

    Raises:
        SpaceError: The architecture is not legal.
    """
    inference = infer(architecture)
    rows = [("", "input", "", "  ".join(describe(one) for one in architecture.inputs), "")]
    rows += _rows(architecture.body, inference, "", "")
    widths = [max(len(row[column]) for row in rows) for column in range(5)]
    lines = [
        "  ".join(
            cell.rjust(width) if column in (0, 4) else cell.ljust(width)
            for column, (cell, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in rows
    ]
    return "\n".join([*lines, "", summary(inference)])


def summary(inference: Inference) -> str:
    """Return the cost of an architecture in one line."""
    cost = inference.cost
    return (
        f"{cost.parameters:,} parameters, {cost.macs:,} multiply-accumulates and "
        f"{cost.activations:,} activations an example"
    )


def _rows(
    region: Region, inference: Inference, path: str, indent: str
) -> list[tuple[str, str, str, str, str]]:
    rows = []
    for position, step in enumerate(region.steps):
        index = region.inputs + position
        settings = " ".join(
            f"{name}={_value(value)}" for name, value in shown_settings(step).items()
        )
        references = ", ".join(reference(region, one) for one in step.inputs)
        cost = inference.costs[position].parameters
        mark = " → result" if index == region.output and position + 1 < len(region.steps) else ""
        rows.append(
            (
                f"{path}{position}",
                f"{indent}{step.component.name} {settings}".rstrip(),
                f"← {references}" if references else "",
                describe(inference.types[index]) + mark,
                f"{cost:,} parameters" if cost else "",
            )
        )
        nested = inference.nested[position]
        for number, (inner, found) in enumerate(zip(step.regions, nested, strict=True)):
            rows += _rows(inner, found, f"{path}{position}.{number}.", indent + "│ ")
    return rows


def reference(region: Region, index: int) -> str:
    """Return how a value is named inside its region: ``in`` (or ``in0`` …) or the step's number."""
    if index < region.inputs:
        return "in" if region.inputs == 1 else f"in{index}"
    return str(index - region.inputs)


def _value(value: Value) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return f"{value:g}" if isinstance(value, float) else str(value)
