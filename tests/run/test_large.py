"""A large table in little memory: the budget is kept, all processes stay below the cap, and the model is worth having."""

import json
import subprocess
import sys
import time
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from benchmarks.runs import tree_megabytes

from coeval.run import fit

COEVAL = str(Path(sys.executable).with_name("coeval"))
ROWS, BUDGET, CAP = 125_000, 40, 2000


@pytest.fixture(scope="module")
def table(tmp_path_factory):
    """Values that bend with two numbers, by a category, with noise of a tenth; the other six numbers say nothing."""
    rng = np.random.default_rng(0)
    numbers = rng.normal(size=(ROWS, 8))
    kind = rng.integers(0, 6, ROWS)
    value = np.sin(2 * numbers[:, 0]) * (kind - 2.5) + numbers[:, 1] ** 2
    frame = pd.DataFrame(numbers.round(5), columns=[f"x{one}" for one in range(8)])
    frame = frame.assign(kind=np.array(list("abcdef"))[kind])
    frame["y"] = (value + 0.1 * value.std() * rng.normal(size=ROWS)).round(5)
    frame.loc[::17, "x2"] = np.nan
    path = tmp_path_factory.mktemp("large") / "large.csv"
    frame.to_csv(path, index=False)
    return path


def test_a_huge_table_that_was_long_to_read_has_more_time_at_the_end_and_others_do_not():
    began = time.monotonic() - 10.0
    huge, small = (
        SimpleNamespace(table=SimpleNamespace(rows=rows)) for rows in (fit.HUGE, fit.HUGE - 1)
    )
    assert fit._margin(huge, began, 60.0) == pytest.approx(10.0 * fit.MARGIN_SHARE, abs=0.5)
    assert fit._margin(huge, began, 30.0) == pytest.approx(20.0 * fit.MARGIN_MOST, abs=0.5)
    assert fit._margin(huge, began, 5.0) == fit._margin(small, began, 60.0) == 0.0


@pytest.mark.slow
def test_a_large_table_keeps_budget_and_cap_and_its_model_is_better_than_the_baselines(table):
    began = time.monotonic()
    process = subprocess.Popen(
        [COEVAL, "fit", table.name, "--target", "y", "--budget", f"{BUDGET}s", "--workers", "1",
         "--memory", f"{CAP}MB", "--out", "run", "--json"],
        cwd=table.parent, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    peak = 0.0
    while process.poll() is None:
        peak = max(peak, tree_megabytes(process.pid))
        time.sleep(0.2)
    seconds = time.monotonic() - began
    printed, complaint = process.communicate()
    assert process.returncode == 0, complaint
    final = json.loads(printed)["final"]
    assert seconds <= BUDGET + 3
    assert peak < CAP
    tested = {one["name"]: one["test"] for one in final["baselines"]}
    assert final["test"]["value"] < 0.5 * tested["linear_model"]
    assert final["test"]["value"] < tested["gradient_boosting"]
