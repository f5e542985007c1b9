import numpy as np
import pandas as pd
import pytest

from coeval.errors import DataError
from coeval.evaluate.table_catalogue import load_benchmark
from coeval.evaluate.table_nasbench201 import DATASETS, DEVICES, nasbench201_table
from coeval.space.nasbench201 import index, members
from coeval.space.protocol import Candidate

BEST_TEST = {"cifar10": 94.373, "cifar100": 73.513, "imagenet16-120": 47.311}
BEST_SHORT = {"cifar10": 84.892, "cifar100": 61.32, "imagenet16-120": 38.667}


@pytest.mark.parametrize("dataset", DATASETS)
def test_the_published_optima_are_there(dataset):
    table = load_benchmark(f"nasbench201-{dataset}").table
    assert len(table.rows) == 15_625
    assert table.test is not None
    assert table.test.max() == pytest.approx(BEST_TEST[dataset], abs=5e-4)
    short = load_benchmark(f"nasbench201-{dataset}-12epochs").table
    assert short.column("accuracy").max() == pytest.approx(BEST_SHORT[dataset], abs=5e-4)
    assert (short.column("accuracy") == table.schedules[12]["accuracy"]).all()


def test_every_member_of_the_space_has_its_row_in_the_official_order():
    table = load_benchmark("nasbench201").table
    cells = list(members())
    rows = [table.row(Candidate((("cell", cell),))) for cell in cells]
    assert rows == list(range(15_625))
    assert [index(cell) for cell in cells[::997]] == rows[::997]


def test_the_shipped_numbers_fit_into_half_a_megabyte_with_their_licence():
    from importlib.resources import files  # noqa: PLC0415

    assets = files("coeval.evaluate") / "assets"
    assert sum(len(one.read_bytes()) for one in assets.iterdir() if one.is_file()) < 500_000
    assert "Xuanyi Dong" in (assets / "nasbench201.LICENSE").read_text()
    assert "MIT" in (assets / "README.md").read_text()


@pytest.fixture
def folder(tmp_path):
    latency = np.arange(15_625, dtype=np.float64)
    latency[:10] = -1
    columns = {"idx": np.arange(15_625)[::-1], "c10_edgetpu_latency": latency[::-1]}
    pd.DataFrame(columns).to_parquet(tmp_path / DEVICES)
    return tmp_path


def test_latency_is_read_from_the_folder_by_index_and_minus_one_is_no_value(folder):
    latency = nasbench201_table("cifar10", str, data=folder).column("edgetpu_latency")
    assert np.isnan(latency[:10]).all()
    assert (latency[10:] == np.arange(10, 15_625)).all()


def test_a_folder_without_the_file_is_an_error_that_names_it(tmp_path):
    with pytest.raises(DataError, match=rf"{DEVICES}.*HW-NAS-Bench"):
        nasbench201_table("cifar10", str, data=tmp_path)


def test_a_file_of_another_kind_is_an_error(tmp_path):
    (tmp_path / DEVICES).write_text("nothing")
    with pytest.raises(DataError, match="is no table of latencies"):
        nasbench201_table("cifar10", str, data=tmp_path)


def test_a_file_for_another_data_set_is_an_error(folder):
    with pytest.raises(DataError, match="columns c100_DEVICE_latency"):
        nasbench201_table("cifar100", str, data=folder)
