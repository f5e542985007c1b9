"""What the searched network stands beside: hand-made baselines and the default network.

They are fitted in a process of their own while the search works. Each is scored on validation, then refitted on
everything but test, as the winner will be. Its predictions for the test rows are kept unscored until the test
split is opened.
"""

import math
import time
from collections.abc import Callable
from concurrent.futures import Future, wait
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import numpy.typing as npt

from coeval.evaluate.baselines import (
    BaselineResult,
    baseline_once,
    baseline_test_predictions,
    baselines_for,
    label,
    run_baseline,
)
from coeval.export.retrain import Job, Stored, predictions, restored, retrain
from coeval.run.pool import Pool
from coeval.space.protocol import CandidateSpace
from coeval.store.protocol import Note
from coeval.task import memory
from coeval.task.memory import TaskSource
from coeval.task.task import Task
from coeval.trial import Measurement

Predictions = npt.NDArray[np.float64]
ONCE = "not fitted again for the test"
"""What is said of one that learnt from the training rows alone."""
AGAIN_SHARE = 0.3
"""Share of a baseline's time within which it must have been fitted to be fitted again, on the rows too that the search kept for its choices: of
letter, 60 s on one core, three baselines took 24 s of the search's time when all were."""


@dataclass(frozen=True, slots=True)
class Rival:
    """A baseline's result on validation and its unscored predictions for the test rows."""

    result: BaselineResult
    predictions: Predictions | None = None

    def note(self, metric: str) -> Note:
        """Return the record of it for the journal."""
        found = self.result
        return Note(
            "baseline",
            {
                "name": found.name,
                "label": found.label,
                "validation": found.validation.get(metric),
                "seconds": found.seconds,
                "detail": found.detail,
            },
        )


def default_seed(task: Task, space: CandidateSpace) -> str:
    """Return the name of the seed that is the default network: a plain MLP; of images the preset's first."""
    return next(iter(space.seeds()), "") if task.is_image else "mlp"


def unscored(seed: str, measured: Measurement) -> BaselineResult:
    """Return the default network as a baseline, with what its trial reached on validation."""
    shown = "default network" if seed == "mlp" else f"default network ({seed})"
    seconds = measured.cost.get("seconds", 0.0)
    return BaselineResult(f"default_{seed}", shown, measured.values, seconds)


def fit_rival(
    name: str, source: TaskSource, seed: int, max_seconds: float, has_test: bool
) -> Rival:
    """Fit one baseline, in whatever process this runs."""
    task = memory.load_task(source)
    found: Predictions | None = None
    if has_test and len(task.folds) == 1:
        result, found = baseline_once(name, source, seed=seed, max_seconds=max_seconds)
    else:
        result = run_baseline(name, source, seed=seed, max_seconds=max_seconds)
    if result.failed or not has_test:
        return Rival(result)
    if found is not None and result.seconds > AGAIN_SHARE * max_seconds:
        return Rival(_once(result), found)
    try:
        again = baseline_test_predictions(name, source, seed=seed, max_seconds=max_seconds)
    except Exception:  # of want of memory, say: what it reached before it keeps
        if found is None:
            raise
        return Rival(_once(result), found)
    return Rival(result, again)


def _once(result: BaselineResult) -> BaselineResult:
    """Return the result of a baseline that was not fitted again for the test."""
    return replace(result, detail="; ".join(one for one in (result.detail, ONCE) if one))


def fit_default(result: BaselineResult, job: Job | Stored, source: Path) -> Rival:
    """Refit the default network, or take what the search stored; one that is cut short by the deadline has no test score rather than a bad one."""
    done = retrain(job) if isinstance(job, Job) else restored(job)
    if done.model is None or not done.is_complete:
        return Rival(result)
    task = memory.load(source)
    return Rival(result, predictions(done.model, task, task.splits.test))


class Rivals:
    """Fits the baselines one after the other beside the search.

    Attributes:
        again_seconds: What fitting one again for the test rows may take.
        found: Those that have finished and were news.
    """

    def __init__(
        self,
        source: Path,
        task: Task,
        *,
        seed: int,
        max_seconds: float,
        has_test: bool,
        memory: int | None = None,
    ) -> None:
        """Start with the hand-made baselines; ``add_default`` follows when its trial is done."""
        self.again_seconds = AGAIN_SHARE * max_seconds
        self._source = source
        self._pool = Pool(1, memory)
        self._futures: dict[Future[Rival], BaselineResult] = {}
        for name in baselines_for(task):
            empty = BaselineResult(name, label(name, task.problem))
            self._submit(empty, fit_rival, name, source, seed, max_seconds, has_test)
        self._has_default = False
        self.found: list[Rival] = []

    def add_default(self, result: BaselineResult, job: Job | Stored | None) -> None:
        """Have the default network refitted or restored, whose trial gave ``result``; without a job it keeps its score on validation alone."""
        self._has_default = True
        if job is None:
            self._submit(result, Rival, result)
        else:
            self._submit(result, fit_default, result, job, self._source)

    def news(self) -> list[Rival]:
        """Return those that finished since the last call; one that broke says why and keeps what is known of it."""
        done = [one for one in self._futures if one.done()]
        fresh = [_outcome(one, self._futures.pop(one)) for one in done]
        self.found += fresh
        if fresh and not self._futures and self._has_default:
            self.close()  # scikit-learn's 150 MB are not needed any more
        return fresh

    def wait(self, end: float) -> None:
        """Wait until all have finished, or until ``time.monotonic()`` says ``end``."""
        seconds = end - time.monotonic()
        wait(self._futures, None if seconds == math.inf else max(0.0, seconds))

    def skip(self) -> None:
        """Leave out those that have not begun."""
        self._futures = {one: known for one, known in self._futures.items() if not one.cancel()}

    def close(self) -> None:
        """Give up what still runs."""
        self._pool.close()

    def _submit(self, known: BaselineResult, job: Callable[..., Rival], *inputs: object) -> None:
        self._futures[self._pool.submit(job, *inputs)] = known


def _outcome(future: Future[Rival], known: BaselineResult) -> Rival:
    error = future.exception()
    if error is None:
        return future.result()
    detail = f"{type(error).__name__}: {error}"
    return Rival(
        BaselineResult(
            known.name, known.label, known.validation, known.seconds, detail, failed=True
        )
    )
