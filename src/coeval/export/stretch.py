"""The final training of what a search on pictures or on a huge table found: its schedule, drawn out over as much time as there is.

Such a search trains its candidates for a few epochs each, every one a whole schedule that ends at a low rate, and what it
finds is trained for long (as Zoph et al. 2018, arXiv:1707.07012, section 3, and all cell searches since have it). So much
longer a training is not repeated on a few more rows: where there is time for long trainings of as many finalists as there
are workers, they train at once, the selection rows choose, and the winner is what was trained; otherwise the best on
validation has all cores and all rows. Its rate follows the clock (``train.schedule.by_the_clock``).

Of a table of hundreds of thousands of rows a search has time for an epoch or two, where eight would still teach. What it found is
trained on train and validation rows, so that the selection rows can say whether it was worth it.
"""

import math
from collections.abc import Sequence
from dataclasses import replace

from coeval.component.solved import follows_no_recipe
from coeval.export.retrain import Finalist, Rows, row_indices
from coeval.task.task import Task

SHARE = 0.7
"""Share of a budget that is kept for it at most. With .6, neither 15 minutes of Fashion-MNIST nor an hour of CIFAR-10 found anything
better than the default network in the rest; what decided was the epochs of the end."""
LONG = 100
"""Epochs that no schedule is drawn out beyond: pictures changed at random keep teaching for as long, hardly longer."""
MOST = 16
"""Times its length that a schedule is drawn out at most. Rates and decay that suit so much shorter a training may not suit."""
UNHURRIED = 4
"""The same where no time was set: whoever asks for a few trials does not wait for sixteen more at the end."""
SHARE_OF_TABLE = 0.4
"""The same on a table: its search tries families of networks, of which one or two epochs say a lot."""
LONG_ON_TABLE = 16
"""Epochs that a table's schedule is not drawn out beyond. On 375,000 rows a plain network made errors of 24.1, 22.7, 22.1, 21.6 and
21.1 in 1, 2, 4, 8 and 16 epochs; what more would bring, early stopping would have to guard."""
ROWS, SHORT = 100_000, 4
"""Rows from which on, and epochs up to which, a table's schedule is drawn out: then it was rows that made it short, and no epoch
was judged worse than the one before."""
LEAST = 1.5
"""Times the epochs of a refit from which on that is worth having the winner's weights not refitted on all rows. Those are fewer than its
schedule's where the search cut it short, before its rate was low."""
QUICKER = 0.75
"""An epoch of a long training of pictures, as a share of what the search measured: there a training's first steps, which are slow,
and a score after every epoch are spread over few epochs. Of 1,000 images it was .71. Planned with the whole, a search ended too
early, or found no time for a long training and left a quarter of 60 s unused; planned with too little, the schedule, which follows the
clock, is an epoch or two shorter."""
CONTESTED = 24
"""Epochs that there must be time for in the training of each of several finalists; with fewer, more of them teach more than
a choice. On Fashion-MNIST two finalists with 8 epochs each, on a core of their own and fewer rows, ended at 92.66 %, one with
14 on both cores at 93.92 %."""


def stretch_seconds(finalist: Finalist, task: Task) -> float:
    """Return the seconds that the longest final training of a finalist is expected to take.

    Zero where its schedule is not to be drawn out.
    """
    times = _longest(finalist, task)
    return times * _seconds(_paced(finalist, task), task) if times >= LEAST else 0.0


def share_for(task: Task) -> float:
    """Return the share of a budget that is kept for it at most."""
    return SHARE if task.is_image else SHARE_OF_TABLE


def stretched(
    finalists: Sequence[Finalist], task: Task, *, seconds: float, workers: int
) -> tuple[Finalist, ...]:
    """Return the finalists that are trained once and for long, with drawn out schedules; none where others do better.

    Args:
        finalists: The best first.
        task: Theirs; only those of pictures and of huge tables are trained so.
        seconds: That there are, export aside; infinity where none were set.
        workers: Trainings at once; without selection rows to choose by there is one.
    """
    found: list[Finalist] = []
    count = max(workers, 1) if len(task.splits.selection) else 1
    for one in [_paced(finalist, task) for finalist in finalists[:count]]:
        allowed = _longest(one, task)
        times = min(allowed, seconds / _seconds(one, task) if seconds < math.inf else UNHURRIED)
        if allowed < LEAST or times * one.schedule_epochs < LEAST * one.epochs:
            break
        length = math.floor(times * one.schedule_epochs)
        longest = 0 if seconds == math.inf else math.floor(allowed * one.schedule_epochs)
        found.append(replace(one, epochs=length, schedule_epochs=length, longest=longest))
    if seconds < math.inf and any(one.epochs < min(CONTESTED, one.longest) for one in found):
        return tuple(found[:1])
    return tuple(found)


def _paced(finalist: Finalist, task: Task) -> Finalist:
    """Return a finalist with the pace of a long training."""
    pace = QUICKER if task.is_image else 1.0
    return replace(finalist, epoch_seconds=pace * finalist.epoch_seconds)


def _longest(finalist: Finalist, task: Task) -> float:
    """Return how many times its length a finalist's schedule may be drawn out."""
    if task.is_image:
        return min(MOST, LONG / finalist.schedule_epochs)
    is_short = finalist.epochs == finalist.schedule_epochs <= SHORT
    is_large = len(row_indices(task, Rows.ALL)) >= ROWS
    if is_short and is_large and not follows_no_recipe(finalist.architecture):
        return LONG_ON_TABLE / finalist.schedule_epochs
    return 1.0


def _seconds(finalist: Finalist, task: Task) -> float:
    """Return the seconds of a whole schedule on everything but the test rows."""
    rows = len(row_indices(task, Rows.ALL))
    whole = replace(finalist, epochs=finalist.schedule_epochs)
    return whole.seconds(rows)
