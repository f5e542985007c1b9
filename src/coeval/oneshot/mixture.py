"""What a mixed step is given: the weights of all options under a method's relaxation, and the method's penalty."""

from collections.abc import Sequence
from dataclasses import dataclass

import torch

from coeval.oneshot import penalty, relaxation
from coeval.oneshot.method import Method, Penalty, Relaxation


@dataclass(frozen=True, slots=True, eq=False)
class Mixture:
    """A mixed step's weights, as ``Supernet.forward`` takes them.

    Attributes:
        weights: ``(options,)`` for each slot.
        active: The options that run, for each slot; ``None`` for those whose weight is not 0.
        scales: What each slot's result is multiplied with.
    """

    weights: tuple[torch.Tensor, ...]
    active: tuple[tuple[int, ...], ...] | None = None
    scales: tuple[torch.Tensor | None, ...] | None = None


def mixture(
    method: Method,
    logits: Sequence[torch.Tensor],
    *,
    share: float,
    rng: torch.Generator,
    is_learning: bool,
) -> Mixture:
    """Return the weights of all options.

    Args:
        method: Whose relaxation.
        logits: ``(options,)`` for each slot.
        share: Of the search that is over: temperatures fall.
        rng: Of the draws; the Dirichlet distribution draws from torch's global generator.
        is_learning: Whether the architecture weights learn from this step.
    """
    match method.relaxation:
        case Relaxation.SOFTMAX:
            return Mixture(tuple([relaxation.softmax(one) for one in logits]))
        case Relaxation.SIGMOID:
            return Mixture(tuple([relaxation.sigmoid(one) for one in logits]))
        case Relaxation.GUMBEL:
            first, last = method.temperature
            heat = first + (last - first) * share
            return Mixture(tuple([relaxation.gumbel(one, heat, rng) for one in logits]))
        case Relaxation.DIRICHLET:
            return Mixture(tuple([relaxation.dirichlet(one) for one in logits]))
        case Relaxation.BINARY:
            return _binary(logits, rng, is_learning=is_learning)


def strengths(method: Method, logits: Sequence[torch.Tensor]) -> tuple[torch.Tensor, ...]:
    """Return what each option counts when the architecture is read off, ``(options,)`` for each slot, without draws.

    The sigmoid of options that do not compete, the mean of the Dirichlet distribution, else the softmax.
    """
    match method.relaxation:
        case Relaxation.SIGMOID:
            return tuple([one.sigmoid() for one in logits])
        case Relaxation.DIRICHLET:
            means = [relaxation.concentration(one) for one in logits]
            return tuple([one / one.sum() for one in means])
        case _:
            return tuple([one.softmax(0) for one in logits])


def penalty_of(
    method: Method,
    logits: Sequence[torch.Tensor],
    costs: Sequence[torch.Tensor],
    share: float,
) -> torch.Tensor:
    """Return the method's penalty, weighed.

    Args:
        method: One with a penalty.
        logits: ``(options,)`` for each slot.
        costs: The same shapes, for the penalty on latency.
        share: Of the search that is over, for a weight that rises.
    """
    assert method.penalty is not None  # the caller asks only then
    kind, weight = method.penalty
    match kind:
        case Penalty.BETA:
            value = penalty.beta(logits)
        case Penalty.ZERO_ONE:
            value = penalty.zero_one(logits)
        case Penalty.SIMPLEX:
            value = penalty.simplex(logits)
        case Penalty.LATENCY:
            value = penalty.latency(logits, costs)
    return value * (weight * share if method.rising else weight)


def _binary(logits: Sequence[torch.Tensor], rng: torch.Generator, *, is_learning: bool) -> Mixture:
    weights: list[torch.Tensor] = []
    active: list[tuple[int, ...]] = []
    for one in logits:
        if is_learning and len(one) > 1:
            pair, gates = relaxation.binary_gates(one, rng)
            weights.append(gates)
            active.append(pair)
        else:
            pick = relaxation.binary_path(one, rng)
            weights.append(torch.nn.functional.one_hot(torch.tensor(pick), len(one)).float())
            active.append((pick,))
    return Mixture(tuple(weights), tuple(active))
