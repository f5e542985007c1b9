"""What a run's coevolution learnt of its species and teams, for the journal."""

from collections.abc import Sequence

from coeval.run.coevolving import coevolution
from coeval.run.levers import Levers
from coeval.run.site import Site
from coeval.run.strategies import COOPERATIVE, RUNGS
from coeval.space.protocol import CandidateSpace
from coeval.store.protocol import Note
from coeval.strategy.coevolution_account import Account, account
from coeval.trial import Objective, Trial


def learnt(
    space: CandidateSpace, objective: Objective, trials: Sequence[Trial], levers: Levers
) -> Account | None:
    """Return what the trials of a search teach of teams, whoever proposed them; ``None`` where they are too few.

    Args:
        space: Of the candidates.
        objective: What was optimised.
        trials: Of the search, those that ended.
        levers: Of the run: whether there were rungs.
    """
    strategy = coevolution(space, objective, 0, RUNGS if levers.rungs else (1.0,))
    for one in trials:
        strategy.tell(one)
    return account(strategy)


def note_teams(site: Site, trials: Sequence[Trial]) -> None:
    """Record what the teams of a run were worth, where its strategy is coevolution."""
    if site.options.strategy != COOPERATIVE or site.task.is_image:
        return
    found = learnt(site.space, site.objective, trials, site.levers)
    if found is not None:
        site.record(Note("teams", found.to_json()))
