"""TPOT with its default search space. Imports nothing of ours."""

import numpy as np
import pandas as pd
from common import Fitted, Request, Tidy, pickled, serve
from tpot import TPOTClassifier, TPOTRegressor


def fit(request: Request, rows: pd.DataFrame, target: np.ndarray) -> Fitted:
    kind = TPOTRegressor if request.regression else TPOTClassifier
    model = kind(
        scorers=["neg_root_mean_squared_error" if request.regression else "neg_log_loss"],
        scorers_weights=[1],
        max_time_mins=request.seconds / 60,
        max_eval_time_mins=request.seconds / 120,
        n_jobs=request.cores,
        preprocessing=True,
        random_state=request.seed,
        verbose=0,
    )
    tidy = Tidy(rows)

    def ready(given: pd.DataFrame) -> pd.DataFrame:
        found = tidy(given)
        return found.astype(
            dict.fromkeys(tidy.names, object)
        )  # TPOT's preprocessing goes by this type

    model.fit(ready(rows), target)
    method = model.predict if request.regression else model.predict_proba
    saved = pickled((tidy, model.fitted_pipeline_))
    tried = int(model.evaluated_individuals.iloc[:, 0].notna().sum())
    return Fitted(lambda given: np.asarray(method(ready(given))), saved, f"{tried} pipelines")


if __name__ == "__main__":
    serve({"tpot": fit})
