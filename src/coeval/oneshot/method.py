"""One-shot methods as combinations of parts, and the table of those that have a name.

A method says which paths a step of the shared weights runs, how the architecture weights become weights of options, what
is added to their loss, by which order of gradient they learn, how many features see the mixture, when the search stops,
and how the final architecture is read off. Nothing here is a class of its own: a new method is a new line of the table.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from coeval.errors import SpaceError, unknown


class Paths(StrEnum):
    """Which options a step of the shared weights runs."""

    RELAXED = "relaxed"  # as the relaxation of the architecture weights has it
    UNIFORM = "uniform"  # one option a slot, each with equal chance
    FAIR = "fair"  # every option of every slot once, then one step (strict fairness)
    CONTROLLER = "controller"  # one option a slot, drawn from a recurrent policy
    SANDWICH = "sandwich"  # the largest version, the smallest, and two at random


class Relaxation(StrEnum):
    """How architecture weights become the weights of a slot's options."""

    SOFTMAX = "softmax"
    SIGMOID = "sigmoid"  # each option for itself
    GUMBEL = "gumbel"  # one option, hard, with a soft gradient
    DIRICHLET = "dirichlet"  # a sample of the simplex
    BINARY = "binary"  # one option; two at a time where the architecture weights learn


class Penalty(StrEnum):
    """What the loss of the architecture weights gets beside the task's."""

    BETA = "beta"
    ZERO_ONE = "zero-one"
    SIMPLEX = "simplex"
    LATENCY = "latency"


class Choice(StrEnum):
    """How the final architecture is read off."""

    LARGEST = "largest"  # the option of largest architecture weight in each slot
    PERTURBATION = (
        "perturbation"  # the option whose removal hurts the supernet most, a slot at a time
    )
    SAMPLES = "samples"  # the best of many paths by shared-weight score
    EVOLUTION = "evolution"  # the same, bred
    FRONT = "front"  # bred too, from small to large: those that none beats in score and size


@dataclass(frozen=True, slots=True)
class Published:
    """What a paper did, to which a search of minutes is compared.

    Attributes:
        steps: Steps of the architecture weights (or of the controller); of the shared weights where nothing else learns.
        lr: Adam's step size of the architecture weights.
        source: Author, year, arXiv number.
    """

    steps: int
    lr: float
    source: str


@dataclass(frozen=True, slots=True)
class Method:
    """One combination of parts.

    Attributes:
        line: What it is, in one line.
        published: The paper's own figures.
        paths: Of a step of the shared weights.
        relaxation: Of the architecture weights; unused where none are learnt.
        order: Of the gradient of the architecture weights: 0 learns none, 1 takes the shared weights as they are, 2
            looks one step of theirs ahead.
        every: Steps of the shared weights to one of the architecture weights.
        frozen: Share of the search before the architecture weights begin to learn.
        partial: One in so many features sees the mixture of options, the others by-pass it; joins get edge weights.
        penalty: What the loss gets beside the task's, and its weight at the end; it rises linearly from 0 where
            ``rising``.
        momentum: First decay rate of the architecture weights' Adam.
        decay: L2 decay of the architecture weights.
        temperature: Of the Gumbel softmax, at the start and at the end.
        choice: How the final architecture is read off.
        stops_on_curvature: Whether the search stops where the loss gets too curved in the architecture weights.
    """

    line: str
    published: Published
    paths: Paths = Paths.RELAXED
    relaxation: Relaxation = Relaxation.SOFTMAX
    order: int = 1
    every: int = 1
    frozen: float = 0.0
    partial: int = 1
    penalty: tuple[Penalty, float] | None = None
    rising: bool = False
    momentum: float = 0.5
    decay: float = 1e-3
    temperature: tuple[float, float] = (1.0, 1.0)
    choice: Choice = Choice.LARGEST
    stops_on_curvature: bool = False

    @property
    def learns_weights(self) -> bool:
        """Return whether architecture weights are learnt by gradients."""
        return self.order > 0

    @property
    def splits_rows(self) -> bool:
        """Return whether half of the training rows are kept for the architecture."""
        return self.learns_weights or self.paths is Paths.CONTROLLER


_EPOCH_64, _EPOCH_256 = 391, 98
"""Steps of an epoch over half of CIFAR-10, in batches of 64 and 256."""
_DARTS = Published(50 * _EPOCH_64, 3e-4, "Liu et al. 2019, arXiv:1806.09055")

METHODS: Mapping[str, Method] = {
    "rsws": Method(
        "one-shot: random search with weight sharing",
        Published(300 * 781, 0.0, "Li & Talwalkar 2019, arXiv:1902.07638"),
        paths=Paths.UNIFORM,
        order=0,
        choice=Choice.SAMPLES,
    ),
    "spos": Method(
        "single-path one-shot: uniform paths, then evolution over them",
        Published(150_000, 0.0, "Guo et al. 2020, arXiv:1904.00420"),
        paths=Paths.UNIFORM,
        order=0,
        choice=Choice.EVOLUTION,
    ),
    "fairnas": Method(
        "single paths, every option trained equally often (FairNAS)",
        Published(150 * 1251, 0.0, "Chu et al. 2021, arXiv:1907.01845"),
        paths=Paths.FAIR,
        order=0,
        choice=Choice.EVOLUTION,
    ),
    "enas": Method(
        "one-shot: a recurrent controller over shared weights",
        Published(150 * 30, 3.5e-3, "Pham et al. 2018, arXiv:1802.03268"),
        paths=Paths.CONTROLLER,
        order=0,
        choice=Choice.SAMPLES,
    ),
    "darts": Method("one-shot: mixed operations, first-order gradients", _DARTS),
    "darts2": Method("one-shot: mixed operations, second-order gradients", _DARTS, order=2),
    "gdas": Method(
        "one-shot: one Gumbel-sampled option a slot, with a soft gradient",
        Published(250 * _EPOCH_64, 3e-4, "Dong & Yang 2019, arXiv:1910.04465"),
        relaxation=Relaxation.GUMBEL,
        temperature=(10.0, 0.1),
    ),
    "pc-darts": Method(
        "one-shot: mixed operations on a quarter of the features",
        Published(35 * _EPOCH_256, 6e-4, "Xu et al. 2020, arXiv:1907.05737"),
        partial=4,
        frozen=0.3,
    ),
    "drnas": Method(
        "one-shot: mixing weights from a learnt Dirichlet distribution",
        Published(100 * _EPOCH_64, 3e-4, "Chen et al. 2021, arXiv:2006.10355"),
        relaxation=Relaxation.DIRICHLET,
        penalty=(Penalty.SIMPLEX, 1e-3),
    ),
    "darts-pt": Method(
        "one-shot: mixed operations, kept by what hurts when removed",
        Published(50 * _EPOCH_64, 3e-4, "Wang et al. 2021, arXiv:2108.04392"),
        choice=Choice.PERTURBATION,
    ),
    "darts-es": Method(
        "one-shot: mixed operations, stopped by the loss's curvature",
        Published(50 * _EPOCH_64, 3e-4, "Zela et al. 2020, arXiv:1909.09656"),
        stops_on_curvature=True,
    ),
    "beta-darts": Method(
        "one-shot: mixed operations with weights held together",
        Published(50 * _EPOCH_64, 3e-4, "Ye et al. 2022, arXiv:2203.01665"),
        penalty=(Penalty.BETA, 50.0),
        rising=True,
    ),
    "fair-darts": Method(
        "one-shot: options that do not compete, pushed to 0 or 1",
        Published(50 * _EPOCH_64, 3e-4, "Chu et al. 2020, arXiv:1911.12126"),
        relaxation=Relaxation.SIGMOID,
        penalty=(Penalty.ZERO_ONE, 10.0),
    ),
    "proxylessnas": Method(
        "one-shot: one path runs, two learn, and latency costs",
        Published(120 * 4809 // 5, 1e-3, "Cai et al. 2019, arXiv:1812.00332"),
        relaxation=Relaxation.BINARY,
        every=5,
        frozen=0.25,
        penalty=(Penalty.LATENCY, 0.1),
        momentum=0.0,
        decay=0.0,
    ),
    "elastic": Method(
        "one-shot: one network of elastic width, depth and kernel",
        Published(100 * 1251, 0.0, "Yu & Huang 2019, arXiv:1903.05134"),
        paths=Paths.SANDWICH,
        order=0,
        choice=Choice.FRONT,
    ),
}
"""By the name that the command line knows."""

ELASTIC = "elastic"
"""The method whose space is all smaller versions of one network (``space.elastic``)."""

MOST_LR = 0.05
"""Beyond this the sign of the last few gradients decides, whatever the scale."""


def check_suits(name: str, *, is_elastic: bool) -> None:
    """Check that a method can search a space.

    Args:
        name: In ``METHODS``.
        is_elastic: Whether the space is the smaller versions of one network, else choices between options.

    Raises:
        SpaceError: It cannot.
    """
    method = method_named(name)
    if method.paths is Paths.SANDWICH and not is_elastic:
        raise SpaceError(
            f"The method {name!r} searches the smaller versions of one network, not choices between options. "
            "Make its space with space.elastic.elastic_space(space, candidate)."
        )
    if is_elastic and method.learns_weights:
        raise SpaceError(
            f"The method {name!r} mixes options, but versions of one elastic network cannot be mixed. "
            f"Take {ELASTIC!r} or a method of single paths, such as 'spos'."
        )


def method_named(name: str) -> Method:
    """Return one of ``METHODS``.

    Raises:
        SpaceError: There is no such method.
    """
    if name not in METHODS:
        raise SpaceError(unknown("A one-shot method", name, METHODS))
    return METHODS[name]


def architecture_steps(method: Method, total: int) -> int:
    """Return how many steps the architecture makes in a search of ``total`` steps of the shared weights."""
    if method.paths is Paths.CONTROLLER:
        return total // CONTROLLER_EVERY
    if not method.learns_weights:
        return total
    first = frozen_steps(method, total)
    return sum(1 for step in range(first, total) if step % method.every == 0)


def frozen_steps(method: Method, total: int) -> int:
    """Return how many steps pass before the architecture weights begin to learn."""
    return round(method.frozen * total)


def architecture_lr(method: Method, total: int) -> float:
    """Return the step size of the architecture weights in a search of ``total`` steps.

    Adam moves a weight by about its step size at a step, so what counts is steps times step size. It is kept as
    published, for every method by the same rule: fewer steps are larger ones, up to ``MOST_LR``.

    Example:
        >>> round(architecture_lr(METHODS["darts"], 1955), 6), architecture_lr(METHODS["darts"], 19550)
        (0.003, 0.0003)
    """
    performed = max(architecture_steps(method, total), 1)
    scale = max(method.published.steps / performed, 1.0)
    return min(method.published.lr * scale, max(MOST_LR, method.published.lr))


CONTROLLER_EVERY = 10
"""Steps of the shared weights to one of ENAS's controller (published: 30 steps after an epoch of about 300)."""
