"""An elastic network: the largest version's weights, of which smaller versions take slices.

A version takes the first features of every layer, the centre of every kernel and the first copies of every repeat (Yu & Huang
2019, universally slimmable networks, arXiv:1903.05134; Cai et al. 2020, once for all, arXiv:1908.09791, section 3).
"""

from collections.abc import Callable, Sequence

import numpy as np
import torch
import torch.nn.functional as F  # noqa: N812 - PyTorch's own abbreviation
from torch import nn
from torch.func import functional_call

from coeval.build.network import RegionSteps, tensor_network
from coeval.oneshot.paths import Picks, uniform_path
from coeval.space.elastic import Elastic
from coeval.space.open import check_picks
from coeval.task.task import Problem
from coeval.train.loss import Loss

MIDDLE = 2
"""Versions of random size in a step, beside the largest and the smallest (universally slimmable networks, section 4.1)."""
REMEMBERED = 64
"""Versions whose modules are kept; they hold no weights."""


class ElasticNet(nn.Module):
    """The largest version of an elastic architecture, and every smaller one as slices of its weights.

    Args:
        elastic: What can be made smaller.
        seed: Decides the initial weights; ``None`` draws them from torch's global generator.

    Attributes:
        elastic: As given.
        sizes: Values of each knob.
        network: The largest version.
        activations: Numbers that it computes for an image.
    """

    def __init__(self, elastic: Elastic, *, seed: int | None = None) -> None:
        super().__init__()
        self.elastic = elastic
        self.sizes = elastic.sizes
        network = tensor_network(elastic.largest, seed=seed)
        assert isinstance(network, RegionSteps)
        self.network = network
        self.activations = network.activations
        self._forms: dict[Picks, nn.Module] = {}

    def forward(self, images: torch.Tensor, *, picks: Sequence[int] | None = None) -> torch.Tensor:
        """Return the outputs of one version.

        Args:
            images: ``(batch, height, width, features)``.
            picks: A value for each knob, by its number; ``None`` is the largest version.

        Returns:
            ``(batch, outputs)``.

        Raises:
            SpaceError: The picks do not fit the knobs.
        """
        if picks is None:
            largest: torch.Tensor = self.network(images)
            return largest
        form = self._form(tuple(picks))
        form.train(self.training)
        outputs: torch.Tensor = functional_call(form, _slices(form, self.network), (images,))
        return outputs

    def _form(self, picks: Picks) -> nn.Module:
        """Return a version's module without memory of its own."""
        found = self._forms.get(picks)
        if found is None:
            check_picks(picks, self.elastic.sizes)
            if len(self._forms) >= REMEMBERED:
                self._forms.clear()
            with torch.device("meta"):
                found = tensor_network(self.elastic.assemble(picks))
            self._forms[picks] = found
        return found


def extract_version(net: ElasticNet, picks: Sequence[int]) -> nn.Module:
    """Return one version as a network of its own, with a copy of its slices of weights and statistics.

    Its batch norms' statistics are those of the largest: call ``recalibrate`` before it predicts.

    Raises:
        SpaceError: The picks do not fit the knobs.
    """
    check_picks(picks, net.elastic.sizes)
    version = tensor_network(net.elastic.assemble(picks), seed=0)
    device = next(net.network.parameters()).device
    slices = _slices(version, net.network)
    with torch.no_grad():
        for name, value in version.state_dict().items():
            value.copy_(slices[name])
    return version.to(device).train(net.training)


def sandwich(
    net: ElasticNet,
    images: torch.Tensor,
    target: torch.Tensor,
    weights: torch.Tensor | None = None,
    *,
    loss: Loss,
    problem: Problem,
    parameters: Sequence[torch.Tensor],
    rng: np.random.Generator,
    middle: int = MIDDLE,
) -> tuple[torch.Tensor, list[torch.Tensor]]:
    """Return the loss and the gradients of one step: the largest version, the smallest, and some at random.

    The largest learns the target; the others learn the largest's outputs of the same step (the sandwich rule and in-place
    distillation: Yu & Huang 2019, arXiv:1903.05134, sections 3.2 and 3.3).

    Args:
        net: Trained by the caller with these gradients.
        images: ``(batch, height, width, features)``.
        target: ``(batch,)``.
        weights: ``(batch,)`` of the examples, for the largest version, or ``None``.
        loss: Of the largest's outputs, the target and the weights.
        problem: Decides how outputs are learnt from outputs.
        parameters: Of the network; gradients come in their order.
        rng: Draws the versions.
        middle: How many are drawn.

    Returns:
        The largest version's loss, and for every parameter the sum of the versions' gradients.
    """
    outputs = net(images)
    first = loss(outputs.float(), target, weights)
    total = list(torch.autograd.grad(first, parameters, materialize_grads=True))
    taught = _distilling(outputs.detach().float(), problem)
    drawn = [uniform_path(net.elastic.sizes, rng) for _ in range(middle)]
    for picks in (net.elastic.smallest, *drawn):
        found: Sequence[torch.Tensor | None] = torch.autograd.grad(
            taught(net(images, picks=picks).float()), parameters, allow_unused=True
        )
        total = [
            one if gradient is None else one + gradient
            for one, gradient in zip(total, found, strict=True)
        ]
    return first.detach(), total


def _distilling(teacher: torch.Tensor, problem: Problem) -> Callable[[torch.Tensor], torch.Tensor]:
    """Return the loss of outputs against another version's, ``(batch, outputs)`` both."""
    if problem is Problem.MULTICLASS:
        soft = teacher.softmax(-1)
        return lambda outputs: F.cross_entropy(outputs, soft)
    if problem is Problem.BINARY:
        likely = teacher.sigmoid()
        return lambda outputs: F.binary_cross_entropy_with_logits(outputs, likely)
    return lambda outputs: F.mse_loss(outputs, teacher)


def _slices(small: nn.Module, large: nn.Module) -> dict[str, torch.Tensor]:
    """Return a view of the large network's tensors for each of the small one's, by name."""
    known = {**dict(large.named_parameters()), **dict(large.named_buffers())}
    wanted = [*small.named_parameters(), *small.named_buffers()]
    return {name: _slice(known[name], one.shape) for name, one in wanted}


def _slice(tensor: torch.Tensor, shape: torch.Size) -> torch.Tensor:
    """Return the first entries along the axes of features, the middle along those of a kernel."""
    if tensor.shape == shape:
        return tensor
    for axis, (whole, part) in enumerate(zip(tensor.shape, shape, strict=True)):
        is_kernel = len(shape) == _KERNEL_AXES and axis >= 2
        tensor = tensor.narrow(axis, (whole - part) // 2 if is_kernel else 0, part)
    return tensor


_KERNEL_AXES = 4  # a convolution's weight: width, features, height, width
