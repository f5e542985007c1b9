"""AutoGluon on tables: its default, and its networks only. Imports nothing of ours."""

import shutil
from pathlib import Path

import numpy as np
import pandas as pd
from autogluon.tabular import TabularPredictor
from common import Fitted, Request, Tool, serve

NETWORKS = {"REALMLP": {}, "TABM": {}, "NN_TORCH": {}, "FASTAI": {}}
TARGET = "the target"


def tool(models: dict | None) -> Tool:
    def fit(request: Request, rows: pd.DataFrame, target: np.ndarray) -> Fitted:
        predictor = TabularPredictor(
            label=TARGET,
            problem_type=request.problem,
            eval_metric="root_mean_squared_error" if request.regression else "log_loss",
            path=str(request.folder / "autogluon"),
            verbosity=0,
        ).fit(
            rows.assign(**{TARGET: target}),
            time_limit=request.seconds,
            hyperparameters=models,
            num_cpus=request.cores,
            num_gpus=0,
        )
        names = predictor.model_names()
        if not names:
            raise RuntimeError(f"AutoGluon finished no model in {request.seconds:g} s.")
        predictor.persist()

        def predict(given: pd.DataFrame) -> np.ndarray:
            if request.regression:
                return predictor.predict(given).to_numpy()
            return predictor.predict_proba(given)[list(range(request.classes))].to_numpy()

        def save(path: Path) -> None:
            kept = Path(predictor.clone_for_deployment(str(request.folder / "deployed")))
            shutil.move(kept, path)

        return Fitted(predict, save, ", ".join(names))

    return fit


if __name__ == "__main__":
    serve({"autogluon": tool(None), "autogluon_networks": tool(NETWORKS)})
