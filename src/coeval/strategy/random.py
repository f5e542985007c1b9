"""Random search: the strategy that every other has to beat (Li & Talwalkar 2019, arXiv:1902.07638)."""

from coeval.space.protocol import Candidate, Space
from coeval.strategy.log import Log, draws
from coeval.trial import Proposal, Trial


class RandomSearch:
    """Proposes independent samples of a space.

    A candidate that was told before is drawn anew, at most ``REDRAWS`` times: in a space that is all but
    used up it may come again.

    Args:
        space: Where to sample.
        seed: Below which every draw has its address.
    """

    def __init__(self, space: Space[Candidate], seed: int = 0) -> None:
        self.space = space
        self.seed = seed
        self._log = Log()

    def ask(self, count: int) -> list[Proposal]:
        """Return ``count`` samples."""
        return self._log.ask(count, self._propose)

    def tell(self, trial: Trial) -> None:
        """Record which candidates were tried."""
        self._log.tell(trial)

    def _propose(self, number: int, taken: set[str]) -> Proposal:
        samples = (
            Proposal(self.space.sample(rng), origin="random")
            for rng in draws(self.seed, "random", number)
        )
        return self._log.fresh(samples, taken)
