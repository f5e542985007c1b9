"""Runs made up for the report's tests: real records, plausible numbers, nothing trained."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from coeval.architecture.inference import infer
from coeval.architecture.step import Architecture, sequence, step
from coeval.architecture.types import Columns, Tokens
from coeval.component import library as c
from coeval.report.facts import Facts, collect
from coeval.seed import generator
from coeval.space.protocol import Candidate
from coeval.store.protocol import Event, Note
from coeval.trial import (
    Failure,
    Measurement,
    Proposal,
    Reason,
    State,
    Trial,
    finish,
)

START = 1_752_000_000.0
COLUMNS = Columns(6, (9, 17, 8, 15, 7, 6, 3, 42), (Tokens(12, 512),))
ACTIVATIONS = (c.RELU, c.GELU, c.SILU, c.TANH)
ENCODINGS = ("plain", "piecewise_linear", "periodic")


def network(rng: np.random.Generator) -> Architecture:
    """Return an architecture that a tabular search could have proposed."""
    width = int(rng.choice([64, 128, 256]))
    numeric = step(c.NUMERIC_ENTRY, 0, encoding=str(rng.choice(ENCODINGS)), width=8)
    steps = [numeric, step(c.CATEGORY_ENTRY, 0, width=8), step(c.TEXT_ENTRY, 0, width=16)]
    steps += [step(c.CONCATENATE, (1, 2, 3)), step(c.LINEAR, 4, width=width)]
    steps.append(step(ACTIVATIONS[rng.integers(4)], 5))
    for _ in range(int(rng.integers(0, 3))):
        inside = sequence(
            1,
            [
                step(c.LAYER_NORM, 0),
                step(c.LINEAR, 1, width=2 * width),
                step(ACTIVATIONS[rng.integers(4)], 2),
                step(c.DROPOUT, 3, rate=0.1),
                step(c.LINEAR, 4, width=width),
            ],
        )
        steps.append(step(c.RESIDUAL, len(steps), inside))
    if rng.random() < 0.4:
        steps.append(step(c.GLU_GATE, len(steps)))
    steps.append(step(c.BINARY_HEAD, len(steps)))
    return Architecture((COLUMNS,), sequence(1, steps))


def candidate(rng: np.random.Generator) -> Candidate:
    """Return a candidate with its three parts."""
    preparation = (
        ("numeric", str(rng.choice(["standard", "quantile", "robust"]))),
        ("rare_threshold", int(rng.choice([1, 5, 20]))),
        ("date_parts", True),
        ("text_buckets", 512),
    )
    recipe = (
        ("optimizer", "adamw"),
        ("lr", float(rng.choice([1e-3, 2e-3, 4e-3]))),
        ("schedule", "cosine"),
        ("weight_decay", 1e-2),
        ("batch_size", 256),
        ("epochs", 64),
        ("label_smoothing", 0.0),
    )
    parts = (("preparation", preparation), ("architecture", network(rng)), ("recipe", recipe))
    return Candidate(parts)


class Journal:
    """Collects events at chosen times."""

    def __init__(self) -> None:
        self.events: list[Event] = []

    def add(self, at: float, body: Trial | Note) -> None:
        """Append an event ``at`` seconds after the start."""
        self.events.append(Event(len(self.events) + 1, START + at, body))

    def note(self, at: float, kind: str, data: Mapping[str, Any]) -> None:
        """Append a note."""
        self.add(at, Note(kind, data))


def capsule(**changes: Any) -> dict[str, Any]:
    """Return a capsule; ``changes`` replace fields of its task."""
    names = ["age", "workclass", "fnlwgt", "education", "education-num", "marital-status"]
    names += ["occupation", "relationship", "race", "sex", "capital-gain", "hours-per-week"]
    numeric = {"age", "fnlwgt", "capital-gain", "hours-per-week"}
    columns = [
        {
            "name": name,
            "kind": "numeric" if name in numeric else "categorical",
            "reason": "numbers with 74 distinct values" if name in numeric else "9 distinct texts",
        }
        for name in names
    ]
    columns[4] = {
        "name": "education-num",
        "kind": "drop",
        "reason": "says the same as 'education' in every row",
    }
    task = {
        "name": "adult",
        "problem": "binary",
        "target": "income",
        "classes": ["<=50K", ">50K"],
        "rows": 48_842,
        "columns": columns,
        "metric": {"name": "accuracy", "label": "accuracy", "maximise": True},
        "splits": {"train": 26_864, "validation": 7_326, "selection": 4_884, "test": 9_768},
        "fingerprint": "9f2c11e07bd4a6f3c1d2",
        "notes": [
            "Column 'education-num' says the same as 'education' in every row and was dropped."
        ],
    }
    return {
        "format": 1,
        "coeval": "0.1.0",
        "command": ["coeval", "fit", "adult.csv", "--target", "income", "--budget", "5m"],
        "seed": 0,
        "task": task | changes,
        "space": {
            "size": str(10**41 * 37),
            "parts": {"preparation": "1536", "architecture": str(10**34 * 6), "recipe": "9720"},
            "audit": "not Turing equivalent: every component halts",
        },
        "strategy": {"name": "regularised evolution", "population": 32, "sample_size": 8},
        "budget": {"seconds": 300, "trials": None},
        "libraries": {"python": "3.11.9", "torch": "2.13.0", "numpy": "2.4.6"},
        "machine": {
            "cpu": "AMD EPYC 9B14",
            "cores": 2,
            "memory_bytes": 25_769_803_776,
            "platform": "Linux 6.1 x86_64",
        },
    }


def final(trial: int, **changes: Any) -> dict[str, Any]:
    """Return a final note; ``changes`` replace its fields."""
    noted = {
        "trial": trial,
        "metric": "accuracy",
        "validation": 0.8768,
        "selection": 0.8741,
        "test": {"value": 0.8733, "low": 0.8668, "high": 0.8797, "rows": 9_768},
        "scores": {
            "accuracy": 0.8733,
            "balanced_accuracy": 0.7954,
            "log_loss": 0.2781,
            "roc_auc": 0.9289,
            "macro_f1": 0.8163,
        },
        "baselines": [
            {"name": "majority", "label": "majority class", "validation": 0.7607, "test": 0.7607},
            {"name": "linear", "label": "logistic regression", "validation": 0.852, "test": 0.8513},
            {"name": "trees", "label": "gradient boosting", "validation": 0.8741, "test": 0.8727},
            {"name": "mlp", "label": "default MLP", "validation": 0.8561, "test": 0.8547},
        ],
        "noise_floor": {"sd": 0.0012, "repeats": 3},
        "control": {"trials": 24, "best_validation": 0.8689},
        "parity": {"onnx": 2.4e-7, "source": 1.2e-7},
        "latency_ms": {"one": 0.084, "thousand": 6.13},
        "parameters": 71_425,
        "macs": 70_912,
        "seconds": {
            "reading": 1.4,
            "baselines": 11.2,
            "search": 214.0,
            "final": 58.3,
            "export": 6.2,
            "total": 293.8,
        },
    }
    return noted | changes


def measured(rng: np.random.Generator, number: int, found: Candidate, skill: float) -> Measurement:
    """Return a plausible measurement; every 17th trial fails."""
    cost = infer(found.architecture).cost
    spent = {"seconds": float(rng.uniform(0.8, 4.2)), "epochs": float(rng.integers(4, 24))}
    if number % 17 == 11:
        reason = Reason.DIVERGED if number % 2 else Reason.TIMED_OUT
        return Measurement(cost=spent, failure=Failure(reason, "loss became NaN in epoch 3"))
    value = 0.8775 - float(rng.gamma(2.0, 0.011)) * (1.35 - skill)
    cached = number - 2 if number % 29 == 28 else None
    return Measurement(
        values={"accuracy": value, "log_loss": 0.9 - value * 0.7},
        cost=spent | {"parameters": cost.parameters, "macs": cost.macs},
        cached_from=cached,
    )


def journal(trials: int = 120, *, finished: bool = True) -> list[Event]:
    """Return the events of a run."""
    log = Journal()
    log.note(0.0, "sitting", {"version": "0.1.0", "started": START - 1.3, "workers": 2})
    for index, one in enumerate(final(0)["baselines"]):
        noted = {key: one[key] for key in ("name", "label", "validation")}
        log.note(2.0 + 2.5 * index, "baseline", noted | {"seconds": 0.4 + 2.2 * index})
    best, best_value = 0, 0.0
    for number in range(1, trials + 1):
        rng = generator(5, "example", number)
        origin = "random" if number % 5 == 0 else "evolution"
        origin = (
            ("seed:linear", "seed:mlp", "seed:resnet", "seed:realmlp")[number - 1]
            if number < 5
            else origin
        )
        found = candidate(rng)
        started = Trial(number, Proposal(found, origin=origin))
        skill = number / trials if origin == "evolution" else 0.15
        at = 8.0 + 200.0 * number / trials
        log.add(at - 200.0 / trials, started)
        done = finish(started, measured(rng, number, found, skill))
        log.add(at, done)
        value = done.measurement.values.get("accuracy", 0.0) if done.measurement else 0.0
        if done.state is State.DONE and value > best_value:
            best, best_value = number, value
    if finished:
        log.note(214.0, "stopped", {"why": "time", "seconds": 214.0})
        log.note(
            240.0, "finalist", {"trial": best, "selection": 0.8741, "epochs": 17, "seconds": 21.3}
        )
        log.note(262.0, "test_opened", {"at": START + 262.0, "times": 1})
        log.note(
            292.0, "final", final(best, validation=round(best_value, 4), **_size(log.events, best))
        )
    return log.events


def _size(events: list[Event], number: int) -> dict[str, int]:
    """Return the true cost of a trial's architecture."""
    found = next(e.body for e in events if isinstance(e.body, Trial) and e.body.number == number)
    cost = infer(found.proposal.candidate.architecture).cost
    return {"parameters": cost.parameters, "macs": cost.macs}


FILES = (
    ("capsule.json", 4_812),
    ("model/architecture.json", 3_411),
    ("model/card.md", 5_120),
    ("model/model.onnx", 402_113),
    ("model/network.py", 9_871),
    ("model/weights.safetensors", 287_004),
    ("run.sqlite", 812_032),
)


def run(trials: int = 120, *, finished: bool = True, **changes: Any) -> Facts:
    """Return the facts of a run; ``changes`` replace fields of its task."""
    events = journal(trials, finished=finished)
    return collect("adult", capsule(**changes), events, files=FILES if finished else FILES[:1])


def untested() -> Facts:
    """Return the facts of a finished run with ``--test none``."""
    log = Journal()
    log.events = journal(40, finished=False)
    baselines = [one | {"test": None} for one in final(0)["baselines"]]
    log.note(214.0, "stopped", {"why": "time", "seconds": 214.0})
    log.note(292.0, "final", final(3, test=None, scores={}, selection=None, baselines=baselines))
    sizes = {"train": 36_632, "validation": 7_326, "selection": 4_884, "test": 0}
    return collect("adult", capsule(splits=sizes), log.events, files=FILES)
