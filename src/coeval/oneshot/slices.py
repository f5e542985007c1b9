"""One tick on a worker: measure, train a slice, or choose. What is found goes into the journal as plain values."""

import math
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch

from coeval.architecture.inference import infer
from coeval.evaluate.folds import Fold
from coeval.evaluate.plan import Refusal
from coeval.oneshot.choose import (
    Ranked,
    best_bred,
    best_of_sizes,
    best_sampled,
    by_perturbation,
)
from coeval.oneshot.collapse import share_of_skips, skip_options
from coeval.oneshot.costs import option_macs
from coeval.oneshot.members import Members, Picks
from coeval.oneshot.method import (
    Choice,
    Method,
    Penalty,
    architecture_lr,
    architecture_steps,
    method_named,
)
from coeval.oneshot.mixture import strengths
from coeval.oneshot.rows import search_rows
from coeval.oneshot.score import Judge
from coeval.oneshot.search import BATCH, Search, Setting
from coeval.oneshot.tick import Kind, Tick
from coeval.seed import generator
from coeval.space.open import OpenSpace
from coeval.task.task import Task
from coeval.train.data import examples_of, target_scale

MEASURED_STEPS, WARM_STEPS = 10, 2
"""Steps of a measurement, and how many of them before its clock starts."""
PERTURBED, LEAST_JUDGED = 60_000, 200
"""Rows that pass the mixture while options are removed, over all options, and the least for each of them."""
RANKED = 10
"""Paths that a choice hands on with their scores."""


@dataclass(frozen=True, slots=True, eq=False)
class Slicing:
    """What a tick is done on.

    Attributes:
        task: To be solved.
        fold: Its prepared rows.
        open: The space with all its decisions open.
        seed: Of the search.
        costs: Of the options, for methods that punish latency; multiplications where not given.
        should_stop: Asked between two steps.
    """

    task: Task
    fold: Fold
    open: OpenSpace
    seed: int
    costs: Sequence[Sequence[float]] | None
    should_stop: Callable[[], bool]


@dataclass(frozen=True, slots=True, eq=False)
class Sliced:
    """What a tick found: plain values, and the supernet where a later tick goes on from it."""

    data: dict[str, Any]
    state: Mapping[str, np.ndarray] | None = None


def sliced(slicing: Slicing, tick: Tick, state: Mapping[str, np.ndarray] | None) -> Sliced:
    """Do what a tick asks for.

    Args:
        slicing: On what.
        tick: What.
        state: The supernet after step ``tick.first``; without it the steps before are trained first.

    Raises:
        Refusal: There was no time for a first step.
    """
    if tick.kind is Kind.MEASURE:
        return _measured(slicing, tick)
    search, judge = start(slicing, tick.method, tick.total)
    if state is not None:
        search.load(state)
    search.run(tick.first, slicing.should_stop)
    search.losses.clear()
    if tick.kind is Kind.CHOOSE:
        return Sliced(_chosen(slicing, search, judge, tick))
    started = time.monotonic()
    search.run(tick.last, slicing.should_stop)
    _check_begun(search.done, 1)
    seconds = time.monotonic() - started
    data = _facts(slicing, search)
    data["step_seconds"] = seconds / max(search.done - tick.first, 1)
    if search.setting.method.stops_on_curvature:
        data["eigenvalue"] = search.eigenvalue()
    return Sliced(data, search.state())


def start(slicing: Slicing, name: str, total: int) -> tuple[Search, Judge]:
    """Return a search at its first step, and who scores its paths.

    Args:
        slicing: On what.
        name: The method's.
        total: Steps of the shared weights in the whole search.
    """
    method, task = method_named(name), slicing.task
    rows = search_rows(
        task, slicing.fold, batch=BATCH, splits=method.splits_rows, seed=slicing.seed
    )
    setting = Setting(
        method=method,
        members=Members(slicing.open),
        rows=rows,
        problem=task.problem,
        seed=slicing.seed,
        total=total,
        costs=_costs(slicing, method),
    )
    scale = target_scale(
        task.problem, examples_of(task, slicing.fold.train, slicing.fold.train_index)
    )
    search = Search(setting)
    return search, Judge(search.supernet, rows, task.problem, task.metric, scale)


def picks_of(search: Search) -> Picks:
    """Return what the architecture weights say now; the first member for methods that learn none."""
    setting = search.setting
    if search.controller is not None:
        return search.controller.draw(generator(setting.seed, "likely", search.done))
    if not setting.method.learns_weights:
        return setting.members.picks(setting.members.open.base)
    return setting.members.best([one.tolist() for one in strengths(setting.method, search.logits)])


def _measured(slicing: Slicing, tick: Tick) -> Sliced:
    """Make a few steps of a search that is thrown away, and time them."""
    search, judge = start(slicing, tick.method, MEASURED_STEPS)
    search.run(WARM_STEPS, slicing.should_stop)
    started = time.monotonic()
    search.run(MEASURED_STEPS, slicing.should_stop)
    _check_begun(search.done, MEASURED_STEPS)
    steps = time.monotonic() - started
    started = time.monotonic()
    judge.path(picks_of(search))
    data = _facts(slicing, search)
    data["steps"] = {**data["steps"], "done": 0}
    data["step_seconds"] = steps / max(search.done - WARM_STEPS, 1)
    data["score_seconds"] = time.monotonic() - started
    return Sliced(data)


def _check_begun(done: int, least: int) -> None:
    """Check that enough steps were made to say anything.

    Raises:
        Refusal: The time was over before.
    """
    if done < least:
        raise Refusal(
            f"the time for one-shot ticks was over after {done} steps, of which {least} are the least. Raise the budget."
        )


def _facts(slicing: Slicing, search: Search) -> dict[str, Any]:
    """Return what is to be said of a search at any time."""
    setting, method = search.setting, search.setting.method
    picks = picks_of(search)
    skips = skip_options(slicing.open.architecture)
    data: dict[str, Any] = {
        "picks": list(picks),
        "skips": share_of_skips(skips, picks),
        "epoch_steps": setting.rows.shared.count,
        "score_seconds": 0.0,
        "steps": {
            "done": search.done,
            "total": setting.total,
            "architecture": architecture_steps(method, setting.total),
            "published": method.published.steps,
        },
        "lr": architecture_lr(method, setting.total),
    }
    if search.losses:
        data["train_loss"] = float(np.mean(search.losses))
    if method.learns_weights:
        found = strengths(method, search.logits)
        data["alphas"] = [[round(float(one), 6) for one in slot] for slot in search.logits]
        means = [float(one[sorted(own)].sum()) for one, own in zip(found, skips, strict=True)]
        data["skip_weight"] = float(np.mean(means))
    return data


def _chosen(slicing: Slicing, search: Search, judge: Judge, tick: Tick) -> dict[str, Any]:
    """Read the final architectures off the supernet."""
    method, members = search.setting.method, search.setting.members
    rng = generator(slicing.seed, "choose")

    def cost(picks: Picks) -> float:
        return judge.cost(judge.path(picks))

    found: Ranked
    match method.choice:
        case Choice.EVOLUTION:
            found = best_bred(cost, members, tick.tries, rng, slicing.should_stop)
        case Choice.FRONT:
            found = best_of_sizes(cost, members, tick.tries, rng, slicing.should_stop)
        case Choice.PERTURBATION:
            picks = members.best(_perturbed(slicing, search, judge, tick))
            found = [(picks, cost(picks))]
        case _:
            draw = members.sample if search.controller is None else search.controller.draw
            found = best_sampled(cost, draw, tick.tries, rng, slicing.should_stop)
    sign = -1.0 if judge.metric.maximise else 1.0
    best = [
        [list(picks), sign * score if math.isfinite(score) else None]
        for picks, score in found[:RANKED]
    ]
    skips = skip_options(slicing.open.architecture)
    return {
        **_facts(slicing, search),
        "best": best,
        "scored": len(found),
        "skips": share_of_skips(skips, found[0][0]),
        "step_seconds": 0.0,
        **(_front(slicing.open, found, sign) if method.choice is Choice.FRONT else {}),
    }


def _front(opened: OpenSpace, found: Ranked, sign: float) -> dict[str, Any]:
    """Return the front as picks, score, parameters and multiply-accumulates, the smallest network first."""
    sizes = [(picks, score, infer(opened.network(picks)).cost) for picks, score in found]
    sizes.sort(key=lambda one: one[2].parameters)
    return {
        "front": [
            [
                list(picks),
                sign * score if math.isfinite(score) else None,
                cost.parameters,
                cost.macs,
            ]
            for picks, score, cost in sizes
        ]
    }


def _perturbed(
    slicing: Slicing, search: Search, judge: Judge, tick: Tick
) -> Sequence[Sequence[float]]:
    """Return what each option is worth by DARTS-PT."""
    most = max(PERTURBED // sum(len(one) for one in search.logits), LEAST_JUDGED)

    def cost(logits: Sequence[torch.Tensor]) -> float:
        weights = [one.softmax(0) for one in logits]
        return judge.cost(judge.mixture(weights, search.scales, most=most))

    def tune(place: int, logits: Sequence[torch.Tensor]) -> None:
        search.tune(search.done + place * tick.tries, tick.tries, logits)

    return by_perturbation(
        [one.clone() for one in search.logits],
        cost,
        tune,
        generator(slicing.seed, "perturbation"),
        slicing.should_stop,
    )


def _costs(slicing: Slicing, method: Method) -> tuple[torch.Tensor, ...]:
    if method.penalty is None or method.penalty[0] is not Penalty.LATENCY:
        return ()
    given = option_macs(slicing.open) if slicing.costs is None else slicing.costs
    return tuple([torch.tensor(list(one), dtype=torch.float32) for one in given])
