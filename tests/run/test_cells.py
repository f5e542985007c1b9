import json

import pytest

from coeval.architecture.inference import infer
from coeval.architecture.types import Grid
from coeval.errors import RunError, SpaceError
from coeval.run.cells import CELLS, cells_from, kept_cells
from coeval.run.fit_space import network_of, space_of
from coeval.run.options import Options
from coeval.task import memory
from tests.run.cell_runs import finished_run
from tests.space.pictures import picture_task
from tests.space.test_tabular import task as table_task


def test_the_cells_of_a_run_are_its_models(tmp_path):
    drawn = finished_run(tmp_path / "run", final=2)
    cells = cells_from(tmp_path / "run")
    assert cells.preset == "darts"
    assert dict(cells.parts) == {name: drawn[2].part(name) for name in ("normal", "reduction")}


def test_before_there_is_a_model_they_are_the_best_trials(tmp_path):
    task = picture_task(side=16)
    scores = (0.5, 0.9, 0.7)
    drawn = finished_run(tmp_path / "run", "nasbench201", scores, task=task)
    best = drawn[1] if task.metric.maximise else drawn[0]
    assert dict(cells_from(tmp_path / "run").parts) == {"cell": best.part("cell")}


def test_a_run_whose_space_has_no_cells_is_refused(tmp_path):
    finished_run(tmp_path / "run", "stages")
    with pytest.raises(
        RunError,
        match=r"'stages' has no cells to take over; those of nasbench201, darts, nasnet have",
    ):
        cells_from(tmp_path / "run")


def test_a_run_of_a_table_is_refused(tmp_path):
    finished_run(tmp_path / "run", None, task=table_task())
    with pytest.raises(RunError, match="has no cells"):
        cells_from(tmp_path / "run")


def test_a_folder_that_is_no_run_is_refused(tmp_path):
    with pytest.raises(RunError, match="Expected a run at"):
        cells_from(tmp_path)


def test_a_run_without_a_trial_that_succeeded_is_refused(tmp_path):
    finished_run(tmp_path / "run", scores=())
    with pytest.raises(RunError, match=r"No trial of .* has succeeded"):
        cells_from(tmp_path / "run")


def test_a_run_that_was_given_cells_keeps_them_and_hands_them_on(tmp_path):
    finished_run(tmp_path / "proxy", final=1)
    task = picture_task(side=28, features=3)
    given = Options(data=tmp_path, target=None, out=tmp_path, cells_from=tmp_path / "proxy")
    assert Options.from_json(json.loads(json.dumps(given.to_json()))) == given
    assert f"--cells-from {tmp_path / 'proxy'}" in given.command()
    cells = cells_from(given.cells_from)
    space = space_of(given, task, tmp_path, 1.0, cells)
    assert list(space.parts) == ["preparation", "normal", "reduction", "stack", "recipe"]
    network = space.architecture(next(iter(space.seeds().values())))
    assert network.inputs == (Grid(28, 28, 3),)
    capsule = {CELLS: json.loads(json.dumps(cells.to_json()))}
    assert kept_cells(capsule) == cells
    assert kept_cells({}) is None


def test_damaged_cells_are_refused(tmp_path):
    finished_run(tmp_path / "proxy", final=1)
    value = cells_from(tmp_path / "proxy").to_json()
    del value["parts"]["reduction"]
    with pytest.raises(RunError, match=r"cells are damaged: .*'reduction' is missing"):
        kept_cells({CELLS: value})
    with pytest.raises(RunError, match="cells are damaged"):
        kept_cells({CELLS: 3})


def test_cells_are_for_images_only(tmp_path):
    finished_run(tmp_path / "proxy", final=1)
    given = Options(data=tmp_path, target="y", out=tmp_path)
    with pytest.raises(SpaceError, match="only column holds images"):
        space_of(given, table_task(), tmp_path, 1.0, cells_from(tmp_path / "proxy"))


def test_a_trials_network_is_stacked_of_the_cells_that_its_run_was_given(tmp_path):
    finished_run(tmp_path / "proxy", final=1)
    task = picture_task(side=16)
    drawn = finished_run(tmp_path / "run", None, task=task)
    del drawn
    folder = tmp_path / "run"
    capsule = json.loads((folder / "capsule.json").read_text())
    cells = cells_from(tmp_path / "proxy")
    (folder / "capsule.json").write_text(json.dumps({**capsule, CELLS: cells.to_json()}))
    memory.save(task, folder / "cache")
    given = Options.from_json(capsule["options"])
    space = space_of(given, task, folder, 1.0, cells)
    one = next(iter(space.seeds().values()))
    assert infer(network_of(folder, one)).cost == infer(space.architecture(one)).cost
