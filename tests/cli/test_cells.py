import json
from pathlib import Path

import pytest

from coeval.space.cells import Cells
from tests.cli.commands import Command
from tests.run.cell_runs import finished_run


@pytest.fixture
def coeval(monkeypatch, capsys, tmp_path) -> Command:
    monkeypatch.chdir(tmp_path)
    return Command(monkeypatch, capsys)


def test_the_cells_of_a_run_are_shown_as_sums_and_drawn(coeval, tmp_path):
    finished_run(tmp_path / "run", final=1)
    code, out, _ = coeval("show", "run", "--cells", "--svg", "cells.svg")
    assert code == 0
    lines = out.splitlines()
    assert lines[0] == "normal cell"
    assert lines[1].startswith("  node 1 = ")
    assert "reduction cell" in lines
    drawn = [Path(f"cells.{name}.svg") for name in ("normal", "reduction")]
    assert all(one.read_text().startswith("<svg") for one in drawn)
    assert [line for line in lines if line.startswith("drawing")] == [
        f"drawing: {one}" for one in drawn
    ]


def test_a_single_cell_is_drawn_into_the_file_that_was_named(coeval, tmp_path):
    finished_run(tmp_path / "run", "nasbench201")
    assert coeval("show", "run", "--cells", "--svg", "cell.svg")[0] == 0
    assert Path("cell.svg").is_file()


def test_cells_are_printed_as_json(coeval, tmp_path):
    drawn = finished_run(tmp_path / "run", final=2)
    code, out, _ = coeval("show", "run", "--cells", "--json")
    assert code == 0
    assert dict(Cells.from_json(json.loads(out)).parts)["normal"] == drawn[2].part("normal")


def test_a_run_without_cells_is_refused_in_a_line(coeval, tmp_path):
    finished_run(tmp_path / "run", "stages")
    code, _, error = coeval("show", "run", "--cells")
    assert code != 0
    assert "Cells of run cannot be taken over: The space 'stages' has no cells" in error


def test_cells_from_a_run_without_cells_are_refused_before_anything_is_read(coeval, tmp_path):
    finished_run(tmp_path / "run", "stages")
    code, _, error = coeval("fit", "no-such-folder", "--cells-from", "run")
    assert code != 0
    assert "has no cells" in error
