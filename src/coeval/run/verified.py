"""Limits held where it counts: on the networks that may become the model, with the types and times they really have."""

import math
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from coeval.architecture.inference import infer
from coeval.architecture.retype import retyped
from coeval.errors import ExportError
from coeval.export.ensemble import Trained, members_of
from coeval.export.finalists import choose_finalists, finalists_for
from coeval.export.retrain import Finalist, Rows, row_indices
from coeval.run.constraints import LATENCY, symbolic_costs
from coeval.run.demands import Demands
from coeval.run.run import Run
from coeval.space.footprint import file_bytes
from coeval.space.protocol import CandidateSpace
from coeval.store.protocol import Note
from coeval.task.prepare import inputs_for
from coeval.task.task import Task
from coeval.trial import Objective

LOOKED_AT = 12
"""Of the best trials, how many are measured until enough keep the limits; about half a second each."""

TOGETHER_BYTES = 10**7
"""Of an ensemble's file at most, where a user set no limits."""
TOGETHER_MACS = 3 * 10**6
"""Of its multiply-accumulates for a row: of one network ONNX Runtime does as many in a good half of a millisecond."""


@dataclass(frozen=True, slots=True)
class Checked:
    """What a finalist's model costs.

    Attributes:
        costs: By name; latency is measured.
        excess: By how much each limit is exceeded, as a share of it; empty where none is.
    """

    costs: dict[str, float]
    excess: dict[str, float]


class Place(Protocol):
    """Where finalists are looked at: a sitting, or a fit in memory."""

    @property
    def task(self) -> Task:
        """Return what is solved."""

    @property
    def space(self) -> CandidateSpace:
        """Return all candidates."""

    @property
    def objective(self) -> Objective:
        """Return what is best."""

    @property
    def demands(self) -> Demands:
        """Return the limits."""

    def record(self, *notes: Note) -> None:
        """Write notes."""


def finalists_within(
    site: Place, run: Run, end: float = math.inf, count: int | None = None
) -> tuple[Finalist, ...]:
    """Return the best trials whose models keep the limits, measured; those passed over are recorded.

    Where none does, the one that exceeds them least: a model over the limit, which the report says, is worth more than none.

    Args:
        site: Where they are looked at.
        run: The finished search.
        end: ``time.monotonic()`` seconds after which no more are looked at once one keeps the limits.
        count: How many at most; by default as many as suit the task.
    """
    count = finalists_for(site.task) if count is None else count
    if not site.demands.constraints.limits:
        return choose_finalists(run.trials, site.space, site.objective, count)
    kept: list[Finalist] = []
    over: list[tuple[float, Finalist]] = []
    for one in choose_finalists(run.trials, site.space, site.objective, LOOKED_AT):
        try:
            found = check(site, one)
        except ExportError as error:  # what cannot be written cannot be the model
            site.record(Note("over_limit", {"trial": one.trial, "failure": str(error)}))
            continue
        if found.excess:
            over.append((sum(found.excess.values()), one))
            facts = {"trial": one.trial, "costs": found.costs, "excess": found.excess}
            site.record(Note("over_limit", facts))
        else:
            kept.append(one)
        if len(kept) == count or (kept and time.monotonic() >= end):
            break
    if not kept and over:
        kept = [min(over, key=lambda pair: pair[0])[1]]
    return tuple(kept)


def check(site: Place, finalist: Finalist) -> Checked:
    """Return what a finalist's model costs on the columns of all rows that it will be trained on, latency measured.

    Raises:
        ExportError: The network cannot be written as ONNX.
    """
    rows = row_indices(site.task, Rows.ALL)
    inputs = inputs_for(dict(finalist.preparation), site.task, rows)
    architecture = retyped(finalist.architecture, *inputs)
    costs = symbolic_costs(architecture)
    if site.demands.latency is not None:
        costs[LATENCY] = site.demands.latency.measured(architecture, finalist.preparation)
    return Checked(costs, site.demands.constraints.excess(costs))


def together_within(site: Place, members: Sequence[Finalist]) -> bool:
    """Return whether an ensemble keeps the limits: its costs are those of its members added up.

    Where a cost is minimised, one model is what is asked for. Where nothing is bounded, its file and a row's answer still stay
    within what an application takes without being asked.

    Args:
        site: Where they are looked at.
        members: The finalist of each; one twice where two trainings of it are members.
    """
    constraints = site.demands.constraints
    if constraints.minimised:
        return False
    if not constraints.limits:
        networks = [one.architecture for one in members]
        macs = sum(infer(one).cost.macs for one in networks)
        return macs <= TOGETHER_MACS and sum(map(file_bytes, networks)) <= TOGETHER_BYTES
    found = {one.trial: check(site, one).costs for one in members}
    names = found[members[0].trial]
    return not constraints.excess(
        {name: sum(found[one.trial][name] for one in members) for name in names}
    )


def constraint_facts(
    site: Place, run: Run, trials: Sequence[int], model: Trained, milliseconds: float
) -> dict[str, Any] | None:
    """Return what the final note says of limits and prediction; ``None`` where nothing was demanded.

    Args:
        site: Where they are looked at.
        run: The finished search.
        trials: Number of the winner's; of an ensemble, each member's.
        model: The finished one.
        milliseconds: Of one call of its ``model.onnx``, as measured.
    """
    demands = site.demands
    if demands.is_plain:
        return None
    members = members_of(model)
    each = [symbolic_costs(one.architecture) for one in members]
    costs = {name: sum(one[name] for one in each) for name in each[0]}
    costs[LATENCY] = milliseconds
    if LATENCY in demands.constraints.excess(costs) and demands.latency is not None:
        # One busy moment does not break a limit: measured again, the median of several counts.
        costs[LATENCY] = sum(
            demands.latency.measured(one.architecture, one.preparation.settings) for one in members
        )
    facts: dict[str, Any] = {
        "limits": {one.name: one.most for one in demands.constraints.limits},
        "minimised": list(demands.constraints.minimised),
        "measured": costs,
        "excess": demands.constraints.excess(costs),
    }
    if demands.latency is not None:
        known = {one.number: one.proposal.candidate for one in run.trials}
        facts["predicted_ms"] = sum(demands.latency(known[one]) for one in trials)
    return facts
