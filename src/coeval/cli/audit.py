"""``coeval audit``: what component sets can and cannot compute, and a user's own machine run on one."""

import json
import sys
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from coeval.cli.words import say, show
from coeval.errors import SpaceError
from coeval.run.approximate_components import parse_names
from coeval.run.component_sets import component_sets
from coeval.universality.audit import Audit, audit
from coeval.universality.closure import derive
from coeval.universality.describe import describe, verdict_line
from coeval.universality.gates import gate_of
from coeval.universality.machine.read import read_machine
from coeval.universality.resolve import facts_of, known_names, resolve
from coeval.universality.theorems import TURING
from coeval.universality.witness.result import MachineRun, WitnessRun
from coeval.universality.witness.user import kinds_for, run_machine

MACHINE_SET = "linear,relu,residual,conv,iterate_until"
"""What a machine is compiled to where no components are named: every kind of witness but the LSTM's."""


def audit_command(
    components: str | None, machine: Path | None, steps: int | None, *, names: bool, as_json: bool
) -> None:
    """Audit named components, or all spaces; or run a machine."""
    if names:
        _say_names(as_json=as_json)
    elif machine is not None:
        _run(machine, components or MACHINE_SET, steps, as_json=as_json)
    elif steps is not None:
        raise SpaceError("--steps is the step budget of a machine. Name its file with --run.")
    elif components is not None:
        found = audit(parse_names(components))
        say(json.dumps(found.to_json(), indent=2) if as_json else describe(found))
    else:
        _say_spaces(as_json=as_json)


def _say_names(*, as_json: bool) -> None:
    facts = [facts_of(one) for one in known_names()]
    if as_json:
        say(json.dumps({one.name: one.summary for one in facts}, indent=2))
        return
    grid = Table.grid(padding=(0, 2))
    for one in facts:
        grid.add_row(Text(one.name, "bold"), one.summary)
    show(_console(), grid)


def _say_spaces(*, as_json: bool) -> None:
    """Audit every component set of coeval's own spaces."""
    audits = {name: audit(components) for name, components in component_sets().items()}
    if as_json:
        say(json.dumps({name: one.to_json() for name, one in audits.items()}, indent=2))
        return
    console = _console()
    for name, one in audits.items():
        turing, joint, approximation = verdict_line(one).partition(" · ")
        colour = "green" if one.turing.verdict.certifies else "yellow"
        console.print(Text(name, "bold"))
        console.print(Text.assemble("  ", (turing, colour), joint, approximation), soft_wrap=True)
        for goal, smallest in _completions(one):
            console.print(
                Text.assemble("  ", ("needs ", "dim"), smallest, (f" for {goal}", "dim")),
                soft_wrap=True,
            )
    closing = "\nThe rules, their sources and executed witnesses of one set: coeval audit --components a,b,c"
    console.print(Text(closing, "dim"), soft_wrap=True)


def _completions(found: Audit) -> list[tuple[str, str]]:
    """Return each goal that is not reached, with a smallest set of components that would reach it."""
    smallest: dict[str, str] = {}
    for one in found.additions:
        smallest.setdefault(str(one.goal), " + ".join(one.components))
    return list(smallest.items())


def _run(path: Path, components: str, steps: int | None, *, as_json: bool) -> None:
    """Run a user's machine on networks of the components, one for each kind of witness that they build.

    Raises:
        SpaceError: The components build no network that runs such a machine.
    """
    machine = read_machine(path)
    facts = resolve(parse_names(components))
    sources = derive(facts)
    built = {one.witness for one in TURING if one.needs <= sources.keys()}
    kinds = [one for one in kinds_for(machine) if one in built]
    if not kinds:
        missing = ", ".join(audit(parse_names(components), execute=False).missing)
        raise SpaceError(
            f"Networks of {components} do not run machines like {machine.name!r}: they lack "
            f"{missing or 'a construction'}. What would complete them: coeval audit --components {components}"
        )
    gate = gate_of(facts, sources)
    runs = [run_machine(machine, kind, gate, steps) for kind in kinds]
    if as_json:
        say(json.dumps([one.to_json() for one in runs], indent=2))
    else:
        _say_runs(runs)
    if not all(one.matched for one in runs):
        sys.exit(1)


def _say_runs(runs: list[WitnessRun]) -> None:
    console = _console()
    for done in runs:
        line = done.machines[0]
        state = "agrees with the interpreter" if done.matched else "PARTS from the interpreter"
        console.print(
            Text.assemble(
                (f"{done.kind} network", "bold"),
                f" of {done.units[0][1]:,} units, {done.arithmetic}: ",
                (state, "green" if done.matched else "bold red"),
            )
        )
        grid = Table.grid(padding=(0, 2))
        for name, value in _rows(done, line):
            grid.add_row(Text(f"  {name}", "dim"), Text(value))
        show(console, grid)


def _rows(done: WitnessRun, line: MachineRun) -> list[tuple[str, str]]:
    rows: list[tuple[str, Any]] = [
        ("machine", line.name),
        ("steps", f"{line.steps:,} compared, {'halted' if line.halted else 'not halted'}"),
        ("result", line.result),
        ("expected", "" if line.matched else line.expected),
        ("note", line.note),
        ("capacity", done.capacity),
        ("built from", done.built_from),
    ]
    return [(name, value) for name, value in rows if value]


def _console() -> Console:
    return Console(highlight=False)
