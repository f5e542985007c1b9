"""A child that starts with its parent's weights, and how such an heir is trained.

What an heir scores is for the search alone: whoever is exported is trained again, from scratch (``export.retrain``).

Weights are left to children of another architecture alone: a recipe can only be judged by what it makes of a network from
its beginning (with weights already trained, one that learns nothing looks as good as the parent's). For the same
reason an heir's start is not scored: it has to reach its score by its own training. And what an heir leaves to its own
children are not its weights but those that it was left itself, of the trial where the line began: however long a line,
everyone in it was trained for one whole schedule and a quarter. (Passed on from heir to heir, training added up: on
phoneme the best of such a line had 0.306 in the search and 0.347 from scratch.)
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Literal, get_args

import numpy as np

from coeval.architecture.retype import retyped
from coeval.architecture.step import Architecture
from coeval.build.transfer import transfer
from coeval.errors import RunError
from coeval.evaluate.beginning import WEIGHTS, Arrays, artifact_name
from coeval.evaluate.folds import Fold
from coeval.evaluate.plan import Plan
from coeval.space.narrow import narrowed
from coeval.space.protocol import CandidateSpace
from coeval.space.recipe import Recipe
from coeval.trial import Artifacts, Trial

if TYPE_CHECKING:
    from torch import nn

Inherit = Literal["none", "exact", "any"]
"""Who starts with its parent's weights: nobody, children that then compute the parent's function, or all."""

HEIR_SHARE = 0.25
"""An heir trains for this share of its recipe's epochs, as a whole schedule of its own.

Measured on 48 children of one move (12 each on abalone, letter, phoneme, satimage; 2,500 rows, 24 epochs): after a quarter of
the epochs at the full rate heirs end 0.8 and 1.2 % below, 0.1 and 3.1 % above the loss of trainings from scratch; rank
correlations with these are .25 .90 .91 .77, where two trainings from scratch agree by .48 .95 .94 .90. Half of the rate
ends up to 7 % above; half of the epochs are hardly better; an eighth (at half of the rate) ends up to 20 % above.
"""
LEAST_SHARE = 0.5
"""A child of another function, of which less came from its parent, is trained like any other, from scratch."""


@dataclass(frozen=True, slots=True, eq=False)
class Legacy:
    """What a trial may inherit.

    Attributes:
        parent: Number of the parent.
        root: Number of the trial whose weights these are: the parent, or where the parent's line began.
        architecture: That trial's.
        weights: A fold each: a fold's weights have not seen the rows that it is judged on; another's have.
        exact: Whether only a child that computes that trial's function inherits.
        ripe: As ``Inherited`` has it.
    """

    parent: int
    root: int
    architecture: Architecture
    weights: Sequence[Arrays]
    exact: bool
    ripe: float


@dataclass(frozen=True, slots=True)
class Inherited:
    """What a fold's network inherited.

    Attributes:
        parent: Number of the parent.
        root: Number of the trial whose weights it took over: the last ancestor that was trained from scratch.
        exact: Whether it starts with that trial's function.
        share: Share of its numbers that are that trial's.
        ripe: Share of its schedule after which that trial was best: the heir's own epochs say nothing of how long a
            training from scratch should take.
    """

    parent: int
    root: int
    exact: bool
    share: float
    ripe: float

    def to_json(self) -> dict[str, Any]:
        """Return it as plain values, for a measurement's data."""
        share, ripe = round(self.share, 4), round(self.ripe, 4)
        numbers = {"parent": self.parent, "root": self.root}
        return {**numbers, "exact": self.exact, "share": share, "ripe": ripe}


def checked(inherit: str) -> Inherit:
    """Return the option if it is one.

    Raises:
        ValueError: It is none.
    """
    if inherit not in get_args(Inherit):
        raise ValueError(f"inherit must be one of {', '.join(get_args(Inherit))}, got {inherit!r}.")
    return inherit  # type: ignore[return-value]  # one of them


def legacy_of(
    trial: Trial,
    plan: Plan,
    space: CandidateSpace,
    artifacts: Artifacts | None,
    inherit: Inherit,
) -> tuple[Legacy | None, Mapping[str, Any]]:
    """Return what a trial may inherit, and what its measurement says where its parent leaves nothing.

    Nothing is left to a promotion, which goes on from its own checkpoint; to a child of another recipe; and to one whose
    columns are prepared in another way, or drawn from other rows: equal places there do not hold equal numbers.

    Args:
        trial: With its kin.
        plan: Its own.
        space: Turns the parent's candidate into its architecture.
        artifacts: Where weights are; without it there are none.
        inherit: Who may.
    """
    proposal = trial.proposal
    parent = None if proposal.parent is None else trial.kin.get(proposal.parent)
    if inherit == "none" or parent is None or proposal.continues is not None or proposal.repeat:
        return None, {}
    root = _root(parent, trial.kin)
    if root is None:
        return None, {"from_scratch": f"where the line of trial {parent.number} began is not known"}
    why, weights = _difference(root, plan), _weights(root, plan.folds, artifacts)
    if why or weights is None:
        return None, {"from_scratch": why or f"the weights of trial {root.number} are gone"}
    whole = space.architecture(root.proposal.candidate)
    architecture = narrowed(whole, root.proposal.fidelity.width)
    exact = inherit == "exact"
    return Legacy(parent.number, root.number, architecture, weights, exact, _ripe(root)), {}


def endow(
    network: "nn.Module", architecture: Architecture, legacy: Legacy, fold: Fold, number: int
) -> Inherited | None:
    """Give a new network what it inherits; return what that was, ``None`` if it keeps its own initial weights.

    Args:
        network: Of the child, its entries fitted.
        architecture: The network's, typed by the fold's preparation.
        legacy: What there is.
        fold: The prepared rows.
        number: Of the fold.
    """
    from coeval.build.weights import arrays, load  # noqa: PLC0415 - loads torch

    parent = retyped(legacy.architecture, *fold.preparation.inputs)
    found = transfer(parent, legacy.weights[number], architecture, arrays(network))
    if not found.exact and (legacy.exact or found.share < LEAST_SHARE):
        return None
    load(network, found.weights)
    return Inherited(legacy.parent, legacy.root, found.exact, found.share, legacy.ripe)


def heir_recipe(recipe: Recipe) -> Recipe:
    """Return how an heir is trained: a short schedule of its own at the full rate (a warm restart).

    Loshchilov & Hutter 2017 (SGDR, arXiv:1608.03983) restart in the same way; Elsken et al. 2017 (NASH, arXiv:1711.04528,
    section 3.2) train each child so.
    """
    return replace(recipe, epochs=max(1, round(HEIR_SHARE * recipe.epochs)))


def _difference(root: Trial, plan: Plan) -> str:
    """Return why a trial's weights mean nothing under a plan; empty if they do."""
    candidate = root.proposal.candidate
    if tuple(candidate.settings("preparation").items()) != plan.preparation:
        return f"trial {root.number} prepares its columns differently"
    if Recipe.of(candidate.settings("recipe")) != plan.recipe:
        return f"trial {root.number} was trained by another recipe"
    if root.proposal.fidelity.rows != plan.rows_share:
        return f"trial {root.number} was trained on other rows"
    return ""


def _root(parent: Trial, kin: Mapping[int, Trial]) -> Trial | None:
    """Return the trial where the parent's line began; the parent itself where it was trained from scratch."""
    data = {} if parent.measurement is None else parent.measurement.data
    if "inherited" in data:
        return kin.get(data["inherited"]["root"])
    return parent


def _ripe(root: Trial) -> float:
    """Return after which share of a whole schedule a trial that was trained from scratch was best."""
    data = {} if root.measurement is None else root.measurement.data
    best, length = data.get("best_epochs"), data.get("schedule_epochs")
    if not best or not length or root.proposal.fidelity.epochs < 1:
        return 1.0  # cut short, it had no chance to be ripe
    return float(np.median(best)) / float(length)


def _weights(parent: Trial, folds: int, artifacts: Artifacts | None) -> tuple[Arrays, ...] | None:
    measurement = parent.measurement
    if artifacts is None or measurement is None:
        return None
    digests = [measurement.artifacts.get(artifact_name(WEIGHTS, fold)) for fold in range(folds)]
    try:
        found = tuple([artifacts.get(one) for one in digests if one is not None])
    except (KeyError, RunError):  # pruned, or damaged
        return None
    return found if len(found) == folds else None
