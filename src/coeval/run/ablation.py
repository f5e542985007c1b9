"""Ablation: what each decision that led to the winner is worth, measured once the model is safe.

Every edit of the winner's lineage is taken back alone, the candidate without it is trained as a trial of the search is, and
its score stands beside that of the winner itself, trained again beside it under fresh seeds: the score with which the winner
won is the best of many, so a comparison with that one would make every edit look useful. Nothing of it decides anything.
"""

import math
import time
from collections.abc import Sequence
from concurrent.futures import FIRST_COMPLETED, BrokenExecutor, Future, wait
from dataclasses import dataclass
from typing import Any

from coeval.evaluate.training import TrainingEvaluator
from coeval.export.finalists import training_seconds
from coeval.run import guard
from coeval.run.fit_search import trial_limits
from coeval.run.interrupt import Interrupt
from coeval.run.pool import Pool
from coeval.run.reserve import ABLATION_BUDGET, least_ablation
from coeval.run.rivals import default_seed
from coeval.run.run import Run
from coeval.run.site import Site
from coeval.space.protocol import Candidate
from coeval.store.protocol import Note
from coeval.strategy.lineage import lineage
from coeval.strategy.revert import Reversion, reversions
from coeval.trial import Measurement, Proposal, Trial

SHARE = 0.1
"""Share of the budget, or of the time spent where there is none, that it takes at most."""
ROUNDS = 3
"""Trainings of each candidate at most, each under another seed."""
CLOSING_SECONDS = 2.0
"""Kept for the report."""
PLANNING_SHARE = 0.1
"""Share of its time in which undoing moves are looked for."""
ORIGIN = "ablation"
CONTROL = -1
"""In place of a decision's number: the winner itself."""


@dataclass(frozen=True, slots=True)
class _Planned:
    """One training: which decision is taken back (``CONTROL`` for none), and in which round."""

    decision: int
    round: int
    trial: Trial


def ablate(site: Site, run: Run, winner: int, end: float, interrupt: Interrupt) -> None:
    """Train the winner without each of its decisions while there is time, and record what they reach.

    The note ``ablation_plan`` says what is taken back, a note ``ablation`` what one training gave. Ctrl-C ends it; what
    was recorded stays.

    Args:
        site: Where the sitting works.
        run: The finished search.
        winner: Number of the trial behind the model.
        end: ``time.monotonic()`` seconds by which the process should be gone.
        interrupt: Of the stage that made the model: who asked for the end before is not kept waiting either.

    Raises:
        RunError: The journal cannot be written.
    """
    trial = next(one for one in run.trials if one.number == winner)
    seconds = 0.0 if interrupt.requested else _allowed(site, run, end)
    if seconds <= least_ablation(site, trial):
        return
    end = time.monotonic() + seconds
    name = default_seed(site.task, site.space)
    default = {seed: one for seed, one in site.space.seeds().items() if seed == name}
    chain = lineage(run.trials, trial)
    found = reversions(site.space, chain, default, seconds=PLANNING_SHARE * seconds)
    plan = [{"part": one.part, "what": one.what, "trial": one.trial} for one in found.found]
    site.record(
        Note("ablation_plan", {"of": winner, "decisions": plan, "stuck": list(found.stuck)})
    )
    if found.found:
        candidate = trial.proposal.candidate
        planned = _planned(candidate, found.found, first=len(run.trials))
        _train(site, planned, end, training_seconds(trial), interrupt)


def _allowed(site: Site, run: Run, end: float) -> float:
    """Return the seconds that it may take: a share of the budget, as far as time is left; 0 for a small budget."""
    if run.why == "interrupted" or site.seconds < ABLATION_BUDGET:
        return 0.0
    share = SHARE * (run.seconds if site.seconds == math.inf else site.seconds)
    return max(0.0, min(share, end - CLOSING_SECONDS - time.monotonic()))


def _planned(winner: Candidate, without: Sequence[Reversion], first: int) -> list[_Planned]:
    """Return the trainings in order: in each round the winner a few times, then without each decision.

    All are compared with the winner's, so these are worth more trainings than one: with as many as the root of the
    decisions' number the differences are the surest (Dunnett 1955, doi:10.1080/01621459.1955.10501294).
    """
    controls = max(1, round(math.sqrt(len(without))))
    order = [(CONTROL, winner)] * controls
    order += [(number, one.candidate) for number, one in enumerate(without)]
    every = [(turn, *one) for turn in range(ROUNDS) for one in order]
    return [
        _Planned(decision, turn, Trial(first + number, Proposal(candidate, origin=ORIGIN)))
        for number, (turn, decision, candidate) in enumerate(every)
    ]


def _train(
    site: Site, planned: Sequence[_Planned], end: float, each: float, interrupt: Interrupt
) -> None:
    """Train one after the other on all workers until all are done, the time is over, or somebody interrupts."""
    evaluator = _evaluator(site)
    waiting, running = list(reversed(planned)), dict[Future[Measurement], _Planned]()
    pool = Pool(site.workers, site.worker_bytes)
    try:
        while True:
            while waiting and len(running) < site.workers and time.monotonic() + each <= end:
                one = waiting.pop()
                running[pool.submit(measure, evaluator, one.trial)] = one
            with interrupt.waiting():
                left = max(0.0, end - time.monotonic())
                done, _ = wait(running, left, return_when=FIRST_COMPLETED)
            if not done:
                return  # what is still running would end too late
            for future in done:
                one, found = running.pop(future), future.result()
                each = max(each, found.cost.get("seconds", 0.0))
                site.record(_note(site, one, found))
    except (KeyboardInterrupt, BrokenExecutor):
        return  # the model is there; a worker that died for want of memory explains nothing more
    finally:
        pool.close()


def measure(evaluator: TrainingEvaluator, trial: Trial) -> Measurement:
    """Return what an evaluator finds for one trial, in whatever process this runs."""
    ((_, found),) = guard.evaluate(evaluator, [trial], lambda *_: True)
    return found


def _evaluator(site: Site) -> TrainingEvaluator:
    """Return what trains as in the search: whole, from scratch, with a trial's limits but no deadline."""
    return TrainingEvaluator(
        site.folder.cache,
        site.space,
        seed=site.options.seed,
        device=site.options.device,
        signals=False,
        engine="auto" if site.levers.compiled else "eager",
        limits=trial_limits(site, None),
    )


def _note(site: Site, one: _Planned, found: Measurement) -> Note:
    value = found.values.get(site.objective.name, math.nan)
    data: dict[str, Any] = {
        "decision": one.decision,
        "round": one.round,
        "value": value if math.isfinite(value) else None,
        "seconds": found.cost.get("seconds"),
    }
    if found.failure is not None:
        data["failure"] = str(found.failure.reason)
    return Note("ablation", data)
