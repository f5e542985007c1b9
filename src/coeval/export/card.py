"""The model card: what a model was trained on, how it scored, what it may be used for (Mitchell et al. 2019, doi:10.1145/3287560.3287596)."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from coeval.export.card_importance import importance_section
from coeval.export.card_markdown import cell, code, plain
from coeval.export.card_words import RUNTIME, Wording, wording


@dataclass(frozen=True, slots=True)
class Score:
    """A named score; those unknown are ``None``."""

    label: str
    validation: float | None = None
    test: float | None = None


@dataclass(frozen=True, slots=True)
class CardFacts:
    """What the card says beyond what the model itself knows. Whatever is left out is left out of the card.

    Attributes:
        title: Of the task.
        rows: Of the data, all splits together.
        splits: Rows by the split's name.
        metric_label: Of the metric optimised, as printed.
        maximise: Whether more of it is better.
        test: The model's score on the test split; ``None`` when there is none.
        interval: The 95 % interval of it.
        validation: The score during the search.
        scores: Other test scores by label.
        baselines: What stands beside it.
        noise: Standard deviation of the score over repeated trainings.
        provenance: What the model was trained on and how it was chosen, in a sentence or two.
        notes: What was inferred, dropped or found suspicious, one sentence each.
        parameters: Trainable numbers.
        macs: Multiply-accumulates for a row.
        command: What the user typed.
        seed: Of the run.
        seconds: Wall clock of search and final training together.
        trials: How many candidates were tried.
        fingerprint: Of data, splits and metric.
        machine: The one that the latency is measured on, as a person would name it.
        importance: What each column is worth, as ``explained.explain`` returns it.
        audit: What the components that were searched can and cannot compute, in a line.
    """

    title: str = ""
    rows: int | None = None
    splits: Mapping[str, int] = field(default_factory=dict)
    metric_label: str = ""
    maximise: bool = True
    test: float | None = None
    interval: tuple[float, float] | None = None
    validation: float | None = None
    scores: Mapping[str, float | None] = field(default_factory=dict)
    baselines: Sequence[Score] = ()
    noise: float | None = None
    provenance: str = ""
    notes: Sequence[str] = ()
    parameters: int | None = None
    macs: int | None = None
    command: str = ""
    seed: int | None = None
    seconds: float | None = None
    trials: int | None = None
    fingerprint: str = ""
    machine: str = ""
    importance: Mapping[str, Any] | None = None
    audit: str = ""


@dataclass(frozen=True, slots=True)
class Part:
    """A network, or trees, that the model consists of.

    Attributes:
        outline: The architecture, for reading.
        preparation: Settings by name.
        weight: Its share in the prediction.
    """

    outline: str
    preparation: Mapping[str, object]
    weight: float = 1.0


@dataclass(frozen=True, slots=True)
class ModelFacts:
    """What the export itself knows.

    Attributes:
        problem: ``"binary"``, ``"multiclass"`` or ``"regression"``.
        target: Name of the target column.
        classes: Class labels; empty for regression.
        columns: Name, kind and reason of each column.
        parts: What it consists of, the heaviest first; mostly a single one.
        latency_ms: ``"one"`` and ``"thousand"`` rows, or ``"hundred"``.
        machine: On which the latency was measured, as far as Python knows.
        onnx_parity: Largest difference between ``model.onnx`` and the searched model.
        source_parity: Likewise of ``network.py``.
        rows_compared: On how many rows.
        inputs: Name and type of each input of ``model.onnx``.
        outputs: Names of its outputs.
        image: Height, width and features of the images it takes; ``None`` for a table's model.
        temperature: By which the logits are divided; 1 where that was not found to help.
    """

    problem: str
    target: str
    classes: Sequence[str]
    columns: Sequence[tuple[str, str, str]]
    parts: Sequence[Part]
    latency_ms: Mapping[str, float]
    machine: str
    onnx_parity: float
    source_parity: float
    rows_compared: int
    inputs: Sequence[tuple[str, str]]
    outputs: Sequence[str]
    image: tuple[int, int, int] | None = None
    temperature: float = 1.0

    @property
    def call(self) -> str:
        """Return the arguments of ``network.py``'s ``predict``."""
        arguments = self.wording.arguments
        if len(self.parts) == 1 and self.temperature == 1.0:
            return arguments
        return ", ".join([f"({arguments})"] * len(self.parts))  # each member's own rows

    @property
    def wording(self) -> Wording:
        """Return the words that depend on what the model takes."""
        return wording(self.inputs, self.image, has_classes=bool(self.classes))


def card(facts: CardFacts, model: ModelFacts) -> str:
    """Return the card as Markdown."""
    sections = [
        _task(model),
        _score(facts, model),
        _use(facts, model),
        _data(facts, model),
        importance_section(facts.importance, facts.metric_label or "the score"),
        _network(facts, model),
        _files(model),
        _origin(facts),
    ]
    title = f"# Model card: {plain(facts.title or model.target)}"
    return "\n\n".join([title, *(one for one in sections if one)]) + "\n"


def _task(model: ModelFacts) -> str:
    what = {"binary": "one of two classes", "multiclass": f"one of {len(model.classes)} classes"}
    lines = [
        f"Predicts **{plain(model.target)}**, {what.get(model.problem, 'a number')}, from {model.wording.given}."
    ]
    if model.classes:
        shown = ", ".join(code(one) for one in model.classes[:20])
        more = f" and {len(model.classes) - 20} more" if len(model.classes) > 20 else ""
        lines.append(f"Classes: {shown}{more}.")
    return "\n".join(lines)


def _score(facts: CardFacts, model: ModelFacts) -> str:
    label = facts.metric_label or "score"
    direction = "more is better" if facts.maximise else "less is better"
    lines = ["## Score", "", f"Metric: {label} ({direction})."]
    if facts.test is None:
        lines.append(
            "There was no test split: nothing here was measured on data that the search never saw."
        )
    else:
        between = ""
        if facts.interval is not None and all(map(math.isfinite, facts.interval)):
            low, high = facts.interval
            between = f" (95 % interval {_number(low)} to {_number(high)})"
        lines.append(
            f"On the test split, opened once after the search had ended: **{_number(facts.test)}**{between}."
        )
    if facts.provenance:
        lines.append(_sentence(facts.provenance))
    if facts.noise is not None:
        lines.append(
            f"The same architecture under other seeds varies by {_number(facts.noise)} (standard deviation)."
        )
    rows = [Score("this model", facts.validation, facts.test), *facts.baselines]
    if any(one.test is not None or one.validation is not None for one in rows):
        lines += ["", "| | validation | test |", "|---|---:|---:|"]
        lines += [
            f"| {f'**{one.label}**' if one is rows[0] else cell(one.label)} | {_number(one.validation)} | {_number(one.test)} |"
            for one in rows
        ]
    if len(model.parts) > 1 and facts.validation is not None:
        lines += [
            "",
            "Its score in validation is that of its heaviest member alone; the one on the test split is that of all together.",
        ]
    if facts.scores:
        others = ", ".join(
            f"{name} {_number(value)}"
            for name, value in facts.scores.items()
            if value is not None and name.replace("_", " ").casefold() != label.casefold()
        )
        if others:
            lines += ["", f"Other scores on the test split: {others}."]
    return "\n".join(lines)


def _use(facts: CardFacts, model: ModelFacts) -> str:
    words = model.wording
    lines = [
        "## Intended use and limits",
        "",
        f"- For {words.one}s from the same source as the training data. Where the world has changed since, the score does "
        f"not hold; measure it again on new {words.one}s with a known {plain(model.target)}.",
        f"- {words.limits}",
        "- The model shows what goes together with the target in these data, not what causes it. "
        "It has not been examined for fairness between groups of people; do so before it decides about any.",
    ]
    if model.problem == "regression":
        lines.append("- It gives one value without an interval of its own.")
    else:
        lines.append(f"- {_calibration(model.temperature)}")
    lines += [f"- {plain(_sentence(note))}" for note in facts.notes]
    return "\n".join(lines)


def _calibration(temperature: float) -> str:
    if temperature == 1.0:
        return "Its probabilities have not been calibrated on data of their own."
    return (
        f"Its probabilities were calibrated on rows held out: their logits are divided by {_number(temperature)} "
        "(temperature scaling, Guo et al. 2017, arXiv:1706.04599)."
    )


def _data(facts: CardFacts, model: ModelFacts) -> str:
    lines = ["## Data", ""]
    if facts.rows is not None:
        splits = ", ".join(f"{name} {count:,}" for name, count in facts.splits.items())
        lines += [f"{facts.rows:,} {model.wording.one}s" + (f": {splits}." if splits else "."), ""]
    lines += ["| column | kind | why |", "|---|---|---|"]
    lines += [f"| {cell(name)} | {kind} | {cell(why)} |" for name, kind, why in model.columns[:200]]
    if len(model.columns) > 200:
        lines.append(f"| … and {len(model.columns) - 200} more | | |")
    return "\n".join([*lines, "", *_preparations(model.parts)])


def _preparations(parts: Sequence[Part]) -> list[str]:
    """Return how columns are prepared: once where all parts agree, else for each."""
    said = [
        ", ".join(f"{name} {value}" for name, value in one.preparation.items()) for one in parts
    ]
    if len(set(said)) == 1:
        return [f"Preparation: {said[0]}."]
    return [
        "Preparation, of each member of the ensemble:",
        "",
        *(
            f"- {', '.join(str(n) for n, other in enumerate(said, start=1) if other == one)}: {one}"
            for one in dict.fromkeys(said)
        ),
    ]


def _network(facts: CardFacts, model: ModelFacts) -> str:
    words = model.wording
    lines = ["## Architecture", "", *outlines(model.parts)]
    if facts.parameters is not None:
        macs = ""
        if facts.macs:  # trees have none
            macs = f", {facts.macs:,} multiply-accumulates {words.each}"
        lines.append(f"{facts.parameters:,} trainable parameters{macs}.")
    if facts.audit:
        lines.append(f"What its components can compute: {_sentence(facts.audit)}")
    amounts = {"one": f"1 {words.one}", "hundred": "100", "thousand": "1,000"}
    times = [f"{found:.3g} ms for {amounts[name]}" for name, found in model.latency_ms.items()]
    lines.append(
        f"Latency from {words.raw} in ONNX Runtime, one thread, median: {', '.join(times)} "
        f"({facts.machine or model.machine})."
    )
    return "\n".join(lines)


def outlines(parts: Sequence[Part]) -> list[str]:
    """Return the lines that draw a model's networks; one that several members share is drawn once."""
    if len(parts) == 1:
        return ["```", parts[0].outline, "```", ""]
    lines = [
        f"The weighted mean of what {len(parts)} members predict, in one file: those that held-out rows could not tell from the best, "
        "or that made their mean better there, trained under several seeds.",
        "",
    ]
    for outline in dict.fromkeys(one.outline for one in parts):
        alike = [
            (number, one) for number, one in enumerate(parts, start=1) if one.outline == outline
        ]
        numbers = ", ".join(str(number) for number, _ in alike)
        weight = _number(sum(one.weight for _, one in alike))
        said = f"Member{'s' if len(alike) > 1 else ''} {numbers}, weight {weight}"
        lines += [f"{said}{' together' if len(alike) > 1 else ''}:", "", "```", outline, "```", ""]
    return lines


def _files(model: ModelFacts) -> str:
    unit = (
        "standard deviations of the target" if model.problem == "regression" else "in probability"
    )
    words = model.wording
    return f"""## Files

Compared with the searched model on {model.rows_compared:,} {words.one}s, `model.onnx` differs by at most {model.onnx_parity:.1e} and \
`network.py` by at most {model.source_parity:.1e} ({unit}).

| file | what it is |
|---|---|
| `model.onnx` | {words.raw} to {" and ".join(f"`{one}`" for one in model.outputs)}; needs only ONNX Runtime, {RUNTIME} |
| `weights.safetensors` | the model's weights |
| `network.py` | the model as plain PyTorch, for {words.prepared} |
| `architecture.json` | architecture, preparation, columns, classes, digests of the files |

{words.takes}

```python
from network import load, predict  # needs torch and safetensors

network = load(".")  # predict(network, {model.call}) takes {words.prepared}
```

With coeval: `coeval predict RUN {words.data} -o predictions.csv`."""


def _origin(facts: CardFacts) -> str:
    parts = []
    if facts.command:
        parts.append(f"Made by {code(facts.command)}")
    if facts.seed is not None:
        parts.append(f"seed {facts.seed}")
    if facts.trials is not None:
        parts.append(f"{facts.trials:,} candidates tried")
    if facts.seconds is not None:
        parts.append(f"{facts.seconds:,.0f} s in all")
    if facts.fingerprint:
        parts.append(f"data fingerprint `{facts.fingerprint[:16]}`")
    return f"## Origin\n\n{', '.join(parts)}." if parts else ""


def _number(value: float | None) -> str:
    return "" if value is None else f"{value:.4g}"


def _sentence(note: str) -> str:
    return note if note.endswith((".", "!", "?")) else f"{note}."
