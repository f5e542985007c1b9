"""What a cache hit costs from ask to told: real space, SQLite journal, 10,000 trials.

    python -m benchmarks.cache [--trials 10000]

Half of the trials ask again for a candidate that was measured (a failure is tried again): the same object, one read anew from JSON, and
one in another form that computes the same (the normal form has to be found). Evaluations are pretended; what remains is numbering, journal, key, cache and telling.
"""

import argparse
import sys
import tempfile
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.runs import publish, table
from benchmarks.world import Pretending, world
from coeval.architecture.step import sequence, step
from coeval.component.channel import IDENTITY
from coeval.run.budget import Budget
from coeval.run.search import search
from coeval.space.protocol import Candidate
from coeval.store.journal import SqliteStore
from coeval.strategy.random import RandomSearch
from coeval.trial import Proposal, State, Trial

EVALUATED = "new, evaluated for nothing"
FORMS = ("the same", "read anew", "in another form")


class Again:
    """Random search whose every second trial asks for an earlier candidate again, in each of the forms by turns."""

    def __init__(self, space: Any) -> None:
        self._space = space
        self._inner = RandomSearch(space, 0)
        self._numbers: set[int] = set()
        self._done: list[Candidate] = []

    def ask(self, count: int) -> list[Proposal]:
        """Return one proposal."""
        number = len(self._numbers)
        if not number % 2 or not self._done:
            return self._inner.ask(1)
        form = FORMS[number // 2 % 3]
        known = self._done[number * 7919 % len(self._done)]
        if form == "read anew":
            known = self._space.from_json(self._space.to_json(known))
        if form == "in another form":
            known = disguised(known, number)
        return [Proposal(known, origin=form)]

    def tell(self, trial: Trial) -> None:
        """Record a trial."""
        self._numbers.add(trial.number)
        measured = trial.measurement
        if trial.state is State.DONE and measured is not None and measured.cached_from is None:
            self._done.append(trial.proposal.candidate)
        self._inner.tell(trial)


def disguised(candidate: Candidate, number: int) -> Candidate:
    """Return a candidate that computes the same, in a form that was not seen before: with idle steps before the head."""
    parts = dict(candidate.parts)
    architecture = parts["architecture"]
    *steps, head = architecture.body.steps
    value = head.inputs[0]
    first = architecture.body.inputs + len(steps)
    chain = [step(IDENTITY, value), *(step(IDENTITY, first + place) for place in range(number % 3))]
    body = sequence(
        architecture.body.inputs, [*steps, *chain, replace(head, inputs=(first + len(chain) - 1,))]
    )
    parts["architecture"] = replace(architecture, body=body)
    return Candidate(tuple(parts.items()))


def measure(folder: Path, trials: int) -> dict[str, list[float]]:
    """Return milliseconds from ask to told of each trial, by how it was answered."""
    task, space, _ = world()
    any_space: Any = space
    store = SqliteStore(folder / "run.sqlite", any_space.to_json, any_space.from_json)
    found: dict[str, list[float]] = {form: [] for form in FORMS}
    found[EVALUATED] = []
    last = time.perf_counter()

    def note(record: object) -> None:
        nonlocal last
        if isinstance(record, Trial) and record.measurement is not None:
            now = time.perf_counter()
            is_hit = record.measurement.cached_from is not None
            if not is_hit and record.proposal.origin in FORMS:
                sys.exit(f"trial {record.number} computes what another did and was evaluated again")
            found[record.proposal.origin if is_hit else EVALUATED].append((now - last) * 1e3)
            last = now

    budget = Budget(trials=trials)
    search(task, any_space, Again(any_space), Pretending(), budget, store=store, on_event=note)
    store.close()
    return found


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--trials", type=int, default=10_000)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        found = measure(Path(folder), given.trials)
    rows = []
    for name, each in found.items():
        tail = each[-max(len(each) // 10, 1) :]
        numbers = (np.median(each), np.mean(each), np.quantile(each, 0.99), np.median(tail))
        rows.append([name, f"{len(each):,}", *(f"{x:.2f}" for x in numbers)])
    header = [
        "the candidate is",
        "trials",
        "median ms",
        "mean",
        "99th percentile",
        "median of the last tenth",
    ]
    publish("A cache hit, from ask to told", "python -m benchmarks.cache", table(header, rows))
    if max(float(np.median(found[form])) for form in FORMS) > 1:
        sys.exit("a hit costs more than 1 ms")


if __name__ == "__main__":
    main()
