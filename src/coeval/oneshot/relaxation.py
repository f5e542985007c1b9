"""From architecture weights to the weights of a slot's options: softmax, sigmoid, Gumbel, Dirichlet, binary gates.

Each function takes the logits of one slot. Those that draw take a generator, so that a step can be repeated.
"""

import torch
import torch.nn.functional as F  # noqa: N812 - PyTorch's own abbreviation

TINY = 1e-20


class _StraightThrough(torch.autograd.Function):
    """Returns the hard value as it is and hands its gradient to the soft one (Bengio et al. 2013, arXiv:1308.3432)."""

    @staticmethod
    def forward(
        ctx: torch.autograd.function.FunctionCtx, hard: torch.Tensor, soft: torch.Tensor
    ) -> torch.Tensor:
        """Return the hard value."""
        return hard.clone()

    @staticmethod
    def backward(
        ctx: torch.autograd.function.FunctionCtx, gradient: torch.Tensor
    ) -> tuple[None, torch.Tensor]:
        """Return the gradient for the soft value."""
        return None, gradient


def straight_through(hard: torch.Tensor, soft: torch.Tensor) -> torch.Tensor:
    """Return ``hard``, exactly, with the gradient of ``soft``.

    The usual ``hard - soft.detach() + soft`` leaves rounding errors where a 0 has to be 0 for its option not to run.
    """
    result: torch.Tensor = _StraightThrough.apply(hard, soft)  # type: ignore[no-untyped-call]
    return result


def softmax(logits: torch.Tensor) -> torch.Tensor:
    """Return weights that add up to 1 (Liu et al. 2019, equation 2, arXiv:1806.09055)."""
    return logits.softmax(0)


def sigmoid(logits: torch.Tensor) -> torch.Tensor:
    """Return weights that do not compete (Chu et al. 2020, equation 5, arXiv:1911.12126)."""
    return logits.sigmoid()


def gumbel(logits: torch.Tensor, temperature: float, rng: torch.Generator) -> torch.Tensor:
    """Return a one-hot vector with the gradient of its soft twin (Dong & Yang 2019, equations 3 to 5, arXiv:1910.04465).

    The option is drawn by its softmax probability (the argmax of logits and Gumbel noise); the soft weights are the
    softmax of both over the temperature. Only the option drawn runs, so only its weight has a gradient: the
    published code also adds the weights, 0, of the others as numbers to the feature map, which tells nothing of them.

    Args:
        logits: ``(options,)`` of a slot.
        temperature: Above 0.
        rng: Of the noise.
    """
    uniform = torch.rand(logits.shape, generator=rng).clamp_(min=TINY)
    noise = -torch.log(-torch.log(uniform).clamp_(max=-TINY))
    soft = ((logits.log_softmax(0) + noise) / temperature).softmax(0)
    return straight_through(_one_hot(int(soft.argmax()), len(logits)), soft)


def concentration(logits: torch.Tensor) -> torch.Tensor:
    """Return the parameters of the Dirichlet distribution, above 0 (Chen et al. 2021, section 3.1, arXiv:2006.10355)."""
    return F.elu(logits) + 1.0 + TINY


def dirichlet(logits: torch.Tensor) -> torch.Tensor:
    """Return a sample of the Dirichlet distribution, with path-wise gradients; draws from torch's global generator."""
    # Below float32's least the sampler's gradient is no number.
    sample: torch.Tensor = torch.distributions.Dirichlet(
        concentration(logits).clamp(min=1e-3), validate_args=False
    ).rsample()
    return sample


def binary_path(logits: torch.Tensor, rng: torch.Generator) -> int:
    """Return one option, drawn by its softmax probability (Cai et al. 2019, equation 2, arXiv:1812.00332)."""
    return int(torch.multinomial(logits.detach().softmax(0), 1, generator=rng))


def binary_gates(
    logits: torch.Tensor, rng: torch.Generator
) -> tuple[tuple[int, int], torch.Tensor]:
    """Return two options, and gates that are 1 for the active one of them, with the gradient of their probabilities.

    The two are drawn without replacement by their probabilities; which is active, by the probabilities
    renormalised over both (section 3.2.1 of the paper). The gates' gradient reaches the two logits as
    ``dL/da_i = sum_j dL/dg_j p_j (delta_ij - p_i)``, equation 4 over the two.

    Args:
        logits: ``(options,)`` of a slot, at least two.
        rng: Of the draws.

    Returns:
        The two options, the active one first, and the gates ``(options,)``.
    """
    drawn = torch.multinomial(logits.detach().softmax(0), 2, generator=rng)
    chances = logits.detach()[drawn].softmax(0)
    active = int(torch.multinomial(chances, 1, generator=rng))
    pair = (int(drawn[active]), int(drawn[1 - active]))
    among = torch.full_like(logits, -torch.inf).index_copy(
        0, torch.tensor(pair), logits[list(pair)]
    )
    return pair, straight_through(_one_hot(pair[0], len(logits)), among.softmax(0))


def hold_others(before: torch.Tensor, after: torch.Tensor, pair: tuple[int, int]) -> None:
    """Shift two logits, in place, so that their step leaves the other options' probabilities as they were.

    As in the published code, at the end of section 3.2.1: two paths compete with each other alone.

    Args:
        before: ``(options,)`` before the step.
        after: ``(options,)`` after it; the two are shifted.
        pair: The two options.
    """
    two = list(pair)
    shift = torch.logsumexp(before[two], 0) - torch.logsumexp(after[two], 0)
    after[two] += shift


def _one_hot(option: int, options: int) -> torch.Tensor:
    vector = torch.zeros(options)
    vector[option] = 1.0
    return vector
