"""What a user demands of the model beyond its score: hard limits, and further objectives.

A limit is checked before training, symbolically or by the latency predictor; what breaks one is answered with its violations
and never trained. Latency is verified on the finished model.
"""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial

from coeval.architecture.inference import infer
from coeval.architecture.step import Architecture
from coeval.errors import BudgetError, ExportError, SpaceError, did_you_mean
from coeval.run.options import Asked
from coeval.run.quantities import parse_bytes, parse_count, parse_milliseconds, said
from coeval.space.footprint import inference_bytes
from coeval.space.protocol import Candidate, CandidateSpace
from coeval.space.within import Within, least
from coeval.trial import Limit, Objective

SCORE = "score"
WEIGHS_LATENCY = "proxylessnas"
COSTS: Mapping[str, str] = {
    "latency": "latency_ms",
    "parameters": "parameters",
    "macs": "macs",
    "memory": "inference_bytes",
}
"""What a user may bound or minimise, and the name it has among a measurement's costs."""
LATENCY = COSTS["latency"]
NEAR = 0.5
"""Share of a limit on latency from which on a prediction is not relied on where a training takes long: of networks that answer
within a tenth of a millisecond, on a busy machine, one predicted at 0.055 ms took 0.099."""
Latency = Callable[[Candidate], float]


@dataclass(frozen=True, slots=True)
class Constraints:
    """Limits, and what is minimised beside the score.

    Attributes:
        limits: On costs by their names in measurements.
        minimised: Costs beside the score; empty for the score alone.
        weighs_latency: Whether the strategy asks for latency: ProxylessNAS has it in its loss.
    """

    limits: tuple[Limit, ...] = ()
    minimised: tuple[str, ...] = ()
    weighs_latency: bool = False

    @property
    def needs_latency(self) -> bool:
        """Return whether candidates' latency has to be known."""
        return self.weighs_latency or LATENCY in self.minimised or self.bounds_latency

    @property
    def bounds_latency(self) -> bool:
        """Return whether there is a limit on latency."""
        return any(one.name == LATENCY for one in self.limits)

    def objectives(self, score: Objective) -> tuple[Objective, ...]:
        """Return what the search optimises, the score first."""
        return (score, *(Objective(name) for name in self.minimised))

    def excess(self, costs: Mapping[str, float]) -> dict[str, float]:
        """Return by how much costs exceed each limit, as a share of it; empty where they exceed none."""
        known = [one for one in self.limits if one.name in costs]
        shares = {one.name: one.violation(costs[one.name]) for one in known}
        return {name: share for name, share in shares.items() if share > 0}


def constraints_of(options: Asked) -> Constraints:
    """Return what a user demands.

    Raises:
        BudgetError: A limit is no number above 0, or lacks its unit.
        SpaceError: An objective is unknown, named twice, or the score is not among them.
    """
    limits: list[Limit] = []
    if options.max_latency is not None:
        limits.append(Limit(LATENCY, parse_milliseconds(options.max_latency, "--max-latency")))
    for name in ("parameters", "macs"):
        text = getattr(options, f"max_{name}")
        if text is not None:
            limits.append(Limit(name, parse_count(text, f"--max-{name}")))
    if options.max_memory is not None:
        limits.append(Limit(COSTS["memory"], parse_bytes(options.max_memory, "--max-memory")))
    weighs = options.strategy == WEIGHS_LATENCY
    return Constraints(tuple(limits), _minimised(options.objective), weighs)


def symbolic_costs(architecture: Architecture) -> dict[str, float]:
    """Return parameters, multiply-accumulates and bytes at work, by the names of a measurement's costs."""
    cost = infer(architecture).cost
    return {
        "parameters": float(cost.parameters),
        "macs": float(cost.macs),
        COSTS["memory"]: float(inference_bytes(architecture)),
    }


def _minimised(text: str) -> tuple[str, ...]:
    names = [one.strip().lower() for one in text.split(",")]
    for name in names:
        if name not in (SCORE, *COSTS):
            raise SpaceError(
                f"--objective must name {SCORE}, {', '.join(COSTS)}, joined by commas, got {name!r}."
                f"{did_you_mean(name, (SCORE, *COSTS))}"
            )
    if len(set(names)) < len(names):
        raise SpaceError(f"--objective must name each objective once, got {text!r}.")
    if SCORE not in names:
        raise SpaceError(
            f"--objective must name {SCORE} too, got {text!r}: without it the smallest network wins. "
            f"Write --objective {SCORE},{text}."
        )
    return tuple(COSTS[one] for one in names if one != SCORE)


class Costs:
    """Says what candidates cost, and by how much they break limits.

    Args:
        space: Turns a candidate into its architecture.
        constraints: The limits.
        latency: Predicts a candidate's milliseconds; ``None`` where nobody asks for them.
        measured: Measures them, in half a second; ``None`` where trainings are too short for that.
    """

    def __init__(
        self,
        space: CandidateSpace,
        constraints: Constraints,
        latency: Latency | None = None,
        measured: Latency | None = None,
    ) -> None:
        self._space, self._latency, self._measured = space, latency, measured
        self.constraints = constraints
        self._known: dict[Candidate, dict[str, float]] = {}
        self._silent: set[Candidate] = set()
        self._confirmed: set[Candidate] = set()

    def of(self, candidate: Candidate) -> Mapping[str, float]:
        """Return the candidate's parameters, multiply-accumulates, bytes and, if asked for, milliseconds.

        What cannot be exported has no milliseconds, so it is no contender where they count.
        """
        found = self._symbolic(candidate)
        if self._latency is not None and LATENCY not in found and candidate not in self._silent:
            try:
                found[LATENCY] = self._latency(candidate)
            except ExportError:
                self._silent.add(candidate)
        return found

    def violations(self, candidate: Candidate) -> dict[str, float]:
        """Return by how much each limit is exceeded, as a share of it; empty where none is.

        What is not measured is looked at first: where it is too much already, no latency is measured.
        """
        found = self._symbolic(candidate)
        excess = self.constraints.excess(found)
        if not excess and self._latency is not None:
            excess = self.constraints.excess(self.of(candidate))
            if candidate in self._silent and self.constraints.bounds_latency:
                excess = {LATENCY: 1.0}
        return excess

    def confirmed(self, candidate: Candidate) -> dict[str, float]:
        """Return by how much each limit is exceeded by a candidate about to be trained: latency near its limit is measured."""
        excess = self.violations(candidate)
        if excess or self._measured is None or candidate in self._confirmed:
            return excess
        limits = [one.most for one in self.constraints.limits if one.name == LATENCY]
        found = self._symbolic(candidate)
        if limits and found[LATENCY] >= NEAR * min(limits):
            try:
                found[LATENCY] = self._measured(candidate)
            except ExportError:
                self._silent.add(candidate)
                return self.violations(candidate)
            self._confirmed.add(candidate)
        return self.constraints.excess(found)

    def allows(self, candidate: Candidate) -> bool:
        """Return whether the candidate keeps every limit."""
        return not self.violations(candidate)

    def _symbolic(self, candidate: Candidate) -> dict[str, float]:
        if candidate not in self._known:
            self._known[candidate] = symbolic_costs(self._space.architecture(candidate))
        return self._known[candidate]


def limited(space: CandidateSpace, costs: Costs) -> CandidateSpace:
    """Return the members of a space that keep the limits; the space itself where there is none.

    Raises:
        BudgetError: No member does; the message says how little is reachable.
    """
    if not costs.constraints.limits:
        return space
    for seed in space.seeds().values():  # mostly one keeps them, and no more has to be measured
        if costs.allows(seed):
            return Within(space, costs.allows, seed)
    member, excess = least(space, lambda one: sum(costs.violations(one).values()))
    if excess > 0:
        raise BudgetError(_unreachable(space, costs))
    return Within(space, costs.allows, member)


def _amount(costs: Costs, name: str, candidate: Candidate) -> float:
    return costs.of(candidate).get(name, math.inf)


def _unreachable(space: CandidateSpace, costs: Costs) -> str:
    """Return which limit no member keeps, or that they exclude each other."""
    options = {name: f"--max-{option}" for option, name in COSTS.items()}
    for limit in costs.constraints.limits:
        _, value = least(space, partial(_amount, costs, limit.name), limit.most)
        if value == math.inf:
            return f"{options[limit.name]}: ONNX Runtime can time no network of this space. Leave the limit out."
        if value > limit.most:
            return (
                f"{options[limit.name]} must be at least {said(limit.name, value)}, which the smallest network found in "
                f"this space takes, got {said(limit.name, limit.most)}. Raise it."
            )
    together = ", ".join(
        f"{options[one.name]} {said(one.name, one.most)}" for one in costs.constraints.limits
    )
    return f"No network was found that keeps all limits together: {together}. Raise one of them."
