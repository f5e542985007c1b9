"""The optimisers: AdamW, NAdamW and SGD with Nesterov momentum, all with decoupled weight decay.

Kingma & Ba 2015 (arXiv:1412.6980), Dozat 2016 (NAdam), Loshchilov & Hutter 2019 (decoupled decay,
arXiv:1711.05101). They call PyTorch's functional forms: the ``torch.optim.Optimizer`` classes import
the compiler at their first step, which costs 1.4 s and 70 MB in every worker, and 0.1 ms a step.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import nn
from torch.optim.adamw import adamw
from torch.optim.nadam import nadam
from torch.optim.sgd import sgd

OPTIMIZERS = ("adamw", "nadamw", "sgd")


class Optimizer:
    """Updates a network's parameters from their gradients.

    Only parameters named ``weight`` with two or more axes decay: biases, norms, scales and
    frequencies are not meant to be small.

    Args:
        name: ``"adamw"``, ``"nadamw"`` or ``"sgd"``.
        network: Its trainable parameters are updated in place.
        weight_decay: Share of a weight that is lost at a step with learning rate 1.

    Raises:
        ValueError: The name is unknown.
    """

    def __init__(self, name: str, network: nn.Module, *, weight_decay: float) -> None:
        if name not in OPTIMIZERS:
            raise ValueError(f"optimizer must be one of {', '.join(OPTIMIZERS)}, got {name!r}.")
        named = [(key, value) for key, value in network.named_parameters() if value.requires_grad]
        self._keys = [key for key, _ in named]
        self.name = name
        self.weight_decay = weight_decay
        self.parameters: list[torch.Tensor] = [value for _, value in named]
        self._all = _Moved(
            self.parameters,
            [key.split(".")[-1] == "weight" and value.ndim > 1 for key, value in named],
            [torch.zeros_like(value) for value in self.parameters],
            [torch.zeros_like(value) for value in self.parameters],
            # The fused kernel wants its step counts beside the parameters, the others on the CPU.
            [
                torch.zeros((), device=value.device if name == "adamw" else None)
                for value in self.parameters
            ],
            [torch.ones(()) for _ in self.parameters],
        )

    @property
    def decayed(self) -> list[torch.Tensor]:
        """Return the parameters that weight decay acts on."""
        pairs = zip(self.parameters, self._all.decays, strict=True)
        return [value for value, decays in pairs if decays]

    @property
    def momenta(self) -> list[torch.Tensor]:
        """Return the moving means of the gradients, one for each of ``parameters``."""
        return self._all.first

    @torch.no_grad()
    def step(self, gradients: Sequence[torch.Tensor | None], lr: float) -> None:
        """Make one step.

        Args:
            gradients: One for each of ``parameters``, in their order. Where there is none, as for the paths of a shared
                network that did not run, the parameter stays as it is: no decay, no momentum, no step counted.
            lr: The learning rate of this step.
        """
        touched = [n for n, one in enumerate(gradients) if one is not None]
        if not touched:
            return
        moved = self._all if len(touched) == len(self.parameters) else self._all.only(touched)
        laid_out = [
            _laid_out_like(value, gradient)
            for value, gradient in zip(
                moved.parameters, [one for one in gradients if one is not None], strict=True
            )
        ]
        if self.weight_decay:
            for weight, decays in zip(moved.parameters, moved.decays, strict=True):
                if decays:
                    weight.mul_(1 - lr * self.weight_decay)
        if self.name == "adamw":
            _adamw(moved, laid_out, lr)
        elif self.name == "nadamw":
            _nadamw(moved, laid_out, lr)
        else:
            _sgd(moved, laid_out, lr)

    def state(self) -> dict[str, np.ndarray]:
        """Return moments and step counts by kind and parameter, such as ``"first/3.weight"``."""
        return {
            f"{kind}/{key}": value.detach().cpu().numpy().copy()
            for kind, values in self._kinds().items()
            for key, value in zip(self._keys, values, strict=True)
        }

    @torch.no_grad()
    def load(self, state: Mapping[str, np.ndarray]) -> None:
        """Go on from what ``state`` returned."""
        for kind, values in self._kinds().items():
            for key, value in zip(self._keys, values, strict=True):
                value.copy_(torch.from_numpy(np.array(state[f"{kind}/{key}"])))

    def _kinds(self) -> dict[str, list[torch.Tensor]]:
        """Return what each optimiser remembers."""
        kinds = {"first": self._all.first}
        if self.name != "sgd":
            kinds |= {"second": self._all.second, "steps": self._all.steps}
        if self.name == "nadamw":
            kinds["products"] = self._all.products
        return kinds


@dataclass(frozen=True, slots=True)
class _Moved:
    """Parameters that a step moves, whether each decays, and what the optimisers remember of each."""

    parameters: list[torch.Tensor]
    decays: list[bool]
    first: list[torch.Tensor]
    second: list[torch.Tensor]
    steps: list[torch.Tensor]
    products: list[torch.Tensor]

    def only(self, touched: Sequence[int]) -> "_Moved":
        """Return those at some places of the lists."""
        return _Moved(
            [self.parameters[n] for n in touched],
            [self.decays[n] for n in touched],
            [self.first[n] for n in touched],
            [self.second[n] for n in touched],
            [self.steps[n] for n in touched],
            [self.products[n] for n in touched],
        )


def _adamw(moved: _Moved, gradients: list[torch.Tensor], lr: float) -> None:
    adamw(
        moved.parameters,
        gradients,
        moved.first,
        moved.second,
        [],
        moved.steps,
        fused=True,
        amsgrad=False,
        beta1=0.9,
        beta2=0.999,
        lr=lr,
        weight_decay=0.0,
        eps=1e-8,
        maximize=False,
    )


def _nadamw(moved: _Moved, gradients: list[torch.Tensor], lr: float) -> None:
    nadam(
        moved.parameters,
        gradients,
        moved.first,
        moved.second,
        moved.products,
        moved.steps,
        beta1=0.9,
        beta2=0.999,
        lr=lr,
        weight_decay=0.0,
        momentum_decay=4e-3,
        eps=1e-8,
    )


def _sgd(moved: _Moved, gradients: list[torch.Tensor], lr: float) -> None:
    momentum: list[torch.Tensor | None] = list(moved.first)
    sgd(
        moved.parameters,
        gradients,
        momentum,
        fused=True,
        weight_decay=0.0,
        momentum=0.9,
        lr=lr,
        dampening=0.0,
        nesterov=True,
        maximize=False,
    )


def _laid_out_like(parameter: torch.Tensor, gradient: torch.Tensor) -> torch.Tensor:
    """Return the gradient in the parameter's memory format.

    The fused kernels read both as flat memory, while a convolution's gradient comes with the features last.
    (``Tensor.backward`` would have seen to it; ``autograd.grad`` does not.)
    """
    if gradient.stride() == parameter.stride():
        return gradient
    return torch.empty_like(parameter).copy_(gradient)
