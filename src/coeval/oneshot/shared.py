"""The network that a one-shot search trains: options side by side, or the slices of one elastic network."""

from collections.abc import Sequence

from torch import nn

from coeval.oneshot.elastic import ElasticNet, extract_version
from coeval.oneshot.supernet import Supernet, extract
from coeval.space.open import OpenSpace

SharedNetwork = Supernet | ElasticNet
"""Both are called with images and ``picks``."""


def shared_network(
    opened: OpenSpace, *, seed: int, affine: bool = True, partial: int = 1
) -> SharedNetwork:
    """Return the network that holds the weights of every member of an opened space.

    Args:
        opened: A space of choices or of an elastic network's versions.
        seed: Decides the initial weights.
        affine: Of a supernet's options (``Supernet``).
        partial: Of a supernet's mixtures (``Supernet``).
    """
    if opened.versions is not None:
        return ElasticNet(opened.versions, seed=seed)
    return Supernet(opened.architecture, seed=seed, affine=affine, partial=partial)


def member(net: SharedNetwork, picks: Sequence[int]) -> nn.Module:
    """Return one member as a network of its own, with a copy of its weights.

    Raises:
        SpaceError: The picks do not fit the slots, or the weights are of partial channels.
    """
    return extract_version(net, picks) if isinstance(net, ElasticNet) else extract(net, picks)


def is_partial(net: SharedNetwork) -> bool:
    """Return whether no member can be taken out, since options see a part of the features only."""
    return isinstance(net, Supernet) and net.partial > 1
