"""AutoKeras on tables. Imports nothing of ours.

It has no time limit. When three quarters of the time are over, the running trial ends and no further one begins; the rest is
for AutoKeras's own last step, training the best network anew on all rows. Its `predict` names classes, so the network is asked itself.
"""

import time
from pathlib import Path

import autokeras
import keras
import numpy as np
import pandas as pd
from common import Fitted, Request, Tidy, serve

MOST_TRIALS = 100


SEARCH = 0.75
CLOCK = {"until": 0.0}
"""When the running phase ends; apart from the callback, which AutoKeras copies."""


class Deadline(keras.callbacks.Callback):
    """Ends a training, and each later one after its first batch, when the time is over."""

    def on_train_batch_end(self, batch: int, logs: dict | None = None) -> None:
        """Look at the clock."""
        if time.monotonic() > CLOCK["until"]:
            self.model.stop_training = True


def limit(oracle: object, end: float) -> None:
    """Let an oracle propose nothing more when the search's time is over, and leave the rest to what follows."""
    propose = oracle.create_trial

    def create_trial(tuner: str) -> object:
        if time.monotonic() > CLOCK["until"]:
            CLOCK["until"] = end
            oracle.max_trials = 1  # 0 would be no limit
        return propose(tuner)

    oracle.create_trial = create_trial


def fit(request: Request, rows: pd.DataFrame, target: np.ndarray) -> Fitted:
    keras.utils.set_random_seed(request.seed)
    began = time.monotonic()
    CLOCK["until"] = began + SEARCH * request.seconds
    tidy = Tidy(rows)
    median = tidy(rows).select_dtypes("number").median()

    def ready(given: pd.DataFrame) -> np.ndarray:
        found = tidy(given).fillna(median)
        if not tidy.names:
            return found.to_numpy(np.float32)
        texts = {
            name: found[name].astype(object).fillna("missing").astype(str) for name in tidy.names
        }
        return found.assign(**texts).to_numpy(object)

    names = list(tidy(rows.iloc[:1]))
    kinds = {name: "categorical" if name in tidy.names else "numerical" for name in names}
    kind = (
        autokeras.StructuredDataRegressor
        if request.regression
        else autokeras.StructuredDataClassifier
    )
    model = kind(
        column_names=names,
        column_types=kinds,
        max_trials=MOST_TRIALS,
        directory=str(request.folder / "autokeras"),
        seed=request.seed,
        overwrite=True,
        objective="val_loss",
    )
    limit(model.tuner.oracle, began + request.seconds)
    model.fit(ready(rows), target, callbacks=[Deadline()], verbose=0)
    network, pipeline = model.tuner.get_best_model(), model.tuner.get_best_pipeline()

    def predict(given: pd.DataFrame) -> np.ndarray:
        found = network.predict(pipeline.transform_x((ready(given),)), verbose=0)
        if request.regression:
            return found[:, 0]
        return np.hstack([1 - found, found]) if found.shape[1] == 1 else found

    def save(path: Path) -> None:
        network.save(path.with_suffix(".keras"))
        path.with_suffix(".keras").rename(path)

    return Fitted(predict, save, f"{len(model.tuner.oracle.trials)} trials")


if __name__ == "__main__":
    serve({"autokeras": fit})
