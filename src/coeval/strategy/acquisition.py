"""How attractive a candidate is, given what a model expects of it and how sure it is. Costs are minimised."""

import math

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]

ACQUISITIONS = ("bound", "thompson")
_AUGMENTED = 0.05
_SQUASHED = 0.3
_DIGITS = 9


def optimistic(
    kind: str, mean: Floats, deviation: Floats, beta: float, rng: np.random.Generator
) -> Floats:
    """Return the cost that each candidate might well have.

    Args:
        kind: ``"bound"``: ``mean - beta * deviation``, the lower confidence bound (Srinivas et al. 2010,
            arXiv:0912.3995, with the sign turned). ``"thompson"``: a draw for each candidate apart, independent
            Thompson sampling (White et al. 2021, section 4, arXiv:1910.11858); ``beta`` widens it.
        mean: ``(pool,)`` expected costs.
        deviation: ``(pool,)`` standard deviations.
        beta: Weight of the deviation.
        rng: For the draws.
    """
    if kind == "thompson":
        return np.asarray(mean + beta * deviation * rng.standard_normal(len(mean)))
    return mean - beta * deviation


def squashed(costs: Floats, feasible: npt.NDArray[np.bool_]) -> Floats:
    """Return costs of mean 0 and deviation 1, in which what is bad is all alike.

    ``arcsinh`` of how much is lacking to the best, in 0.3 medians of that: linear near the best, logarithmic
    in the far tail, where networks that learnt nothing would otherwise decide the fit.

    Args:
        costs: ``(trials,)`` finite costs.
        feasible: ``(trials,)`` which of them may be the best; all may where none is feasible.
    """
    allowed = costs[feasible] if feasible.any() else costs
    lacking = allowed - allowed.min()
    scale = _SQUASHED * float(np.median(lacking)) or float(lacking.mean()) or 1.0
    values = np.arcsinh((costs - allowed.min()) / scale)
    deviation = float(values.std())
    return np.asarray((values - values.mean()) / (deviation or 1.0))


def weights_for(objectives: int, rng: np.random.Generator) -> Floats:
    """Return random weights of sum 1, uniform over all such: each proposal aims elsewhere at the front."""
    return np.asarray(rng.dirichlet(np.ones(objectives)))


def chebyshev(costs: Floats, weights: Floats) -> Floats:
    """Return the augmented Chebyshev scalarisation (Knowles 2006, equation 2, doi:10.1109/TEVC.2005.851274).

    Args:
        costs: ``(candidates, objectives)`` costs less the least known of each objective.
        weights: ``(objectives,)``.

    Returns:
        ``(candidates,)``; for a single objective in its own order.
    """
    weighted = costs * weights
    return np.asarray(weighted.max(axis=1) + _AUGMENTED * weighted.sum(axis=1))


def feasibility_targets(violations: Floats) -> Floats:
    """Return -1 for the feasible and up to 1 for the rest, more for a larger violation.

    A model of this knows on which side of the limit 0 a candidate lies; how far beyond matters little.
    """
    broken = violations[violations > 0]
    scale = float(np.median(broken)) if len(broken) else 1.0
    return np.where(violations > 0, 0.5 + 0.5 * violations / (violations + scale), -1.0)


def with_feasibility(costs: Floats, mean: Floats, deviation: Floats) -> Floats:
    """Return a score, more is better: the gain on the pool's mean cost times the probability of feasibility.

    Gardner et al. 2014, equation 6 (ICML, PMLR 32:937), with a bound or draw in the place of the expected improvement;
    a softplus keeps the gain positive, so that the order without limits is that of the costs.

    Args:
        costs: ``(pool,)`` optimistic costs.
        mean: ``(pool,)`` of the feasibility targets.
        deviation: ``(pool,)`` of the same.
    """
    spread = float(costs.std()) or 1.0
    gain = np.logaddexp(0.0, (costs.mean() - costs) / spread)
    return np.asarray(gain * normal_share(-mean / deviation))


def expected_improvement(mean: Floats, deviation: Floats, best: float) -> Floats:
    """Return by how much each score is expected to exceed the best (Jones, Schonlau & Welch 1998, equation 15).

    Args:
        mean: ``(candidates,)`` of scores, more being better.
        deviation: ``(candidates,)``, positive.
        best: The best score so far.
    """
    gain = mean - best
    z = gain / deviation
    found: Floats = gain * normal_share(z) + deviation * np.exp(-0.5 * z * z) / math.sqrt(
        2 * math.pi
    )
    return found


def normal_share(z: Floats) -> Floats:
    """Return the standard normal distribution function."""
    return np.array([0.5 * math.erfc(-one / math.sqrt(2.0)) for one in z.tolist()])


def best_of(scores: Floats) -> int:
    """Return the index of the greatest score, the first of those that differ by rounding only."""
    top = float(scores.max())
    tolerance = 10.0**-_DIGITS * max(1.0, abs(top))
    return int(np.argmax(scores >= top - tolerance))
