import json
import re
from pathlib import Path

import pytest

from coeval.errors import DataError
from coeval.universality.machine.counter import CounterMachine, Halt, Increment
from coeval.universality.machine.read import parse_machine, read_machine
from coeval.universality.machine.suite import BEAVER_4, collatz, multiply

EXAMPLES = Path(__file__).parents[3] / "examples" / "machines"
COUNTER = {"kind": "counter", "counters": 2, "program": [["inc", 0, 1], ["halt"]]}
TURING = {
    "kind": "turing",
    "states": ["A"],
    "halt": "H",
    "transitions": {"A": {"0": ["1", "R", "A"], "1": ["0", "L", "H"]}},
}


@pytest.mark.parametrize(
    ("name", "known"),
    [("multiply", multiply(7, 9)), ("collatz", collatz(7)), ("busy_beaver_4", BEAVER_4)],
)
def test_the_examples_are_the_machines_of_the_suite(name, known):
    machine = read_machine(EXAMPLES / f"{name}.json")
    if isinstance(known, CounterMachine):
        assert machine.program == known.program
        assert machine.inputs[:1] == known.inputs[:1]
        assert machine.result == known.result
    else:
        assert machine.table == known.table
    assert machine.steps is not None


def test_numbers_and_names_say_the_same():
    named = {
        "kind": "counter",
        "counters": ["a", "b"],
        "program": {"go": ["inc", "a", "end"], "end": ["halt"]},
        "input": {"b": 3},
        "result": "b",
    }
    numbered = COUNTER | {"input": [0, 3], "result": 1}
    assert parse_machine(named, "m") == parse_machine(numbered, "m")
    assert parse_machine(named, "m").program == (Increment(0, 1), Halt())


def test_a_name_and_a_budget_may_be_given_or_left_out():
    assert parse_machine(COUNTER, "file").name == "file"
    assert parse_machine(COUNTER, "file").steps is None
    given = parse_machine(COUNTER | {"name": "mine", "steps": 5}, "file")
    assert (given.name, given.steps) == ("mine", 5)


def test_a_tape_is_a_text_or_a_list_and_symbols_may_be_numbers():
    for tape in ("011", ["0", "1", "1"], [0, 1, 1]):
        assert parse_machine(TURING | {"tape": tape, "head": 2}, "m").tape == (0, 1, 1)
    numbers = TURING | {"transitions": {"A": {"0": [1, "R", "A"], "1": [0, "S", "H"]}}}
    assert [one.write for one in parse_machine(numbers, "m").table[0]] == [1, 0]


def test_several_halting_states_are_told_apart():
    decides = TURING | {
        "halt": ["yes", "no"],
        "transitions": {"A": {"0": ["0", "R", "no"], "1": ["1", "L", "yes"]}},
    }
    machine = parse_machine(decides, "m")
    assert machine.halting == ("yes", "no")
    assert [one.state for one in machine.table[0]] == [2, 1]


BROKEN = [
    ([], "A machine is a JSON object, got a list"),
    ({}, '"kind" must be "counter" or "turing", got None'),
    ({"kind": "turin"}, "got 'turin'. Did you mean 'turing'?"),
    ({"kind": ["turing"]}, "got ['turing']"),
    (COUNTER | {"counter": 1}, "got 'counter'. Did you mean 'counters'?"),
    ({"kind": "counter", "counters": 1}, 'A counter machine needs the field "program"'),
    (COUNTER | {"counters": 0}, '"counters" must be 1..2,000, got 0'),
    (COUNTER | {"counters": 10**9}, '"counters" must be 1..2,000, got 1000000000'),
    (COUNTER | {"counters": "2"}, "\"counters\" must be a whole number, got '2'"),
    (COUNTER | {"counters": ["a", "a"]}, "\"counters\" names 'a' twice"),
    (COUNTER | {"program": []}, '"program" must hold 1..2,000 instructions, got 0'),
    (COUNTER | {"program": "inc"}, '"program" must be a list or an object, got a text'),
    (COUNTER | {"program": [["inc", 0, 0]]}, "needs at least one halt instruction"),
    (COUNTER | {"program": [["inc", 0], ["halt"]]}, 'must be ["inc", counter, then], got 2'),
    (COUNTER | {"program": [["halt", 1]]}, 'must be ["halt"], got 2'),
    (COUNTER | {"program": [["incr", 0, 1]]}, "Did you mean 'inc'?"),
    (COUNTER | {"program": [[]]}, "Instruction '0' must be one of"),
    (COUNTER | {"program": [["inc", 0, 7], ["halt"]]}, "instruction 7, which is undefined"),
    (COUNTER | {"program": [["inc", 5, 1], ["halt"]]}, "counter 5, which is undefined"),
    (COUNTER | {"program": [["inc", "a", 1], ["halt"]]}, "counter 'a', which is undefined"),
    (COUNTER | {"program": [["inc", True, 1], ["halt"]]}, "counter True, which is undefined"),
    (COUNTER | {"input": [-1]}, "input 0 of machine 'm' is -1"),
    (COUNTER | {"input": [1.5]}, "Input 0 must be a whole number, got 1.5"),
    (COUNTER | {"input": [1, 2, 3]}, "has 2 counters, got 3 inputs"),
    (COUNTER | {"input": 3}, '"input" must be a list or an object, got a number'),
    (COUNTER | {"input": {"z": 3}}, "counter 'z', which is undefined"),
    (COUNTER | {"result": "z"}, "\"result\" names counter 'z', which is undefined"),
    (COUNTER | {"steps": "many"}, "\"steps\" must be a whole number, got 'many'"),
    (COUNTER | {"steps": 0}, "must be at least 1, got 0"),
    (TURING | {"states": []}, '"states" must list names, got []'),
    (TURING | {"states": "A"}, "\"states\" must list names, got 'A'"),
    (TURING | {"states": ["A", "B"]}, "State 'B' has no transitions"),
    (TURING | {"halt": "A"}, '"states" with "halt" names \'A\' twice'),
    (TURING | {"transitions": []}, '"transitions" must be an object, got a list'),
    (TURING | {"transitions": {"A": {}, "Q": {}}}, "\"transitions\" names state 'Q', which is"),
    (TURING | {"tape": "012"}, "\"tape\" names symbol '2', which is undefined; there are 0, 1"),
    (TURING | {"tape": 5}, '"tape" must be a text or a list'),
    (TURING | {"head": 3}, "must start on cell 0..0, got 3"),
    (TURING | {"start": "H"}, "\"start\" names state 'H', which is undefined"),
    (TURING | {"symbols": ["0"]}, "symbol '1', which is undefined"),
    (TURING | {"states": [f"s{n}" for n in range(1001)]}, "at most 2,000 transitions, got 1001"),
]
ROWS = [
    ({"0": ["1", "R", "A"]}, "State 'A', reading '1', has no transition"),
    ({"0": ["1", "R", "B"], "1": ["0", "L", "H"]}, "names state 'B', which is undefined"),
    ({"0": ["2", "R", "A"], "1": ["0", "L", "H"]}, "names symbol '2', which is undefined"),
    ({"0": ["1", "up", "A"], "1": ["0", "L", "H"]}, 'must move "L", "R" or "S", got \'up\''),
    ({"0": ["1", ["R"], "A"], "1": ["0", "L", "H"]}, 'must move "L", "R" or "S", got [\'R\']'),
    ({"0": ["1", "R"], "1": ["0", "L", "H"]}, 'must be [write, "L", "R" or "S", next state]'),
    ({"0": ["1", "R", "A"], "1": ["0", "L", "A"]}, "needs a transition to a halting state (H)"),
    ({"0": ["1", "R", "H"], "1": ["0", "L", "A"], "x": []}, "names symbol 'x', which is"),
]


@pytest.mark.parametrize(
    ("content", "message"),
    [*BROKEN, *((TURING | {"transitions": {"A": row}}, message) for row, message in ROWS)],
    ids=lambda part: part if isinstance(part, str) else "",
)
def test_each_mistake_has_one_clear_message(content, message):
    with pytest.raises(DataError, match=re.escape(message)):
        parse_machine(content, "m")


def test_messages_name_the_file(tmp_path):
    path = tmp_path / "mine.json"
    path.write_text(json.dumps(COUNTER | {"input": [-1]}))
    with pytest.raises(DataError, match=r"mine\.json: A counter holds 0, 1, 2"):
        read_machine(path)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{", "is JSON, and this is not: Expecting"),
        ("[" * 100_000, "is JSON, and this is not"),
        ('{"kind": "counter", "kind": "turing"}', "'kind' is defined twice in one object"),
    ],
    ids=["cut off", "too deep", "defined twice"],
)
def test_what_is_not_json_is_named(tmp_path, text, message):
    path = tmp_path / "mine.json"
    path.write_text(text)
    with pytest.raises(DataError, match=re.escape(message)):
        read_machine(path)


def test_a_file_that_is_not_there_or_not_text_is_named(tmp_path):
    with pytest.raises(DataError, match=r"none\.json: cannot be read \(No such file"):
        read_machine(tmp_path / "none.json")
    (tmp_path / "binary.json").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(DataError, match=r"binary\.json: a machine file is JSON"):
        read_machine(tmp_path / "binary.json")
