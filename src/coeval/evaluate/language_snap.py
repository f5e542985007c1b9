"""Weights rounded to a grid: counting is exact on multiples of 1/2, and drifts off next to them."""

import numpy as np

from coeval.architecture.component import Settings
from coeval.errors import SpaceError
from coeval.evaluate.recurrent import answers, arrange, networks
from coeval.space.recurrent import RecurrentSpace
from coeval.task.language import Examples, Language


def errors(
    space: RecurrentSpace, genotypes: list[Settings], language: Language, examples: Examples
) -> list[int]:
    """Return how many words each network decides wrongly; an answer that is not finite is wrong."""
    reading = arrange(examples.words, language.channels)
    answer = answers(space, networks(space, genotypes), reading)
    right = ((answer > 0) == np.array(examples.labels)) & np.isfinite(answer)
    return [int(one) for one in (~right).sum(axis=1)]


def snap(
    space: RecurrentSpace,
    genotype: Settings,
    language: Language,
    examples: Examples,
    grid: float = 0.5,
) -> Settings:
    """Return the genotype with weights rounded to multiples of ``grid`` where no more words are decided wrongly.

    All weights are rounded at once; where that costs words, one by one, the nearest to the grid first.

    Args:
        space: The genotype's.
        genotype: What to round.
        language: What is decided.
        examples: Training words, by which a rounding is judged.
        grid: Distance of the wanted weights.

    Returns:
        A genotype of the same space.

    Raises:
        SpaceError: The space's own grid does not contain the wanted one.
    """
    if grid <= 0 or (grid / space.step) % 1 or (space.limit / grid) % 1:
        raise SpaceError(
            f"grid must be a multiple of the space's step {space.step} and divide its limit {space.limit}, "
            f"got {grid}."
        )
    weights = np.array([float(value) for _, value in genotype[: space.weights]])
    rounded = np.round(weights / grid) * grid
    before = errors(space, [genotype], language, examples)[0]
    whole = _with(genotype, rounded)
    if errors(space, [whole], language, examples)[0] <= before:
        return whole
    for site in np.argsort(np.abs(weights - rounded), kind="stable"):
        trial = weights.copy()
        trial[site] = rounded[site]
        if errors(space, [_with(genotype, trial)], language, examples)[0] <= before:
            weights = trial
    return _with(genotype, weights)


def _with(genotype: Settings, weights: np.ndarray) -> Settings:
    """Return the genotype with other weights; 0.0 is added so that none is minus zero."""
    changed = [
        (name, float(value) + 0.0)
        for (name, _), value in zip(genotype, weights.tolist(), strict=False)
    ]
    return (*changed, *genotype[len(changed) :])
