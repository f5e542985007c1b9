"""How much of a budget is kept for the end: retraining the finalists, the refit, export and scoring.

A share of the budget is one of what the sitting had when it began: of all sittings' budget it might leave a resume nothing to search in.
"""

import math
import time
from collections.abc import Iterable, Sequence

from coeval.architecture.inference import infer
from coeval.component.solved import follows_no_recipe, kind_of, trees_of
from coeval.export import stretch
from coeval.export.finalists import (
    LONGER,
    are_many,
    choose_finalists,
    final_seconds,
    finalists_for,
    refit_seconds,
    timed,
    training_seconds,
)
from coeval.export.retrain import Finalist
from coeval.export.seeds import NETWORKS, SEEDS
from coeval.run.one_shot import divide
from coeval.run.site import Site
from coeval.run.ticks import trains_ticks
from coeval.store.protocol import Note
from coeval.task.task import Task
from coeval.trial import Trial

EXPORT_SECONDS = 4.5
"""Writing, verifying and scoring a model, measured: 2 to 4 s with the imports they need, for an ensemble of ``COUNTED`` too."""
COUNTED, MEMBER_SECONDS = 4, 0.2
"""What one more member takes to predict, be traced, written and loaded: 16 networks of splice and of credit_g took 2.8 to 3.5 s more
than one."""
IMAGE_EXPORT_SECONDS = 9.0
"""The same for images, of which hundreds go through the network, its ONNX form and its source: measured 8.5 s."""
SCORING_SECONDS = 5e-4
"""Predicting one test image of 28 by 28 with a network of 20 million multiply-accumulates, on one core."""
ROW_SECONDS = 5e-5
"""Predicting one row of a table in double precision, from its ONNX form and from its source, and resampling the score."""
COLUMN_SECONDS = 1e-3
"""One more column in the files, in what ONNX Runtime is given and in the checks: 1,776 columns and three members took 1.5 s more than six columns and four."""
COMPILED_SECONDS, TREE_SECONDS = 4.5e-8, 1.8e-7
"""Sending one row down one tree of up to 63 leaves in compiled loops, and in torch: 1.2e-7 to 3.7e-7, after machine and load; with 1.2e-7 an ensemble of 1,500 trees a
member (optdigits) ended 2 s late. One of 16 leaves takes .4 of it."""
FAR_LEAVES = 1200
"""Leaves that take as long again: in torch trees of 1,024 took 1.6 times as long as trees of 63, of 4,096 4.4 times; in compiled loops 2.1 and 3.4 times."""
MAC_SECONDS = 6e-11
"""One multiply-accumulate of a network over many rows on one core; .3 of it in single precision, .7 in double."""
WALK_SHARE = 0.05
"""Share of the budget that predicting these rows may take beyond what the best takes alone; ensembles are kept small enough for it."""
VERIFIED_ROWS = 2_000
"""Rows of a table on which an export is compared with the model at most."""
PIXELS = 28 * 28
CONTEST_SHARE = 1 / 3
"""Share of the budget that training the finalists again may take, to predict together; with more, fewer of them are. On tables of 400 to
5,000 rows the mean of the finalists after a third of the trials was as good as after all (ADR 10)."""
REFITTED, AGAIN, AGAIN_SHARE = 2, 3, 0.2
"""Finalists of a large table that time is kept to refit, and how often where that takes no more than a share of the budget. Of six, two or three were chosen,
and what else is chosen has the search's own weights; with time for all, 60 s of california_houses left 13 s unused. There two kinds of trees and a
network together had an RMSE of 44,196, of 44,592 where the network was not refitted; under two and three seeds each 44,038 and 43,935."""
GROWING_SHARE = 0.3
"""Likewise where boosting was broken off, which then takes up to twice the rounds."""
STARTING_SECONDS = 0.5
"""What passes before a refit begins; without it the refit that was planned for never fits."""
IMPORTANCE_SHARE, IMPORTANCE_SECONDS = 0.02, 10.0
"""Share of the budget for the importance of the columns, and the most seconds that it takes."""
IMPORTANCE_LEFT = 0.15
"""Share of what is left when the search has ended that it takes at most."""
ABLATION_SHARE = 0.05
"""Share of the budget that is kept for the ablation of the winner's decisions; what else is left goes to it too."""
ABLATION_BUDGET = 90.0
"""Seconds of budget below which nothing is kept for it, nor spent on it: the search is worth more there."""
KEPT = 8
"""Trials whose weights stay in the folder: the finalists and a few more, and the best of each kind."""


def export_seconds(task: Task) -> float:
    """Return the seconds that the end of a small model needs when the final training is over."""
    if not task.is_image:
        rows = len(task.splits.test) + len(task.splits.selection)
        return EXPORT_SECONDS + ROW_SECONDS * rows + COLUMN_SECONDS * len(task.table.columns)
    _, height, width, _ = task.table.columns[0].values.shape
    size = int(height) * int(width) / PIXELS
    return IMAGE_EXPORT_SECONDS + SCORING_SECONDS * len(task.splits.test) * size


def walking_seconds(task: Task, members: Iterable[Finalist]) -> float:
    """Return what predicting the rows of a table takes: once for the score, and once for the comparison with what was written.

    Args:
        task: What is solved.
        members: Of an ensemble, or a single one.
    """
    test, selection = len(task.splits.test), len(task.splits.selection)
    verified = min(max(test, selection), VERIFIED_ROWS)
    seconds = 0.0
    for one in members:
        trees, leaves = trees_of(one.architecture, max(one.epochs, one.longest))
        walks = trees * (1 + leaves / FAR_LEAVES)
        seconds += walks * (COMPILED_SECONDS * test + TREE_SECONDS * verified)
        seconds += MAC_SECONDS * infer(one.architecture).cost.macs * (test + verified)
    return seconds


def most_walking(site: Site, finalists: Sequence[Finalist]) -> float:
    """Return what an ensemble may take of these seconds: what the best takes alone, and a share of the budget."""
    alone = walking_seconds(site.task, _lengthened(site.task, finalists[:1]))
    return alone + WALK_SHARE * site.seconds


def ending_seconds(site: Site, finalists: Sequence[Finalist]) -> float:
    """Return the seconds that the end needs when the final training is over, whoever of the finalists the model consists of."""
    if site.task.is_image or not finalists:
        return export_seconds(site.task)
    is_alone = not site.options.ensemble or stretch.stretch_seconds(finalists[0], site.task) > 0
    long = _lengthened(site.task, finalists)
    together = long[:1] if is_alone else _trainings(site.task, long)
    walking = min(walking_seconds(site.task, together), most_walking(site, finalists))
    written = MEMBER_SECONDS * max(0, len(together) - COUNTED)
    return export_seconds(site.task) + walking + written


def _lengthened(task: Task, finalists: Sequence[Finalist]) -> list[Finalist]:
    """Return finalists as their refits may come out: boosting goes on, if there is time."""
    return [timed(one, task, LONGER) for one in finalists]


def _trainings(task: Task, finalists: Sequence[Finalist]) -> Sequence[Finalist]:
    """Return the finalist of each training that a model may consist of: each under several seeds, of a large table once more, trees in place of the search's."""
    if not are_many(task):
        return (list(finalists) * SEEDS)[:NETWORKS]
    again = [one for one in finalists if not follows_no_recipe(one.architecture)]
    return [*finalists, *again]


def importance_seconds(site: Site, left: float = math.inf) -> float:
    """Return what the importance of the columns may take; 0 where there are none to tell apart.

    Args:
        site: Where the sitting works.
        left: Seconds that there are for everything to the end: who interrupts a run does not wait for it long.
    """
    if site.task.is_image or len(site.task.table.columns) < 2:
        return 0.0
    return max(
        0.0, min(IMPORTANCE_SHARE * site.seconds, IMPORTANCE_SECONDS, IMPORTANCE_LEFT * left)
    )


def ablation_seconds(site: Site, winner: Trial | None) -> float:
    """Return what is kept for ablation; 0 where not even the winner again and one other training would fit into it."""
    if winner is None or not ABLATION_BUDGET <= site.seconds < math.inf:
        return 0.0
    kept = ABLATION_SHARE * site.seconds
    return kept if least_ablation(site, winner) <= kept else 0.0


def least_ablation(site: Site, winner: Trial) -> float:
    """Return the seconds that the winner again and one other training take."""
    return 2 * training_seconds(winner) / min(site.workers, 2)


def ticks_end(site: Site) -> float:
    """Return the ``time.monotonic()`` seconds at which the last tick of a one-shot method ends, infinity without a limit on time.

    Then there is time to train what the ticks found alone, and whatever turns out best for long.
    """
    whole = site.seconds
    if whole == math.inf:
        return math.inf
    kept = export_seconds(site.task) + site.demands.closing_seconds + importance_seconds(site)
    kept += ABLATION_SHARE * whole if whole >= ABLATION_BUDGET else 0.0
    return site.end - kept - divide(whole).after_ticks


class Reserve:
    """Follows the trials and says when the search has to end.

    Attributes:
        best: The best trials that were really trained, and the best of each kind, the best first; their weights are kept.
        seconds: Kept for the final training of what is best so far; what comes after it is kept beside it.
    """

    def __init__(self, site: Site) -> None:
        self._site = site
        self.best: list[Trial] = []
        self.seconds = 0.0
        self._export = export_seconds(site.task)
        self._compared = finalists_for(site.task)

    def record(self, record: Trial | Note) -> None:
        """Take a trial into account; only one among the best changes anything."""
        if not isinstance(record, Trial) or not record.is_comparable:
            return
        fresh = record.measurement is not None and record.measurement.cached_from is None
        if fresh:
            site, count = self._site, self._compared
            self.best = self._kept(sorted([*self.best, record], key=site.objective.cost))
            if any(one is record for one in self.best):
                finalists = choose_finalists(self.best, site.space, site.objective, count)
                self.seconds = self._training(finalists)
                self._export = ending_seconds(site, finalists)

    def _kept(self, ranked: Sequence[Trial]) -> list[Trial]:
        """Return the first few, and the first of each kind."""
        firsts: dict[str, int] = {}
        for one in ranked:
            kind = kind_of(self._site.space.architecture(one.proposal.candidate))
            firsts.setdefault(kind, one.number)
        return [one for n, one in enumerate(ranked) if n < KEPT or one.number in firsts.values()]

    def is_due(self) -> bool:
        """Return whether the search has to end now.

        Before there is a trial to make a model of it goes on to its deadline, at which trials are told to end with what they
        have learnt.
        """
        if not self.best:
            return False
        needed = self._export + self.seconds
        needed += self._site.demands.closing_seconds + importance_seconds(self._site)
        needed += ablation_seconds(self._site, self.best[0])
        return time.monotonic() + needed >= self._site.end

    def _training(self, finalists: Sequence[Finalist]) -> float:
        """Return what the final training takes: the longest of pictures, a contest of finalists, or the refit alone."""
        site = self._site
        if not finalists:
            return 0.0
        whole = site.seconds
        most = CONTEST_SHARE * whole
        if whole < math.inf:
            long = stretch.stretch_seconds(finalists[0], site.task)
            if long:
                long_share = stretch.share_for(site.task) * whole
                share = divide(whole).final if trains_ticks(site) else long_share
                return min(long, share)
        for together in dict.fromkeys((site.options.ensemble, False)):
            is_quick = together and are_many(site.task)
            likely = _heaviest(finalists)[:REFITTED] if is_quick else finalists
            for count in range(len(likely), 1, -1):
                first = likely[:count]
                needed = final_seconds(first, site.task, workers=site.workers, together=together)
                if needed <= most:
                    share = GROWING_SHARE if self._are_growing(first) else AGAIN_SHARE
                    again = min(AGAIN * needed, share * whole) if is_quick else 0.0
                    return max(needed, again) + STARTING_SECONDS
        return refit_seconds(finalists[0], site.task) + STARTING_SECONDS

    def _are_growing(self, finalists: Sequence[Finalist]) -> bool:
        """Return whether the search broke off boosting that goes on at the end."""
        long = _lengthened(self._site.task, finalists)
        return any(one.longest and follows_no_recipe(one.architecture) for one in long)


def _heaviest(finalists: Sequence[Finalist]) -> list[Finalist]:
    """Return finalists as they are likely to weigh in a mean: behind the best the best of another kind, which errs elsewhere."""
    best, *others = finalists
    kind = kind_of(best.architecture)
    return [best, *sorted(others, key=lambda one: kind_of(one.architecture) == kind)]
