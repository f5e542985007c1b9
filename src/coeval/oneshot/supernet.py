"""The supernet: one network that holds the weights of every member of a space of choices.

Built from an open architecture (``space.open``). Each choice runs one option (a sampled path: Guo et al. 2020, SPOS,
arXiv:1904.00420) or a weighted sum of several (a mixed operation: Liu et al. 2019, DARTS, arXiv:1806.09055, section 2.2);
``extract`` takes a member out with its weights.
"""

from collections.abc import Iterable, Sequence

import torch
from torch import nn

from coeval.architecture.step import Architecture, Region
from coeval.build.modules.choice import Choice, Mixture, PartialChoice, Path, Route
from coeval.build.modules.norm import BatchNorm
from coeval.build.network import RegionSteps, tensor_network
from coeval.errors import SpaceError
from coeval.oneshot.partial import partial_channels
from coeval.space.open import check_picks, cut, slot_sizes, weight_paths


class Supernet(nn.Module):
    """All options of an open architecture, of which each forward pass runs some.

    Args:
        architecture: With ``choice`` steps, as ``open_space`` makes it. Its input is a grid.
        seed: Decides the initial weights; ``None`` draws them from torch's global generator.
        affine: Whether batch norms inside the options learn scale and shift. DARTS searches without: a mixed sum could
            rescale any option and so undo its weight.
        partial: Mixed operations see one in so many of the features (``partial_channels``); 1 is all.

    Raises:
        SpaceError: The architecture has no choices or is not legal.

    Attributes:
        architecture: As given.
        sizes: Options of each slot.
        activations: Numbers computed for an image when all options run.
    """

    def __init__(
        self,
        architecture: Architecture,
        *,
        seed: int | None = None,
        affine: bool = True,
        partial: int = 1,
    ) -> None:
        super().__init__()
        self.architecture = architecture
        self.sizes = slot_sizes(architecture)
        self.partial = partial
        built = architecture if partial == 1 else partial_channels(architecture, partial)
        network = tensor_network(built, seed=seed)
        assert isinstance(network, RegionSteps)
        self.network = network
        self.activations = network.activations
        self._route = Route()
        for choice in _connected(network, self._route):
            if not affine:
                _without_affine(choice)

    def forward(
        self,
        images: torch.Tensor,
        *,
        picks: Sequence[int] | None = None,
        weights: Sequence[torch.Tensor] | None = None,
        active: Sequence[Sequence[int]] | None = None,
        scales: Sequence[torch.Tensor | None] | None = None,
    ) -> torch.Tensor:
        """Return the outputs of one path, or of weighted sums.

        Args:
            images: ``(batch, height, width, features)``.
            picks: One option a slot, by its number. Exclusive with the other arguments.
            weights: ``(options,)`` a slot. Options whose weight is exactly 0 do not run and give it no gradient.
            active: Options that run, a slot; then all of them do, and all their weights get gradients: those of a weight of
                exactly 0 too, at the cost of a forward pass. Options that are zeros whatever the input never run.
            scales: What each slot's whole result is multiplied with: a tensor without axes, or ``None`` (the edge weights of
                PC-DARTS).

        Returns:
            ``(batch, outputs)``.

        Raises:
            SpaceError: Neither or both of ``picks`` and ``weights`` are given, or they do not fit the slots.
        """
        if (picks is None) == (weights is None):
            raise SpaceError("Expected either picks, one path, or weights, a mixture.")
        if picks is not None:
            check_picks(picks, self.sizes)
            self._route.paths = tuple(picks)
        else:
            assert weights is not None
            self._route.paths = self._mixtures(weights, active, scales)
        try:
            output: torch.Tensor = self.network(images)
        finally:
            self._route.paths = ()  # a copied network must not copy tensors of a graph
        return output

    def _mixtures(
        self,
        weights: Sequence[torch.Tensor],
        active: Sequence[Sequence[int]] | None,
        scales: Sequence[torch.Tensor | None] | None,
    ) -> tuple[Path, ...]:
        shapes = [tuple(one.shape) for one in weights]
        if shapes != [(size,) for size in self.sizes]:
            raise SpaceError(
                f"Expected a weight for each option of each slot, {list(self.sizes)}, got the shapes {shapes}."
            )
        paths = []
        for slot, weight in enumerate(weights):
            values = weight.tolist()
            chosen = (
                active[slot] if active is not None else [n for n, one in enumerate(values) if one]
            )
            options = tuple(chosen) or (0,)
            single = weight.unbind()
            paths.append(
                Mixture(
                    options,
                    tuple([single[n] for n in options]),
                    tuple([values[n] for n in options]),
                    None if scales is None else scales[slot],
                )
            )
        return tuple(paths)


def extract(supernet: Supernet, picks: Sequence[int]) -> nn.Module:
    """Return one member of the space as a network of its own, with a copy of its weights and statistics.

    It is called with ``(batch, height, width, features)`` and computes what the supernet computes along that path. Its weights are
    named as those of ``tensor_network(cut(supernet.architecture, picks))``.

    Raises:
        SpaceError: The picks do not fit the slots, or the supernet has partial channels, so that its weights are those of
            narrower options.
    """
    if supernet.partial != 1:
        raise SpaceError(
            f"A supernet with partial channels (1 in {supernet.partial}) holds no weights of whole options. "
            "Train the architecture cut(...) from scratch, or search with partial=1."
        )
    paths = weight_paths(supernet.architecture, picks)
    member = tensor_network(cut(supernet.architecture, picks), seed=0)
    own, shared = member.state_dict(), supernet.network.state_dict()
    with torch.no_grad():
        for name, value in own.items():
            value.copy_(shared[_origin(name, paths)])
    return member.to(next(iter(shared.values())).device).train(supernet.training)


def recalibrate(module: nn.Module, batches: Iterable[torch.Tensor]) -> None:
    """Estimate the statistics of a network's batch norms anew, in place.

    Shared weights carry statistics of all paths at once; without those of its own a sub-network's score says little (Guo et
    al. 2020, arXiv:1904.00420, section 3.4). They are the mean over the batches, all weighing the same.

    Args:
        module: A network of its own, as ``extract`` makes it; it is left in evaluation mode.
        batches: Each ``(batch, height, width, features)``, as large as in training.

    Raises:
        ValueError: There is no batch.
    """
    norms = [one for one in module.modules() if isinstance(one, BatchNorm)]
    sums = [(torch.zeros_like(one.mean), torch.zeros_like(one.variance)) for one in norms]
    module.eval()
    count = 0
    with torch.no_grad():
        for norm in norms:
            norm.train()
        for images in batches:
            for norm in norms:
                norm.mean.zero_()
                norm.variance.zero_()
            module(images)
            count += 1
            for norm, (mean, variance) in zip(norms, sums, strict=True):
                mean.add_(norm.mean, alpha=1 / _MOMENTUM)
                variance.add_(norm.variance, alpha=1 / _MOMENTUM)
        if not count:
            raise ValueError("recalibrate needs at least one batch of images, got none.")
        for norm, (mean, variance) in zip(norms, sums, strict=True):
            norm.mean.copy_(mean / count)
            norm.variance.copy_(variance / count)
    module.eval()


_MOMENTUM = 0.1  # PyTorch's own: from zero, one pass leaves a tenth of the batch's statistics


def _connected(network: RegionSteps, route: Route) -> list[Choice | PartialChoice]:
    """Return all choices, each told where its path stands and which of its options are zero."""
    found: list[Choice | PartialChoice] = []
    for region in network.modules():
        if not isinstance(region, RegionSteps):
            continue
        for number, one in enumerate(region.region.steps):
            choice = region[str(number)]
            if isinstance(choice, Choice | PartialChoice):
                choice.route = route
                choice.zeros = frozenset(
                    [n for n, option in enumerate(one.regions) if _is_zero(option)]
                )
                found.append(choice)
    return found


def _is_zero(region: Region) -> bool:
    """Return whether a region's result is zero whatever its inputs, without a learnt offset."""
    zero = [False] * region.inputs
    for one in region.steps:
        facts = one.component.capabilities
        passes = "zero_preserving" in facts and "projection" not in facts and not one.regions
        zero.append(
            "zero" in facts
            or (passes and "normalising" not in facts and all(zero[n] for n in one.inputs))
        )
    return zero[region.output]


def _without_affine(choice: nn.Module) -> None:
    for one in choice.modules():
        if isinstance(one, BatchNorm):
            one.scale.requires_grad_(False)
            one.bias.requires_grad_(False)


def _origin(name: str, paths: dict[str, str]) -> str:
    """Return the name that a member's weight has in the supernet: the longest known path decides."""
    parts = name.split(".")
    for length in range(len(parts) - 1, 0, -1):
        path = ".".join(parts[:length])
        if path in paths:
            return ".".join([paths[path], *parts[length:]])
    raise SpaceError(f"The weight {name!r} belongs to no step of the architecture.")
