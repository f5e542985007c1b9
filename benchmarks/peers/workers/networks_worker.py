"""Single networks with their defaults: RealMLP-TD and TabM-D, from pytabkit. Imports nothing of ours.

The defaults of RealMLP aim at accuracy; where probabilities count, its authors advise no label smoothing and
cross-entropy as the metric of the best epoch, so it gets both.
"""

import time
from collections.abc import Iterable, Iterator

import numpy as np
import pandas as pd
from common import Fitted, Request, Tidy, Tool, on_tidy, serve
from pytabkit.models.sklearn import sklearn_interfaces
from tqdm import std


def until(deadline: float) -> type:
    """Return a progress bar that ends at a moment, and with it the epoch."""

    def bar(batches: Iterable, desc: str) -> Iterator:
        for batch in batches:
            if time.monotonic() > deadline:
                return
            yield batch

    return bar


def network(name: str) -> Tool:
    def fit(request: Request, rows: pd.DataFrame, target: np.ndarray) -> Fitted:
        deadline = time.monotonic() + request.seconds
        settings = {"device": "cpu", "n_threads": request.cores, "random_state": request.seed}
        if not request.regression:
            settings["val_metric_name"] = "cross_entropy"
            settings.update({"use_ls": False} if name == "RealMLP_TD" else {})
        if name == "TabM_D":
            # It has no time limit. Its progress bar sees every batch; epochs without one end it by its patience.
            std.tqdm = until(deadline)
            settings["verbosity"] = 1
        kind = "Regressor" if request.regression else "Classifier"
        model = getattr(sklearn_interfaces, f"{name}_{kind}")(**settings)
        tidy = Tidy(rows)
        ready = tidy(rows)
        numbers = ready.select_dtypes("number")
        median = numbers.median()  # neither takes missing numbers
        left = max(1, int(deadline - time.monotonic()))
        model.fit(
            ready.fillna(median), target, cat_col_names=tidy.names, time_to_fit_in_seconds=left
        )
        return on_tidy(model, tidy, request, median)

    return fit


if __name__ == "__main__":
    serve({"realmlp": network("RealMLP_TD"), "tabm": network("TabM_D")})
