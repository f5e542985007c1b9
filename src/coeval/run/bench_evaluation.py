"""What makes evaluations cheaper, measured on real training: plain, each lever alone, all, all but one.

Every setup is a whole ``coeval fit`` under the same budget and seed, on the same splits, in a folder of its own. How
much cheaper is read off the journals: the seconds until a setup's incumbent was as good on validation as the
plain one's at its end.
"""

import dataclasses
import json
import math
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from coeval.run.fit import fit
from coeval.run.levers import OFF, Levers
from coeval.run.options import Options
from coeval.run.site import Site
from coeval.run.strategies import PULLED
from coeval.store.journal import open_reader
from coeval.store.protocol import Event, Note
from coeval.store.queries import active_clock
from coeval.trial import Objective, State, Trial

PLAIN, ALL = "plain", "all"


@dataclass(frozen=True, slots=True)
class Setup:
    """A name and the levers that are pulled under it."""

    name: str
    levers: Levers


@dataclass(frozen=True, slots=True)
class Measured:
    """What one run found.

    Attributes:
        setup: The name of its setup.
        seed: Of splits and search.
        objective: What was optimised.
        test: Score of the exported model on the locked test split.
        climb: The incumbent's validation score after so many seconds of the run, each time it improved.
        ranked: Candidates whose place is known: trained whole, or left behind on a rung.
        whole: Candidates that were trained whole.
        seconds: Of the search, from the first trial to the last event.
        why: Why the search ended.
    """

    setup: str
    seed: int
    objective: Objective
    test: float
    climb: tuple[tuple[float, float], ...]
    ranked: int
    whole: int
    seconds: float
    why: str

    @property
    def validation(self) -> float:
        """Return the incumbent's validation score at the end; NaN without one."""
        return self.climb[-1][1] if self.climb else math.nan

    @property
    def ranked_per_minute(self) -> float:
        """Return how many candidates found their place in a minute of search."""
        return 60 * self.ranked / self.seconds if self.seconds else 0.0

    def seconds_until(self, score: float) -> float:
        """Return the seconds until the incumbent was at least as good; infinity if it never was."""
        up = self.objective.maximise
        return next(
            (at for at, one in self.climb if (one >= score if up else one <= score)), math.inf
        )


def setups() -> tuple[Setup, ...]:
    """Return plain training, each lever alone, all of the default's, and all but one."""
    pulled = [
        one.name
        for one in dataclasses.fields(Levers)
        if getattr(PULLED, one.name) != getattr(OFF, one.name)
    ]
    alone = [Setup(name, _with(OFF, name, PULLED)) for name in pulled]
    without = [Setup(f"{ALL} but {name}", _with(PULLED, name, OFF)) for name in pulled]
    return (Setup(PLAIN, OFF), *alone, Setup(ALL, PULLED), *without)


def measure(
    options: Options, chosen: Sequence[Setup], seeds: Sequence[int], folder: Path
) -> Iterator[Measured]:
    """Yield each run as it ends, seed by seed, so that whoever stops early has compared like with like.

    Args:
        options: Of every run; seed and folder are replaced.
        chosen: The setups.
        seeds: Of the runs.
        folder: Each run gets a folder ``SETUP-SEED`` in it.

    Raises:
        CoevalError: As ``run.fit.fit`` raises it.
        KeyboardInterrupt: A run was interrupted; its result would be none of this comparison.
    """
    for seed in seeds:
        for setup in chosen:
            out = folder / f"{setup.name.replace(' ', '-')}-{seed}"
            asked = replace(options, seed=seed, out=out, overwrite=True)
            outcome = fit(asked, Silent(), setup.levers, began=time.monotonic())
            if outcome.run.why == "interrupted":
                raise KeyboardInterrupt
            store = open_reader(outcome.folder.journal)
            try:
                events = list(store.events())
            finally:
                store.close()
            yield _measured(setup.name, seed, events, outcome.run.objective, outcome.final)


class Silent:
    """A ``Watcher`` that shows nothing."""

    def begin(self, site: Site, spent: float, earlier: Sequence[Trial | Note]) -> None:
        """Show nothing."""

    def record(self, record: Trial | Note) -> None:
        """Show nothing."""


def _with(base: Levers, name: str, source: Levers) -> Levers:
    return replace(base, **{name: getattr(source, name)})


def _measured(
    setup: str, seed: int, events: Sequence[Event], objective: Objective, final: dict[str, Any]
) -> Measured:
    clock = active_clock(events)
    ranked: set[str] = set()
    whole: set[str] = set()
    climb: list[tuple[float, float]] = []
    times: list[float] = []
    why = ""
    for event in events:
        body = event.body
        if isinstance(body, Note):
            why = str(body.data["why"]) if body.kind == "stopped" else why
            continue
        times.append(clock[event.position])
        if body.state is not State.DONE or body.measurement is None:
            continue
        name = json.dumps(
            body.proposal.candidate
        )  # as the journal has it; what was promoted counts once
        is_copy = body.measurement.cached_from is not None
        if objective.cost(body) < math.inf and not is_copy:
            ranked.add(name)
        if body.is_comparable and not is_copy:
            whole.add(name)
            value = body.measurement.values[objective.name]
            best = climb[-1][1] if climb else None
            if best is None or (value > best if objective.maximise else value < best):
                climb.append((clock[event.position], value))
    return Measured(
        setup=setup,
        seed=seed,
        objective=objective,
        test=final["test"]["value"],
        climb=tuple(climb),
        ranked=len(ranked),
        whole=len(whole),
        seconds=max(times) - min(times) if times else 0.0,
        why=why,
    )
