import gzip

import numpy as np
import pandas as pd
import pytest

from coeval.errors import DataError, SpaceError
from coeval.evaluate.table_catalogue import CATALOGUE, load_benchmark
from coeval.evaluate.table_folder import MACRO, MISSING, SPIKE, TASKS, TRANSNAS
from coeval.space.protocol import CandidateSpace


@pytest.fixture
def folder(tmp_path):
    """Return a folder with small tables in the files' own formats."""
    text = "arch,test_acc_1,test_acc_2,test_acc_3,mean_acc,params,flops\n01200210,80,81,82,81,10,1000\n"
    (tmp_path / MACRO).write_bytes(gzip.compress(text.encode()))
    scores = {f"{task}_val": [0.5, 0.75] for task in TASKS}
    pd.DataFrame({"arch": ["1-1-2-4", "4-1-2-1-1"], **scores}).to_parquet(tmp_path / TRANSNAS)
    right = np.full((2, 200), MISSING, dtype=np.uint16)
    right[0, :100] = np.arange(100) * 250
    right[1, :200] = np.arange(200) * 25
    np.savez(
        tmp_path / SPIKE,
        ops=np.array([[0] * 6, [1, 2, 3, 4, 0, 1]], dtype=np.uint8),
        val_correct_per_25000=right,
        epochs=np.array([100, 200], dtype=np.int16),
        test_acc=np.array([98.0, 19.0], dtype=np.float32),
        train_seconds=np.array([2000.0, 4000.0], dtype=np.float32),
        params=np.array([5, 6], dtype=np.int32),
    )
    return tmp_path


def test_macro_scores_the_mean_of_three_seeds(folder):
    table = load_benchmark("nasbench-macro", folder).table
    assert table.rows == {"01200210": 0}
    assert {name: column[0] for name, column in table.columns().items()} == {
        "accuracy": 81.0,
        "flops": 1000.0,
        "parameters": 10.0,
    }


@pytest.mark.parametrize("task", TASKS)
def test_every_task_of_transnas_has_its_own_score(folder, task):
    table = load_benchmark(f"transnas-{task}", folder).table
    assert table.column(TASKS[task]).tolist() == [0.5, 0.75]
    assert table.objective.maximise


def test_spiking_cells_have_curves_of_their_own_length_and_seconds(folder):
    table = load_benchmark("spikenasbench", folder).table
    assert table.curves is not None
    assert table.seconds is not None
    assert table.column("accuracy").tolist() == pytest.approx([99.0, 19.9])
    assert table.curves.values[1, 9] == pytest.approx(0.9)
    assert np.isnan(table.curves.values[0, 100])
    assert table.rows[1, 2, 3, 4, 0, 1] == 1


@pytest.mark.parametrize("name", [name for name, one in CATALOGUE.items() if one.file])
def test_without_a_folder_the_error_says_which_file_and_from_where(name):
    with pytest.raises(DataError, match=rf"{CATALOGUE[name].file} with --data\. It comes from"):
        load_benchmark(name)


@pytest.mark.parametrize("name", [name for name, one in CATALOGUE.items() if one.file])
def test_a_folder_without_the_file_is_an_error(name, tmp_path):
    with pytest.raises(DataError, match=r"no such file in it.*--data"):
        load_benchmark(name, tmp_path)


@pytest.mark.parametrize("name", ["nasbench-macro", "transnas-jigsaw", "spikenasbench"])
def test_a_file_of_another_kind_is_an_error(name, tmp_path):
    (tmp_path / CATALOGUE[name].file).write_text("something else")
    with pytest.raises(DataError, match="is not the table of that name"):
        load_benchmark(name, tmp_path)


@pytest.mark.parametrize("name", CATALOGUE)
def test_every_table_has_a_space(name):
    space: CandidateSpace = CATALOGUE[name].space()
    assert space.size() in {15_625, 6_561, 3_256}


def test_a_misspelt_table_is_an_error_with_what_is_near():
    with pytest.raises(SpaceError, match="Did you mean 'nasbench201-cifar10'"):
        load_benchmark("nasbench201-cifer10")
