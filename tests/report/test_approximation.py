import pytest
from rich.console import Console

from coeval.report.approximation import approximation, headline
from coeval.report.words import MISSING

ERRORS = {"rows": 24, "undefined": 0, "sse": 0.5, "rmse": 0.1443, "largest": 0.31, "r2": 0.9876}
FOUND = {
    "formula": "2*sin(x)",
    "target": "y",
    "steps": [{"name": "t1", "formula": "sin(x)"}, {"name": "y", "formula": "2*t1"}],
    "iterations": [],
    "length": 2,
    "unit": "nodes",
    "fit": ERRORS,
    "held_out": ERRORS | {"rows": 6, "undefined": 2, "r2": None, "rmse": 0.0},
    "certificate": {"verdict": "optimal"},
    "origin": "exact search",
    "front": [
        {"length": 1, "sse": 3.25, "formula": "x"},
        {"length": 2, "sse": 0.5, "formula": "2*sin(x)"},
    ],
    "next": {"length": 3, "sequences": 10**20, "verdict": "intractable: about 3,000 years, 40 TB"},
    "monitored": [],
    "trials": 0,
    "seconds": 1.5,
    "why": "covered",
}


def shown(found, **options) -> str:
    console = Console(width=100)
    with console.capture() as captured:
        console.print(headline(found), soft_wrap=True)
        console.print(approximation(found, ["Optimal: proven.", "Arithmetic: float64."], **options))
    return captured.get()


def lines(found, **options) -> list[list[str]]:
    return [line.split() for line in shown(found, **options).splitlines()]


def test_what_was_found_is_said_line_by_line():
    said = lines(FOUND)
    assert said[0] == ["y", "=", "2*sin(x)"]
    assert ["1", "t1", "=", "sin(x)"] in said
    assert ["fitted", "24", "0.9876", "0.1443", "0.3100"] in said
    assert ["held", "out", "6", MISSING, "0", "0.3100", "undefined", "on", "2"] in said
    assert ["certificate", "Optimal:", "proven."] in said
    assert ["arithmetic", "float64"] in said
    assert "by exact search: 2 nodes, 1.5 s; all was covered" in shown(FOUND)
    assert "by exact search: 1 node, 1.5 s" in shown(FOUND | {"length": 1})


def test_the_next_length_has_its_cost():
    text = "to cover length 3: about 10^20 sequences, intractable: about 3,000 years, 40 TB"
    assert text in shown(FOUND)


def test_the_front_is_shown_on_request():
    assert ["1", "3.2500", "x"] in lines(FOUND, front=True)
    assert "squared error" not in shown(FOUND)


@pytest.mark.parametrize(
    ("r2", "text"),
    [(1.0, "1.0000"), (1 - 2e-7, "1 − 2.0 × 10⁻⁷"), (-0.5, "−0.5000"), (None, MISSING)],  # noqa: RUF001
)
def test_a_near_perfect_fit_does_not_pass_for_a_perfect_one(r2, text):
    assert text in shown(FOUND | {"fit": ERRORS | {"r2": r2}})


def test_what_coevolution_did_is_said():
    text = shown(FOUND | {"trials": 4120, "monitored": ["bloat: none"], "why": "interrupted"})
    assert "4,120 sequences and teams tried" in text
    assert "bloat: none" in text
    assert "interrupted, this is the best so far" in text


def test_a_long_formula_is_one_line_and_an_unwritable_one_is_said():
    long = " + ".join(["sin(x)"] * 60)
    assert f"y = {long}\n" in shown(FOUND | {"formula": long})
    assert "y = 2 steps, too many for one formula" in shown(FOUND | {"formula": ""})


def test_iterations_are_explained():
    assert "mu1(a): the smallest" in shown(FOUND | {"iterations": ["mu1(a): the smallest i"]})
