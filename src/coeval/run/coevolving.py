"""The coevolution of a search on real data."""

from collections.abc import Sequence

from coeval.space.protocol import CandidateSpace
from coeval.strategy.coevolution import LEAST, Coevolution
from coeval.strategy.coevolution_stages import decomposition_for
from coeval.trial import Objective

ASSEMBLED = 100
"""Teams that are compared for a proposal where trainings are short: 10 ms a proposal, 300 took 30."""


def coevolution(
    space: CandidateSpace,
    objective: Objective | Sequence[Objective],
    seed: int,
    rungs: Sequence[float] = (1.0,),
) -> Coevolution:
    """Return coevolution that begins with the teams of the seeds, and draws no random ones, as the control does.

    Its credit chooses among the teams that it could propose, as screening does among evolution's candidates.

    Args:
        space: Where it searches.
        objective: What is optimised.
        seed: Of every draw.
        rungs: Shares of the epochs at which it is told of trials, rising, the last 1.

    Raises:
        SpaceError: The space cannot be taken apart.
    """
    return Coevolution(
        space,
        objective,
        seed,
        teams=decomposition_for(space),
        warm_up=LEAST,
        assembled=ASSEMBLED,
        random=0.0,
        rungs=rungs,
    )
