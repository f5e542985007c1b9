"""The passes through an untrained network that zero-cost scores are made of.

The network is left as it was: replaced weights live in ``torch.func.functional_call``, what is seen or changed on the
way in forward hooks, and modes are set back. Parts are known by the facts of their components, so an outsider's
components are treated like our own.

What a table's row is to a network, the vector behind its entries, is taken for the network's input wherever a score
replaces or differentiates it: codes of categories have no gradient, and no natural one.
"""

import math
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager

import torch
from torch import nn
from torch.func import functional_call

from coeval.architecture.step import Step
from coeval.build.modules.grid import GlobalAveragePool
from coeval.build.network import Network, RegionSteps

Batch = tuple[tuple[torch.Tensor, ...], torch.Tensor, torch.Tensor | None]
"""Inputs as the network takes them, target as the loss takes it, and weights of the examples, if any."""
Tensors = dict[str, torch.Tensor]
Given = tuple[torch.Tensor, ...]
Hook = Callable[[nn.Module, Given, torch.Tensor], torch.Tensor | None]

_JITTER = 1e-5  # k of Mellor et al. 2020; on the diagonal of naswot's kernel as well
_NOISE = 1e-2  # alpha of Lin et al. 2021
_ZEN_ROWS = 16


def components(network: nn.Module) -> Iterator[tuple[Step, nn.Module]]:
    """Yield every step of the architecture with its module; a step that is built several times comes several times."""
    for module in network.modules():
        if isinstance(module, Network | RegionSteps):
            for number, step in enumerate(module.region.steps):
                yield step, module[str(number)]


def weights_of(network: nn.Module) -> Tensors:
    """Return detached parameters of two dimensions or more by name: the maps, without offsets and factors."""
    return {name: one.detach() for name, one in network.named_parameters() if one.ndim > 1}


class Seen:
    """What one pass over a batch left behind.

    Attributes:
        outputs: ``(rows, outputs)``.
        codes: For each activation that ran, ``(rows, numbers)``: whether what it was given lies above its threshold.
        entered: For each entry ``(rows, features)``, or the network's inputs where there are none.
        weights: The parameters of two dimensions or more that were used, differentiable.
    """

    def __init__(self, network: nn.Module, inputs: tuple[torch.Tensor, ...]) -> None:
        self.codes: list[torch.Tensor] = []
        self.entered: list[torch.Tensor] = []
        self.weights = {name: one.requires_grad_() for name, one in weights_of(network).items()}
        hooks: list[tuple[nn.Module, Hook]] = []
        for step, module in components(network):
            if _is_activation(step):
                hooks.append(
                    (module, self._code_above(float(dict(step.settings).get("threshold", 0.0))))
                )
            elif "entry" in step.component.capabilities:
                hooks.append((module, self._enter))
        if not any("entry" in step.component.capabilities for step, _ in components(network)):
            inputs = tuple([one.detach().requires_grad_(one.is_floating_point()) for one in inputs])
            self.entered = [one for one in inputs if one.requires_grad]
        self.outputs = _called(network, self.weights, inputs, hooks)

    def gradients(self, loss: torch.Tensor) -> Tensors:
        """Return the loss's gradient by the name of each weight that takes part."""
        found = torch.autograd.grad(
            loss, list(self.weights.values()), retain_graph=True, allow_unused=True
        )
        return _used(self.weights, found)

    def jacobian(self) -> torch.Tensor:
        """Return for each row the gradient of its summed outputs by what entered, ``(rows, numbers)``."""
        found: Sequence[torch.Tensor | None] = torch.autograd.grad(
            self.outputs.sum(), self.entered, allow_unused=True
        )
        return torch.cat([one.flatten(1) for one in found if one is not None], dim=1)

    def _code_above(self, threshold: float) -> Hook:
        def see(module: nn.Module, given: Given, made: torch.Tensor) -> None:
            self.codes.append((given[0].detach().flatten(1) > threshold).to(torch.float32))

        return see

    def _enter(self, module: nn.Module, given: Given, made: torch.Tensor) -> torch.Tensor:
        # Adding zeros gives a tensor of which derivatives can be taken even where nothing in the entry is learnt.
        offset = torch.zeros_like(made, requires_grad=True)
        self.entered.append(offset)
        return made + offset


def activation_codes(codes: list[torch.Tensor]) -> float:
    """Return naswot: the log-determinant of how many activations agree between two rows (Mellor et al. 2021, arXiv:2006.04647, section 3).

    A code says whether a number that an activation is given is above 0: the linear piece of a relu, the side
    of the bend for smooth activations. A network without activations has no codes, and no score (infinite).

    Args:
        codes: ``(rows, numbers)`` of 0 and 1, for each activation.
    """
    if not codes:
        return math.inf
    code = torch.cat(codes, dim=1)
    agreeing = code @ code.T + (1 - code) @ (1 - code).T
    # Rows that a table holds twice have equal codes in every network: without the jitter none would have a score.
    jitter = _JITTER * torch.eye(len(code), dtype=torch.float64, device=code.device)
    return float(torch.linalg.slogdet(agreeing.double() + jitter)[1])


def input_jacobian(jacobian: torch.Tensor) -> float:
    """Return jacov: how little the rows' input gradients are correlated (Mellor et al. 2020, arXiv:2006.04647v1, section 3.1).

    Args:
        jacobian: ``(rows, numbers)``.
    """
    centred = jacobian.double()
    centred = centred - centred.mean(dim=1, keepdim=True)
    norms = centred.norm(dim=1, keepdim=True)
    if not bool((norms > 0).all()):
        return math.inf
    unit = centred / norms
    values = torch.linalg.eigvalsh(unit @ unit.T).clamp(min=0.0) + _JITTER
    return -float((values.log() + 1 / values).sum())


def gradient_norm(gradients: Tensors) -> float:
    """Return the summed norms of the layers' gradients (Abdelfattah et al. 2021, arXiv:2101.08134, section 3.2)."""
    return float(sum(float(one.norm()) for one in gradients.values()))


def saliency(weights: Tensors, gradients: Tensors) -> float:
    """Return snip: the summed ``|w · dL/dw|`` (Lee et al. 2019, arXiv:1810.02340, section 4.1)."""
    return float(
        sum(float((weights[name].detach() * one).abs().sum()) for name, one in gradients.items())
    )


def synaptic_flow(network: nn.Module, inputs: tuple[torch.Tensor, ...]) -> float:
    """Return the log of synflow: the summed ``|w · dR/dw|``, R the summed outputs of ones (Tanaka et al. 2020, arXiv:2006.05467, section 6).

    All parameters are their absolute values, in double precision, since products over depth leave the range of single.
    Normalisations are bypassed, as in the reference, and activations too: a relu passes what is not negative as it
    is, and behind a saturating one the flow would end.

    Args:
        network: Any.
        inputs: Only their shapes matter: the first row is replaced by ones.
    """
    changed = {
        name: one.detach().double().abs()
        for name, one in (*network.named_parameters(), *network.named_buffers())
        if one.is_floating_point()
    }
    weights = {name: changed[name].requires_grad_() for name in weights_of(network)}
    hooks: list[tuple[nn.Module, Hook]] = []
    for step, module in components(network):
        if _is_activation(step) or "normalising" in step.component.capabilities:
            hooks.append((module, _bypass))
        elif "entry" in step.component.capabilities:
            hooks.append((module, _ones))
    row = tuple(
        torch.ones_like(one[:1], dtype=torch.float64) if one.is_floating_point() else one[:1]
        for one in inputs
    )
    outputs = _called(network, {**changed, **weights}, row, hooks, training=False)
    found = torch.autograd.grad(outputs.sum(), list(weights.values()), allow_unused=True)
    gradients = _used(weights, found)
    flow = saliency(weights, gradients)
    return math.log(flow) if 0 < flow < math.inf else math.inf


@torch.no_grad()
def zen(network: nn.Module, inputs: tuple[torch.Tensor, ...], seed: int) -> float:
    """Return zen: log of how far a little noise moves the last features, plus the logs of what batch norms divide by (Lin et al. 2021, arXiv:2102.01063, algorithm 1).

    Weights and inputs are drawn from N(0, 1), offsets are 0. The last features are those before the global pool, or else
    before the head.

    Args:
        network: Any.
        inputs: Only their shapes matter: 16 rows are drawn.
        seed: Of the draws.
    """
    draws = torch.Generator().manual_seed(seed % 2**63)
    features, scales = list[torch.Tensor](), list[torch.Tensor]()

    def noisy(like: torch.Tensor) -> torch.Tensor:
        plain = _drawn(like[: len(like) // 2], draws)
        return torch.cat([plain, plain + _NOISE * _drawn(plain, draws)])

    def enter(module: nn.Module, given: Given, made: torch.Tensor) -> torch.Tensor:
        return noisy(made)

    def scale(module: nn.Module, given: Given, made: torch.Tensor) -> None:
        scales.append(given[0].flatten(0, -2).var(0, unbiased=False).mean().sqrt())

    def last(module: nn.Module, given: Given, made: torch.Tensor) -> None:
        features.append(given[0])

    hooks = list[tuple[nn.Module, Hook]]()
    has_entries = False
    for step, module in components(network):
        facts = step.component.capabilities
        if "entry" in facts:
            hooks.append((module, enter))
            has_entries = True
        elif {"normalising", "affine"} <= facts:
            hooks.append((module, scale))
        elif "head" in facts or isinstance(module, GlobalAveragePool):
            hooks.append((module, last))
    rows = tuple(torch.cat([one[:_ZEN_ROWS]] * 2) for one in inputs)
    changed = {
        name: _drawn(one, draws) if one.ndim > 1 else one * (not name.endswith("bias"))
        for name, one in network.named_parameters()
    }
    _called(network, changed, rows if has_entries else tuple(noisy(one) for one in rows), hooks)
    if not features:
        return math.inf
    half = len(features[0]) // 2
    moved = (features[0][:half] - features[0][half:]).abs().flatten(1).sum(1).mean()
    factors = [float(one) for one in (moved, *scales)]
    return sum(math.log(one) for one in factors) if min(factors) > 0 else math.inf


def _called(
    network: nn.Module,
    changed: Tensors,
    inputs: tuple[torch.Tensor, ...],
    hooks: list[tuple[nn.Module, Hook]],
    *,
    training: bool = True,
) -> torch.Tensor:
    """Return the outputs with other weights and with hooks, dropout left out.

    In training batch norms take the batch's statistics; buffers are copies, so that these are not kept.
    """
    buffers = {name: one.clone() for name, one in network.named_buffers() if name not in changed}
    with ExitStack() as stack:
        stack.enter_context(_mode(network, training=training))
        for module, hook in hooks:
            stack.callback(module.register_forward_hook(hook).remove)
        output: torch.Tensor = functional_call(network, {**buffers, **changed}, inputs)
    return output


@contextmanager
def _mode(network: nn.Module, *, training: bool) -> Iterator[None]:
    before = [(module, module.training) for module in network.modules()]
    for module, _ in before:
        module.training = training
    for step, module in components(network):
        if "stochastic" in step.component.capabilities:
            module.training = False
    try:
        yield
    finally:
        for module, mode in before:
            module.training = mode


def _used(weights: Tensors, gradients: Sequence[torch.Tensor | None]) -> Tensors:
    """Return the gradients by the name of their weight; a step that no result needs has none."""
    return {name: one for name, one in zip(weights, gradients, strict=True) if one is not None}


def _is_activation(step: Step) -> bool:
    """Return whether a step bends each number by itself."""
    facts = step.component.capabilities
    return {"nonpolynomial", "equivariant"} <= facts and "normalising" not in facts


def _bypass(module: nn.Module, given: Given, made: torch.Tensor) -> torch.Tensor:
    return given[0]


def _ones(module: nn.Module, given: Given, made: torch.Tensor) -> torch.Tensor:
    return torch.ones_like(made)


def _drawn(like: torch.Tensor, draws: torch.Generator) -> torch.Tensor:
    return torch.randn(like.shape, generator=draws, dtype=like.dtype).to(like.device)
