import json

import pytest

from coeval.run.component_sets import component_sets
from tests.cli.commands import Command

COPY = {
    "kind": "counter",
    "counters": ["a", "b"],
    "program": {
        "go": ["decjz", "a", "put", "end"],
        "put": ["inc", "b", "go"],
        "end": ["halt"],
    },
    "input": {"a": 7},
    "result": "b",
    "steps": 100,
}
BEAVER = {
    "kind": "turing",
    "states": ["A", "B"],
    "halt": "H",
    "symbols": ["0", "1"],
    "transitions": {
        "A": {"0": ["1", "R", "B"], "1": ["1", "L", "B"]},
        "B": {"0": ["1", "L", "A"], "1": ["1", "R", "H"]},
    },
    "steps": 100,
}


@pytest.fixture
def coeval(monkeypatch, capsys) -> Command:
    return Command(monkeypatch, capsys)


@pytest.fixture
def written(tmp_path):
    def write(content) -> str:
        path = tmp_path / "machine.json"
        path.write_text(json.dumps(content))
        return str(path)

    return write


def test_without_options_every_space_is_audited(coeval):
    code, out, _ = coeval("audit")
    assert code == 0
    assert all(f"{name}\n" in out for name in component_sets())
    assert "not Turing equivalent (R1) · universal approximator" in out
    assert "needs iterate_until for Turing equivalence" in out
    assert "Turing equivalent (T8)" in out


def test_named_components_get_verdict_theorem_and_completion(coeval):
    code, out, _ = coeval("audit", "--components", "linear, relu,repeat")
    assert code == 0
    for expected in (
        "not Turing equivalent (R1)",
        "Leshno",
        "unbounded iteration",
        "iterate_until",
    ):
        assert expected in out


def test_a_certified_set_shows_its_executed_witness(coeval):
    _, out, _ = coeval("audit", "--components", "linear,relu,residual,iterate_until")
    assert "Turing equivalent, executed" in out
    assert "MUL(7, 9): 63 (337 steps)" in " ".join(out.split())


def test_json_is_nothing_but_json(coeval):
    found = json.loads(coeval("audit", "--components", "linear,relu", "--json")[1])
    assert found["turing"]["rules"] == ["R1"]
    assert set(json.loads(coeval("audit", "--json")[1])) == set(component_sets())
    assert "relu" in json.loads(coeval("audit", "--list", "--json")[1])
    assert "relu " in coeval("audit", "--list")[1]


def test_a_users_machine_runs_on_every_network_that_the_components_build(coeval, written):
    code, out, _ = coeval("audit", "--run", written(BEAVER))
    assert code == 0
    assert out.count("agrees with the interpreter") == 2
    assert out.count("6 compared, halted") == 2
    found = json.loads(coeval("audit", "--run", written(COPY), "--json")[1])
    assert [(one["kind"], one["machines"][0]["result"]) for one in found] == [("counter", "7")]
    _, out, _ = coeval("audit", "--run", written(COPY), "--steps", 9)
    assert "did not halt within 9 steps" in out


UNDEFINED = BEAVER | {"transitions": BEAVER["transitions"] | {"B": {"0": ["1", "L", "Q"]}}}
ENDLESS = {name: value for name, value in COPY.items() if name != "steps"}


@pytest.mark.parametrize(
    ("words", "machine", "expected"),
    [
        (["--components", "reluu"], None, "Did you mean 'relu'"),
        (["--components", ","], None, "at least one component"),
        (["--steps", "5"], None, "Name its file with --run"),
        (["--components", "linear"], BEAVER, "do not run machines like 'machine'"),
        ([], UNDEFINED, "names state 'Q', which is undefined"),
        ([], ENDLESS, "iterates without a step budget"),
    ],
)
def test_what_cannot_be_audited_is_one_message(coeval, written, words, machine, expected):
    words = words if machine is None else [*words, "--run", written(machine)]
    code, out, err = coeval("audit", *words)
    assert (code, out) == (2, "")
    assert expected in err
    assert err.count("coeval:") == 1
