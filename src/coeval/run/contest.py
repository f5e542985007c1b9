"""The hand-made network for images among the finalists: trained as long as the network that it stands beside.

The final training draws out a search's short schedules (``export.stretch``). A default network that is refitted for a few
epochs while the winner trains for many would be beaten by the clock, not by the search.
"""

from collections.abc import Sequence
from dataclasses import replace

from coeval.export.final import FinalModel
from coeval.export.finalists import choose_finalists
from coeval.export.retrain import Finalist
from coeval.run.deliver import predict
from coeval.run.pool import Pool
from coeval.run.rivals import Rival, default_seed, unscored
from coeval.run.run import Run
from coeval.run.site import Site
from coeval.trial import Trial


def with_default(site: Site, run: Run, finalists: Sequence[Finalist]) -> Sequence[Finalist]:
    """Return finalists on images with the default network second, so that it is trained beside the best at least.

    With one worker there is one final training, and the default network keeps its score on validation; under limits of cost
    it need not be a member.
    """
    trial = _default(site, run)
    if trial is None or site.workers < 2 or site.demands.constraints.limits:
        return finalists
    own = choose_finalists([trial], site.space, site.objective, 1)
    best, *others = finalists
    if best.trial == trial.number:
        return finalists
    return (best, *own, *(one for one in others if one.trial != trial.number))


def equally_trained(
    site: Site, run: Run, pool: Pool, final: FinalModel, rivals: Sequence[Rival]
) -> list[Rival]:
    """Return the baselines, the default network as the final training made it where it was trained like the winner, or won."""
    trial = _default(site, run)
    if trial is None or trial.measurement is None or not len(site.task.splits.test):
        return list(rivals)
    known = unscored(default_seed(site.task, site.space), trial.measurement)
    own = (one for one in final.trained if one.trial == trial.number and one.rows is final.rows)
    alike = next((one for one in own if one.model and one.is_complete), None)
    if final.trial == trial.number:
        model, detail = final.model, "the search found nothing better"
    elif alike is not None and alike.model is not None:
        model, detail = alike.model, f"trained for {alike.epochs} epochs"
    else:
        return list(rivals)
    found = pool.submit(predict, model, site.folder.cache).result()
    others = [one for one in rivals if one.result.name != known.name]
    return [*others, Rival(replace(known, detail=detail), found)]


def _default(site: Site, run: Run) -> Trial | None:
    """Return the trial of the default network for images; ``None`` where there is none, or of a table."""
    if not site.task.is_image:
        return None
    origin = f"seed:{default_seed(site.task, site.space)}"
    found = (one for one in run.trials if one.proposal.origin == origin and one.is_comparable)
    return next(found, None)
