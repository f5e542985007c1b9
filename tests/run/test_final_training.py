"""The final training after a worker died: in new processes, one at a time, and of what the search stored at last."""

import os
from concurrent.futures import BrokenExecutor
from concurrent.futures.process import BrokenProcessPool
from types import SimpleNamespace

import pytest

from coeval.export.final import Resources
from coeval.run import final_training
from coeval.run.forkserver import prestart
from coeval.run.pool import Pool


@pytest.fixture
def pool():
    prestart(preload=("coeval.run.worker",))  # these jobs need no torch
    pool = Pool(2)
    yield pool
    pool.close()


def die_once(mark):
    if not mark.exists():
        mark.touch()
        os._exit(1)
    return os.getpid()


def test_after_a_death_a_pool_maps_in_new_processes(pool, tmp_path):
    mark = tmp_path / "died"
    with pytest.raises(BrokenExecutor):
        list(pool.map(die_once, [mark]))
    assert len(list(pool.map(die_once, [mark, mark]))) == 2


@pytest.mark.parametrize("deaths", [0, 1, 2])
def test_finalists_are_trained_again_one_at_a_time_before_it_is_given_up(monkeypatch, deaths):
    asked = []

    def make_final(finalists, resources, artifacts):
        asked.append(resources)
        if len(asked) <= deaths:
            raise BrokenProcessPool("a worker died")
        return "a model"

    monkeypatch.setattr(final_training, "make_final", make_final)
    plan = Resources("task", deadline=1e12, workers=4)
    found = final_training._trained(SimpleNamespace(artifacts=None), (), plan, pool=None)
    assert found == "a model"
    assert [one.workers for one in asked] == [4, 1, 4][: deaths + 1]
    assert [one.deadline == 1e12 for one in asked] == [True, True, False][: deaths + 1]
