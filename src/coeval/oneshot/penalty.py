"""What the loss of the architecture weights gets beside the task's: one function a penalty."""

from collections.abc import Sequence

import torch

from coeval.oneshot.relaxation import concentration

Logits = Sequence[torch.Tensor]
"""``(options,)`` for each slot."""


def beta(logits: Logits) -> torch.Tensor:
    """Return the mean over slots of ``log sum exp`` (Ye et al. 2022, equation 9, arXiv:2203.01665).

    It holds the logits, and so the strengths of their softmax, together.
    """
    return torch.stack([torch.logsumexp(one, 0) for one in logits]).mean()


def zero_one(logits: Logits) -> torch.Tensor:
    """Return minus the mean squared distance of the sigmoids from one half (Chu et al. 2020, equation 8)."""
    return -torch.cat([one.sigmoid() - 0.5 for one in logits]).square().mean()


def simplex(logits: Logits) -> torch.Tensor:
    """Return the mean Kullback-Leibler divergence of the slots' Dirichlet distributions from the uniform one.

    Chen et al. 2021 (arXiv:2006.10355, section 3.3) hold the concentration near 1 so; closed form of Penny 2001.
    """
    return torch.stack([_from_uniform(concentration(one).clamp(min=1e-3)) for one in logits]).mean()


def expected_cost(logits: Logits, costs: Sequence[torch.Tensor]) -> torch.Tensor:
    """Return ``sum over slots of sum_o p_o cost_o`` (Cai et al. 2019, equation 5, arXiv:1812.00332).

    Args:
        logits: Of the slots.
        costs: ``(options,)`` for each slot: what an option adds, in milliseconds or any other unit.
    """
    pairs = zip(logits, costs, strict=True)
    return torch.stack([one.softmax(0) @ cost for one, cost in pairs]).sum()


def latency(logits: Logits, costs: Sequence[torch.Tensor]) -> torch.Tensor:
    """Return by which share the expected cost exceeds that of options chosen evenly, ``(E - reference) / reference``.

    Args:
        logits: Of the slots.
        costs: As ``expected_cost`` takes them.
    """
    reference = torch.stack([one.mean() for one in costs]).sum()
    return (expected_cost(logits, costs) - reference) / reference.clamp(min=1e-12)


def _from_uniform(given: torch.Tensor) -> torch.Tensor:
    """Return ``KL(Dirichlet(given) || Dirichlet(1, ..., 1))``."""
    total, options = given.sum(), torch.tensor(float(len(given)))
    spread = ((given - 1) * (torch.digamma(given) - torch.digamma(total))).sum()
    return torch.lgamma(total) - torch.lgamma(given).sum() - torch.lgamma(options) + spread
