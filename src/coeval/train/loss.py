"""The loss of each problem, as one number a batch."""

from collections.abc import Callable

import torch
import torch.nn.functional as F  # noqa: N812 - PyTorch's own abbreviation

from coeval.task.task import Problem

Loss = Callable[[torch.Tensor, torch.Tensor, torch.Tensor | None], torch.Tensor]


def loss_for(problem: Problem, label_smoothing: float = 0.0) -> Loss:
    """Return the loss: from outputs ``(batch, outputs)``, target ``(batch,)`` and weights ``(batch,)`` or ``None`` to a scalar.

    Of outputs ``(batch, members, outputs)`` it is the mean of the members' losses.

    Binary: cross entropy of one logit. Several classes: cross entropy of the logits. Regression:
    squared error of the standardised value. Label smoothing (Szegedy et al. 2016, arXiv:1512.00567)
    moves that share of the target to the uniform distribution; regression has none.
    """

    def mean(losses: torch.Tensor, weights: torch.Tensor | None) -> torch.Tensor:
        return losses.mean() if weights is None else (losses * weights).mean()

    def multiclass(
        outputs: torch.Tensor, target: torch.Tensor, weights: torch.Tensor | None
    ) -> torch.Tensor:
        if weights is None:
            return F.cross_entropy(outputs, target, label_smoothing=label_smoothing)
        return mean(
            F.cross_entropy(outputs, target, label_smoothing=label_smoothing, reduction="none"),
            weights,
        )

    def binary(
        outputs: torch.Tensor, target: torch.Tensor, weights: torch.Tensor | None
    ) -> torch.Tensor:
        if label_smoothing:
            target = target * (1 - label_smoothing) + 0.5 * label_smoothing
        return F.binary_cross_entropy_with_logits(outputs[:, 0], target, weight=weights)

    def regression(
        outputs: torch.Tensor, target: torch.Tensor, weights: torch.Tensor | None
    ) -> torch.Tensor:
        return mean((outputs[:, 0] - target).square(), weights)

    one = {
        Problem.BINARY: binary,
        Problem.MULTICLASS: multiclass,
        Problem.REGRESSION: regression,
    }[problem]

    def every(
        outputs: torch.Tensor, target: torch.Tensor, weights: torch.Tensor | None
    ) -> torch.Tensor:
        if outputs.ndim == 3:
            members = outputs.shape[1]
            target = target.repeat_interleave(members)
            weights = None if weights is None else weights.repeat_interleave(members)
            outputs = outputs.flatten(0, 1)
        return one(outputs, target, weights)

    return every
