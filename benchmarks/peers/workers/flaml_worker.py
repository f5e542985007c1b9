"""FLAML with its default estimators. Imports nothing of ours."""

import numpy as np
import pandas as pd
from common import Fitted, Request, pickled, serve
from flaml import AutoML


def fit(request: Request, rows: pd.DataFrame, target: np.ndarray) -> Fitted:
    model = AutoML()
    model.fit(
        rows,
        target,
        task="regression" if request.regression else "classification",
        metric="rmse" if request.regression else "log_loss",
        time_budget=request.seconds,
        seed=request.seed,
        n_jobs=request.cores,
        verbose=0,
    )
    if model.best_estimator is None:
        raise RuntimeError(f"FLAML finished no model in {request.seconds:g} s.")
    predict = model.predict if request.regression else model.predict_proba
    return Fitted(predict, pickled(model), model.best_estimator)


if __name__ == "__main__":
    serve({"flaml": fit})
