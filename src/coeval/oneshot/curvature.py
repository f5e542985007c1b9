"""How curved the loss is in the architecture weights: the dominant eigenvalue of its Hessian.

Where it rises, the architecture that is read off loses most against the mixture (Zela et al. 2020, arXiv:1909.09656, section 4).
"""

import torch

from coeval.oneshot.architect import LossOf, first_order

STEP = 1e-2
"""Length of the step over which a gradient's change is taken. Logits are of order 1; float32 leaves 1e-7 of a loss."""
ITERATIONS = 8


def dominant_eigenvalue(
    theta: torch.Tensor, loss: LossOf, *, iterations: int = ITERATIONS, seed: int = 0
) -> float:
    """Return the largest eigenvalue of the Hessian of a loss by ``theta``.

    Lanczos' iteration with full reorthogonalisation (Golub & Van Loan 2013, section 10.1); products with the Hessian are
    central differences of the gradient. Exact, but for those, where ``iterations`` is the length of ``theta``.

    Args:
        theta: ``(length,)`` architecture weights.
        loss: From ``theta`` to a loss; the same batch and draws at every call.
        iterations: Products with the Hessian at most, two gradients each.
        seed: Of the first direction.
    """
    rng = torch.Generator().manual_seed(seed)
    basis: list[torch.Tensor] = []
    direction = torch.randn(len(theta), generator=rng, dtype=torch.float64)
    diagonal: list[float] = []
    beside: list[float] = []
    for _ in range(min(iterations, len(theta))):
        length = float(direction.norm())
        if basis:
            if length < 1e-9:  # the space that the first direction spans is exhausted
                break
            beside.append(length)
        basis.append(direction / length)
        product = _times_hessian(theta, loss, basis[-1])
        diagonal.append(float(product @ basis[-1]))
        for one in (*basis, *basis):  # twice is enough
            product = product - (product @ one) * one
        direction = product
    size = len(diagonal)
    matrix = torch.zeros(size, size, dtype=torch.float64)
    for place, value in enumerate(diagonal):
        matrix[place, place] = value
    for place, value in enumerate(beside):
        matrix[place, place + 1] = matrix[place + 1, place] = value
    return float(torch.linalg.eigvalsh(matrix)[-1])


def _times_hessian(theta: torch.Tensor, loss: LossOf, direction: torch.Tensor) -> torch.Tensor:
    step = (STEP * direction).to(theta.dtype)
    up, down = first_order(theta + step, loss), first_order(theta - step, loss)
    return (up - down).double() / (2 * STEP)
