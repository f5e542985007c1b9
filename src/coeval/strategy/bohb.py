"""BOHB-like: Hyperband whose candidates come from where good ones are dense (Falkner et al. 2018, arXiv:1807.01774)."""

from collections.abc import Sequence

from coeval.space.protocol import Candidate, Space
from coeval.strategy.fidelity_density import DensityRatio
from coeval.strategy.halving import ENOUGH
from coeval.strategy.hyperband import Hyperband
from coeval.trial import Objective, Proposal, Trial


class BOHB:
    """``Hyperband`` around ``DensityRatio``, which learns from the highest rung with enough values (section 3.2).

    Args:
        space: Where to sample and mutate; its ``encode`` places candidates.
        objective: What is optimised; several are ranked by fronts.
        seed: Below which every draw has its address.
        fidelities: Rising shares of the epochs, the last 1; the paper's ratio of neighbours is ``eta``.
        eta: The best 1 / eta of a rung are promoted.
        continues: Whether promotions continue from the lower rung, see ``Ladder``.
        enough: Values that a rung must have before the densities learn from it.
        random_share: Probability that a new candidate is a sample of the space.

    Raises:
        ValueError: A number is out of its range; the fidelities do not rise to 1.
    """

    def __init__(
        self,
        space: Space[Candidate],
        objective: Objective | Sequence[Objective],
        seed: int = 0,
        *,
        fidelities: Sequence[float],
        eta: int = 3,
        continues: bool = True,
        enough: int = ENOUGH,
        random_share: float = 1 / 3,
    ) -> None:
        source = DensityRatio(space, objective, seed, random_share=random_share)
        self._brackets = Hyperband(
            source, objective, fidelities=fidelities, eta=eta, continues=continues, enough=enough
        )

    def ask(self, count: int) -> list[Proposal]:
        """Return promotions of complete rungs, then candidates for the bracket being filled."""
        return self._brackets.ask(count)

    def tell(self, trial: Trial) -> None:
        """Record a trial."""
        self._brackets.tell(trial)
