"""Ticks on the smaller versions of one network."""

import functools
from dataclasses import replace

import numpy as np
import pytest

from coeval.architecture.inference import infer
from coeval.errors import SpaceError
from coeval.evaluate.training import TrainingEvaluator
from coeval.oneshot.evaluator import OneShotEvaluator
from coeval.oneshot.strategy import OneShot
from coeval.oneshot.tick import Kind, Tick, tick_of
from coeval.space.elastic import elastic_space, roomiest
from coeval.space.images import space_for
from coeval.space.limits import Limits
from coeval.space.open import open_space
from coeval.store.artifacts import MemoryArtifacts
from coeval.testing.spaces import check_candidate_space
from coeval.trial import Trial, finish
from tests.oneshot.searches import SPACE as CHOICES
from tests.space.pictures import picture_task

TASK = picture_task(side=8, rows=120)
STAGES = space_for(TASK, "stages", limits=Limits(parameters=20_000, macs=150_000), effort=0.02)
LARGEST = roomiest(STAGES)
SPACE = elastic_space(STAGES, LARGEST)
OPEN = open_space(SPACE)


def ticked(judge, tick, number=0, before=None):
    proposal = tick.proposal(OPEN.base, None if before is None else before.number)
    kin = {} if before is None else {before.number: before}
    trial = Trial(number, proposal, kin=kin)
    ((_, measurement),) = judge.evaluate([trial], lambda *_: True)
    assert measurement.failure is None, measurement.failure
    return finish(trial, measurement)


def judge(artifacts=None):
    inner = TrainingEvaluator(TASK, SPACE, artifacts=artifacts, signals=False)
    return OneShotEvaluator(inner, TASK, SPACE, artifacts=artifacts)


@functools.cache
def trained():
    artifacts = MemoryArtifacts()
    own = judge(artifacts)
    first = ticked(own, Tick("elastic", Kind.TRAIN, 0, 2, 4))
    last = ticked(own, Tick("elastic", Kind.TRAIN, 2, 4, 4), 1, first)
    return artifacts, own, last


def test_the_versions_of_a_seed_are_a_space_of_candidates():
    check_candidate_space(SPACE, samples=15)
    (seed,) = SPACE.seeds().values()
    assert SPACE.architecture(seed) == STAGES.architecture(LARGEST)


def test_slots_of_the_opened_space_are_knobs_and_candidates_come_back():
    kinds = {one.name.split()[0] for one in OPEN.slots}
    assert kinds == {"width", "times", "kernel"}
    rng = np.random.default_rng(0)
    candidate = SPACE.sample(rng)
    picks = OPEN.picks(candidate)
    assert OPEN.candidate(picks).part("architecture") == candidate.part("architecture")
    assert OPEN.network(picks) == SPACE.architecture(candidate)


def test_a_search_cut_into_slices_ends_with_the_weights_of_a_whole_one():
    artifacts, _, last = trained()
    alone = MemoryArtifacts()
    whole = ticked(judge(alone), Tick("elastic", Kind.TRAIN, 0, 4, 4))
    parts = artifacts.get(last.measurement.artifacts["state"])
    once = alone.get(whole.measurement.artifacts["state"])
    assert parts.keys() == once.keys()
    assert all(np.array_equal(parts[name], once[name]) for name in parts)


def test_a_front_is_read_off_the_network_from_small_to_large():
    _, own, last = trained()
    chosen = ticked(own, Tick("elastic", Kind.CHOOSE, 4, 4, 4, tries=8), 2, last)
    best = chosen.measurement.data["best"]
    scores = [score for _, score in best]
    sizes = [_parameters(picks) for picks, _ in best]
    assert scores == sorted(scores, reverse=TASK.metric.maximise)
    assert sizes == sorted(sizes, reverse=True)
    assert sizes[-1] == _parameters([0] * len(OPEN.slots))
    assert chosen.measurement.data["skips"] == 0.0
    front = chosen.measurement.data["front"]
    assert [[picks, score] for picks, score, *_ in reversed(front)] == best
    for picks, _, parameters, macs in front:
        cost = infer(OPEN.network(picks)).cost
        assert (parameters, macs) == (cost.parameters, cost.macs)


def _parameters(picks):
    return infer(OPEN.network(picks)).cost.parameters


def test_the_strategy_asks_for_ticks_and_then_for_what_they_found():
    strategy = OneShot(SPACE, "elastic", steps=2, ticks=1)
    for number, kind in enumerate((Kind.TRAIN, Kind.CHOOSE)):
        (proposal,) = strategy.ask(1)
        tick = tick_of(proposal)
        assert tick.kind is kind
        strategy.tell(Trial(number, proposal))
        few = replace(tick, tries=3).proposal(proposal.candidate, None)
        ((_, measurement),) = judge().evaluate([Trial(number, few)], lambda *_: True)
        strategy.tell(finish(Trial(number, proposal), measurement))
    found = strategy.ask(3)
    assert found
    assert all(one.fidelity.is_full and SPACE.contains(one.candidate) for one in found)


def test_methods_that_mix_options_are_refused_on_versions_and_the_other_way_round():
    with pytest.raises(SpaceError, match="versions of one elastic network cannot be mixed"):
        OneShot(SPACE, "darts")
    with pytest.raises(SpaceError, match=r"elastic_space\(space, candidate\)"):
        OneShot(CHOICES, "elastic")
    assert OneShot(SPACE, "spos").open.versions is not None
