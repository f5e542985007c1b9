"""Gradient-boosted trees with their defaults: HistGradientBoosting and LightGBM. Imports nothing of ours."""

import lightgbm
import numpy as np
import pandas as pd
from common import Fitted, Request, Tidy, on_tidy, serve
from sklearn import ensemble


def hist_gradient_boosting(request: Request, rows: pd.DataFrame, target: np.ndarray) -> Fitted:
    kind = "Regressor" if request.regression else "Classifier"
    model = getattr(ensemble, f"HistGradientBoosting{kind}")(random_state=request.seed)
    tidy = Tidy(rows)
    return on_tidy(model.fit(tidy(rows), target), tidy, request)


def light_gbm(request: Request, rows: pd.DataFrame, target: np.ndarray) -> Fitted:
    kind = lightgbm.LGBMRegressor if request.regression else lightgbm.LGBMClassifier
    model = kind(random_state=request.seed, n_jobs=request.cores, verbose=-1)
    tidy = Tidy(rows)
    return on_tidy(model.fit(tidy(rows), target), tidy, request)


if __name__ == "__main__":
    serve({"hgb": hist_gradient_boosting, "lightgbm": light_gbm})
