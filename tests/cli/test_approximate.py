import json

import numpy as np
import pytest

from tests.cli.commands import Command

X = np.linspace(0.1, 2.9, 30)
SINE = 2.5 * np.sin(X * X) - 1
FEW = ("--components", "add,mul,sin,const", "--length", "5", "--budget", "20s")


@pytest.fixture
def coeval(monkeypatch, capsys) -> Command:
    return Command(monkeypatch, capsys)


@pytest.fixture
def points(tmp_path):
    def write(*columns, names="x,y") -> str:
        path = tmp_path / "points.csv"
        rows = [",".join(map(str, one)) for one in zip(*columns, strict=True)]
        path.write_text("\n".join([names, *rows]) + "\n")
        return str(path)

    return write


def test_steps_formula_errors_certificate_and_next_cost_are_printed(coeval, points):
    code, out, err = coeval("approximate", points(X, SINE), "--target", "y", *FEW, "--exact")
    assert code == 0
    said = " ".join(out.split())
    for expected in (
        "y = -1 + 2.5*sin(x*x)",
        "1 t1 = x*x",
        "2 t2 = sin(t1)",
        "3 y = -1 + 2.5*t2",
        "fitted 24 1.0000",
        "held out 6 1.0000",
        "by exact search: 4 nodes",
        "no tree of at most 5 nodes has",
        "next to cover length",
    ):
        assert expected in said
    assert "30 points of y over x" in err
    assert not any(line.endswith(" ") for line in out.splitlines())


def test_front_and_latex_are_shown_on_request(coeval, points):
    _, out, _ = coeval("approximate", points(X, SINE), "--target", "y", *FEW, "--front", "--latex")
    assert "squared error" in out
    assert r"\sin{\left(x^{2} \right)}" in out


def test_ties_are_decided_in_exact_arithmetic_on_request(coeval, points):
    words = ("--components", "add,mul,const", "--length", "5", "--constants", "none", "--exact")
    code, out, _ = coeval("approximate", points(X, X * X + X), "--target", "y", *words, "--ties")
    assert code == 0
    assert "decided in rational arithmetic" in " ".join(out.split())


def test_ties_without_the_exact_search_are_refused(coeval, points):
    code, _, err = coeval("approximate", points(X, SINE), "--target", "y", "--ties")
    assert code == 2
    assert "Add --exact" in err


def test_json_is_nothing_but_json(coeval, points):
    code, out, err = coeval(
        "approximate", points(X, SINE), "--target", "y", *FEW, "--json", "--latex"
    )
    found = json.loads(out)
    assert (code, err) == (0, "")
    assert found["formula"] == "-1 + 2.5*sin(x*x)"
    assert found["latex"].startswith("2.5")
    assert found["certificate"]["verdict"] == "optimal"


def test_the_result_is_written_to_a_folder(coeval, points, tmp_path):
    out = tmp_path / "made" / "here"
    code, said, _ = coeval("approximate", points(X, SINE), "--target", "y", *FEW, "--out", out)
    assert code == 0
    assert "result.json" in said
    assert json.loads((out / "result.json").read_text())["formula"] == "-1 + 2.5*sin(x*x)"
    assert json.loads((out / "architecture.json").read_text())["format"] == 1


def test_a_result_is_replaced_only_on_request(coeval, points, tmp_path):
    command = ("approximate", points(X, SINE), "--target", "y", *FEW, "--out", tmp_path / "made")
    assert coeval(*command)[0] == 0
    code, _, err = coeval(*command)
    assert code == 2
    assert "Replace it with --overwrite" in err
    assert coeval(*command, "--overwrite")[0] == 0
    assert (tmp_path / "made" / "result.json").exists()
    (tmp_path / "made" / "thesis.txt").write_text("mine")
    code, _, err = coeval(*command, "--overwrite")
    assert (code, "found 'thesis.txt' in it, which is not deleted" in err) == (2, True)


def test_names_that_are_no_symbols_still_give_a_formula(coeval, points):
    _, out, _ = coeval(
        "approximate", points(X, SINE, names="my x,lambda"), "--target", "lambda", *FEW
    )
    assert "lambda = -1 + 2.5*sin(my_x*my_x)" in out


def test_a_budget_that_reaches_nothing_of_a_long_length_says_so(coeval, points):
    target = np.exp(-X) * np.sin(3 * X) + np.tan(X / 2.1)
    words = ("--target", "y", "--length", "25", "--budget", "2s")
    _, out, err = coeval("approximate", points(X, target), *words)
    assert "intractable" in " ".join(err.split())
    assert "then coevolution" in " ".join(err.split())
    assert "proven optimal up to" in " ".join(out.split())
    assert "sequences and teams tried" in out


@pytest.mark.parametrize(
    ("target", "words", "expected"),
    [
        (["a"] * 30, (), "Target 'y' is not numeric: it holds 'a' in row 1"),
        ([2] * 30, (), "Target 'y' is constant"),
        ([1, "nan", *[2] * 28], (), "'y' has no value (NaN) in row 2"),
        ([1, 2, "inf", *[2] * 27], (), "'y' has inf in row 3"),
        ([1, 2, 4], ("--constants", "nonlinear"), "at least 4 points to fit 4 constants"),
        (SINE, ("--components", "sni"), "Unknown component 'sni'. Did you mean 'sin'"),
        (SINE, ("--components", "add,linear"), "linear is a layer of vectors"),
        (SINE, ("--components", "const"), "components that compute something"),
        (SINE, ("--components", "add,mu"), "mu iterates, so it needs a step budget"),
        (SINE, ("--length", "999999999999999999999"), "length must lie in 1..255"),
        (SINE, ("--length", "0"), "length must lie in 1..255, got 0"),
        (SINE, ("--semantics", "tre"), "Did you mean 'tree'"),
        (SINE, ("--constants", "lin"), "constants must be one of"),
        (
            SINE,
            ("--constants", "grid", "--grid", "1,a"),
            "finite numbers such as 1,2,3.14, got 'a'",
        ),
        (SINE, ("--budget", "5"), "Did you mean 5s or 5m"),
        (SINE, ("--hold-out", "1"), "below 1, got 1"),
        (SINE, ("--out", "/proc/nothing"), "Cannot write to /proc/nothing"),
    ],
)
def test_bad_input_is_one_message(coeval, points, target, words, expected):
    path = points(X[: len(target)], target)
    code, _, err = coeval("approximate", path, "--target", "y", "--budget", "5s", *words)
    assert code == 2
    assert expected in err
    assert err.count("coeval:") == 1


def test_a_missing_file_or_column_is_one_message(coeval, points):
    code, _, err = coeval("approximate", points(X, SINE), "--target", "z")
    assert (code, "no target column 'z'" in err) == (2, True)
    code, _, err = coeval("approximate", "nowhere.csv", "--target", "z")
    assert (code, "There is no file nowhere.csv" in err) == (2, True)
