"""What the ticks of a search came to, read from the journal: for notes and reports."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from coeval.oneshot.collapse import COLLAPSED
from coeval.oneshot.method import method_named
from coeval.oneshot.stopping import stopped_at
from coeval.oneshot.tick import Kind, tick_of
from coeval.trial import State, Trial


@dataclass(frozen=True, slots=True)
class History:
    """One search by its ticks.

    Attributes:
        method: Name in ``METHODS``.
        source: Where it was published.
        done: Steps of the shared weights that were made.
        total: Steps that were planned.
        epochs: Passes over the rows of the shared weights.
        performed: Steps of the architecture in ``total`` steps.
        published: Steps of the architecture in the paper.
        lr: Step size of the architecture weights; 0 where none are learnt.
        seconds: That all ticks took.
        steps: Of the shared weights, after each slice.
        losses: Mean training loss of each slice; NaN where it was not kept.
        skips: After each slice, the share of slots whose option is a skip.
        eigenvalues: After each slice, the loss's dominant curvature in the architecture weights, where measured.
        back: The slice to which a search that stopped went back, counted from 0; ``None`` for one that did not stop.
        scored: Paths that were scored on shared weights, where the choice was made so.
        final_skips: Of what was chosen.
        alone: Architectures found that were trained whole, from scratch.
        is_open: The search ended amid the slices, as by Ctrl-C: a resume goes on with them.
    """

    method: str
    source: str
    done: int
    total: int
    epochs: float
    performed: int
    published: int
    lr: float
    seconds: float
    steps: tuple[int, ...]
    losses: tuple[float, ...]
    skips: tuple[float, ...]
    eigenvalues: tuple[float, ...]
    back: int | None
    scored: int
    final_skips: float
    alone: int
    is_open: bool

    @property
    def is_collapsed(self) -> bool:
        """Return whether what was chosen is mostly skips."""
        return self.final_skips > COLLAPSED

    @property
    def sentences(self) -> tuple[str, ...]:
        """Return what a person should know."""
        said = [
            f"{self.method} ({self.source}) trained one supernet for {self.done:,} of {self.total:,} steps, "
            f"{self.epochs:.1f} passes over its rows, in {self.seconds:.0f} s.",
            *self.on_time,
        ]
        if self.lr:
            said.append(
                f"The architecture makes {self.performed:,} steps where {self.published:,} were published; its "
                f"learning rate is {self.lr:.3g}, so that steps times rate stay as published as far as the bound allows."
            )
        else:
            said.append(f"Published were {self.published:,} steps of the shared weights.")
        if self.scored:
            said.append(f"{self.scored:,} paths were scored on shared weights to choose from.")
        said.append(self.on_skips)
        if self.eigenvalues:
            first, last = self.eigenvalues[0], self.eigenvalues[-1]
            said.append(
                f"The loss's dominant curvature in the architecture weights went from {first:.3g} to {last:.3g}."
            )
        if self.back is not None:
            said.append(
                f"The curvature rose, so the search stopped after slice {len(self.skips)} and went back to slice "
                f"{self.back + 1}."
            )
        return tuple(said)

    @property
    def on_time(self) -> tuple[str, ...]:
        """Return what there was no time for; nothing where all was done."""
        said = []
        share = self.done / self.total
        if self.is_open:
            return (
                f"The search ended when {self.method}'s supernet had {share:.0%} of its steps, so nothing was read off "
                "it. A resume goes on with it.",
            )
        if self.done < self.total and self.back is None:
            said.append(
                f"The budget ended the training of {self.method}'s supernet after {share:.0%} of its steps; the rest needs "
                "a new run with a larger one."
            )
        if not self.alone:
            said.append(
                f"Nothing that {self.method} found was trained alone: the budget was too short for it. Raise it."
            )
        return tuple(said)

    @property
    def on_skips(self) -> str:
        """Return whether skips took over."""
        course = ""
        learns = method_named(self.method).learns_weights
        if learns and len(self.skips) > 1:
            middle = self.skips[len(self.skips) // 2]
            course = f" (over the slices {self.skips[0]:.0%}, {middle:.0%}, {self.skips[-1]:.0%})"
        share = f"{self.final_skips:.0%} of the slots hold a skip connection{course}"
        if self.is_collapsed:
            return f"Collapsed: {share}. Do not trust this architecture; take another method, or evolution."
        return f"No collapse: {share}."


def nothing(method: str, trials: Sequence[Trial]) -> str:
    """Return what is said of a method whose supernet was never trained.

    Args:
        method: Name in ``METHODS``.
        trials: Of the run.
    """
    ticks = [one for one in trials if (tick := tick_of(one.proposal)) and tick.method == method]
    begun = f"{method} did not train its supernet for a single slice"
    if any(one.state is State.FAILED for one in ticks):
        return (
            f"{begun}: the budget was too short for it, or its ticks failed. The model is another search's. Begin a new run "
            "with a larger budget: a resume does not try again what failed."
        )
    return f"{begun}: the search ended before. The model is another search's. Raise the budget, or resume."


def history(method: str, trials: Sequence[Trial]) -> History | None:
    """Return what the finished ticks of a method came to; ``None`` if no slice was trained.

    Args:
        method: Name in ``METHODS``.
        trials: Of a run, by number.
    """
    slices: list[dict[str, Any]] = []
    is_cut = False
    alone = sum(one.proposal.origin == method and one.is_comparable for one in trials)
    chosen: dict[str, Any] | None = None
    seconds = 0.0
    for trial in trials:
        tick = tick_of(trial.proposal)
        if tick is None or tick.method != method or trial.measurement is None:
            continue
        seconds += trial.measurement.cost.get("seconds", 0.0)
        data = dict(trial.measurement.data)
        if trial.state is not State.DONE or "steps" not in data or tick.kind is Kind.MEASURE:
            continue
        if tick.kind is Kind.TRAIN:
            slices.append(data)
            is_cut = int(data["steps"]["done"]) < tick.last
        else:
            chosen = data
    if not slices:
        return None
    named, last = method_named(method), slices[-1]
    eigenvalues = tuple(float(one["eigenvalue"]) for one in slices if "eigenvalue" in one)
    back = stopped_at(eigenvalues) if named.stops_on_curvature else None
    final = chosen or (last if back is None else slices[back])
    steps = last["steps"]
    is_whole = int(steps["done"]) >= int(steps["total"]) or back is not None
    return History(
        method=method,
        source=named.published.source,
        done=int(steps["done"]),
        total=int(steps["total"]),
        epochs=int(steps["done"]) / max(int(last["epoch_steps"]), 1),
        performed=int(steps["architecture"]),
        published=int(steps["published"]),
        lr=float(last["lr"]),
        seconds=seconds,
        steps=tuple(int(one["steps"]["done"]) for one in slices),
        losses=tuple(float(one.get("train_loss", math.nan)) for one in slices),
        skips=tuple(float(one["skips"]) for one in slices),
        eigenvalues=eigenvalues,
        back=back,
        scored=int(chosen["scored"]) if chosen is not None else 0,
        final_skips=float(final["skips"]),
        alone=alone,
        is_open=not (is_whole or is_cut or alone or chosen is not None),
    )
