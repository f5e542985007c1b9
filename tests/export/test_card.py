from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from coeval.export.card import CardFacts, ModelFacts, Part, Score, outlines
from coeval.export.card import card as words
from coeval.export.card_words import wording
from coeval.export.predictor import Predictor
from coeval.export.write import write_model
from coeval.task.task import Problem
from tests.export.models import model_for
from tests.task.tables import mixed_table

FACTS = CardFacts(
    title="fruit",
    rows=60,
    splits={"train": 40, "test": 20},
    metric_label="log loss",
    maximise=False,
    test=0.3141592,
    interval=(0.3, 0.33),
    validation=0.29,
    scores={"log_loss": 0.3141592, "accuracy": 0.9, "ROC AUC": None},
    baselines=[Score("majority", 0.69, 0.7), Score("trees", None, 0.31)],
    noise=0.004,
    provenance="Trained on everything but the test rows",
    notes=["column 'a|b' looks like an identifier"],
    parameters=12_345,
    macs=6789,
    command="coeval fit fruit.csv --target goal",
    seed=0,
    seconds=61.2,
    trials=99,
    fingerprint="0123456789abcdef0123",
    machine="the test's machine",
    audit="not Turing equivalent",
)


def card(facts: CardFacts, folder: Path, problem: Problem = Problem.MULTICLASS) -> str:
    table = mixed_table()
    model, _ = model_for(table, problem)
    write_model(folder / "model", model, table, np.arange(20), facts)
    return (folder / "model" / "card.md").read_text(encoding="utf-8")


def test_the_card_says_what_is_known(tmp_path: Path) -> None:
    text = card(FACTS, tmp_path)
    for expected in (
        "# Model card: fruit",
        "Predicts **goal**, one of 3 classes",
        "Metric: log loss (less is better).",
        "**0.3142** (95 % interval 0.3 to 0.33)",
        "Trained on everything but the test rows.",
        "| **this model** | 0.29 | 0.3142 |",
        "| trees |  | 0.31 |",
        "Other scores on the test split: accuracy 0.9.",
        "categories never seen in training count as rare ones",
        "needs only ONNX Runtime, 1.21 or newer",
        "60 rows: train 40, test 20.",
        "| colour | categorical | as made |",
        "12,345 trainable parameters, 6,789 multiply-accumulates a row.",
        "(the test's machine)",
        "What its components can compute: not Turing equivalent.",
        "on 20 rows",
        "- column 'a|b' looks like an identifier.",
        "Made by `coeval fit fruit.csv --target goal`, seed 0, 99 candidates tried, 61 s in all",
    ):
        assert expected in text


def test_what_is_not_known_is_left_out(tmp_path: Path) -> None:
    text = card(CardFacts(interval=(float("nan"), float("nan"))), tmp_path, Problem.REGRESSION)
    assert "There was no test split" in text
    assert "None" not in text.replace("run(None", "run(")
    for absent in (
        "Origin",
        "nan",
        "Other scores",
        "trainable parameters",
        "Classes:",
        "components can",
    ):
        assert absent not in text


def test_a_score_without_an_interval_has_none(tmp_path: Path) -> None:
    text = card(CardFacts(test=0.5, interval=(float("nan"), 1.0)), tmp_path)
    assert "**0.5**." in text


def test_the_cards_own_code_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    text = card(FACTS, tmp_path)
    blocks = [part.split("```")[0] for part in text.split("```python\n")[1:]]
    assert len(blocks) == 2
    monkeypatch.chdir(tmp_path / "model")
    monkeypatch.syspath_prepend(str(tmp_path / "model"))
    monkeypatch.setattr("sys.dont_write_bytecode", True)
    scope: dict[str, Any] = {}
    exec(blocks[1], scope)
    assert scope["network"] is not None
    monkeypatch.delitem(__import__("sys").modules, "network")
    rows = [
        "1.5,0.1,2024-01-31,red,2.5,The fox's",
        ",0.1,,,,",
        "-2,0.1,1999-12-31 12:00:00,blue,1,x/y",
    ]
    Path("data.csv").write_text(
        "\n".join(["number,still,day,colour,code,note", *rows]), encoding="utf-8"
    )
    exec(blocks[0], scope)
    told = Predictor(Path()).predict("data.csv")
    assert scope["result"][0] == pytest.approx(told.iloc[:, 1:].to_numpy())


def known(**changes: Any) -> ModelFacts:
    facts = ModelFacts(
        problem="binary",
        target="goal",
        classes=("a", "b"),
        columns=[("x", "numeric", "as made")],
        parts=[Part("net", {})],
        latency_ms={"one": 0.1},
        machine="here",
        onnx_parity=0.0,
        source_parity=0.0,
        rows_compared=5,
        inputs=[("x", "double")],
        outputs=["label"],
    )
    return replace(facts, **changes)


def test_of_an_ensemble_it_is_said_whose_validation_it_is() -> None:
    together = known(parts=[Part("net", {}, 0.6), Part("other", {}, 0.4)])
    assert "that of its heaviest member alone" in words(FACTS, together)
    assert "heaviest member" not in words(FACTS, known())


def test_hostile_names_stay_what_they_are() -> None:
    text = words(
        replace(FACTS, notes=["column '<script>' is odd"], command="coeval fit `a`"),
        known(target="<i>*y*", classes=("a|b", "c`d"), columns=[("p|q<b>", "numeric", "1\n2")]),
    )
    for expected in (
        r"**\<i>\*y\***",
        "Classes: `a|b`, ``c`d``.",
        r"| p\|q\<b> | numeric | 1 2 |",
        r"- column '\<script>' is odd.",
        "Made by `` coeval fit `a` ``",
    ):
        assert expected in text
    assert "<script>" not in text.replace(r"\<script>", "")


def test_members_of_one_network_are_drawn_once() -> None:
    parts = [Part("one", {}, 0.5), Part("another", {}, 0.3), Part("one", {}, 0.2)]
    lines = outlines(parts)
    assert "Members 1, 3, weight 0.7 together:" in lines
    assert "Member 2, weight 0.3:" in lines
    assert lines.count("one") == lines.count("another") == 1


def test_a_number_from_an_image_is_no_class() -> None:
    limits = [
        wording([("image", "byte")], (8, 8, 1), has_classes=one).limits for one in (True, False)
    ]
    assert ["classes" in one for one in limits] == [True, False]
    assert limits[1].endswith("an image that shows anything else is still given a number.")
