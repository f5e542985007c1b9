"""Optuna (TPE) over a hand-written space of multilayer perceptrons in torch, as a careful user writes it. Imports nothing of ours.

One to four layers, their width, activation, batch normalisation, dropout, learning rate, weight decay and batch size. Numbers
are standardised after a quantile transform, categories one-hot. Each trial trains with AdamW and a cosine schedule for at
most 60 epochs, stops 8 epochs after its best on a fifth of the rows, and is pruned below the median (Optuna's
``MedianPruner``). The last of the time is for training the best setting anew on all rows, for as many epochs as it had at
its best: half as much again as its trial took.
"""

import copy
import time
from dataclasses import dataclass

import numpy as np
import optuna
import pandas as pd
import torch
from common import Fitted, Request, Tidy, pickled, serve
from sklearn.compose import make_column_transformer
from sklearn.impute import SimpleImputer
from sklearn.model_selection import train_test_split
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, QuantileTransformer, StandardScaler
from torch import nn

EPOCHS, PATIENCE, AGAIN = 60, 8, 1.5
ACTIVATIONS = {"relu": nn.ReLU, "gelu": nn.GELU, "silu": nn.SiLU}


def network(setting: dict, inputs: int, outputs: int) -> nn.Sequential:
    layers: list[nn.Module] = []
    for _ in range(setting["layers"]):
        layers += [nn.Linear(inputs, setting["width"])]
        layers += [nn.BatchNorm1d(setting["width"])] if setting["batch_norm"] else []
        layers += [ACTIVATIONS[setting["activation"]](), nn.Dropout(setting["dropout"])]
        inputs = setting["width"]
    return nn.Sequential(*layers, nn.Linear(inputs, outputs))


def draw(trial: optuna.Trial) -> dict:
    return {
        "layers": trial.suggest_int("layers", 1, 4),
        "width": trial.suggest_int("width", 16, 512, log=True),
        "activation": trial.suggest_categorical("activation", list(ACTIVATIONS)),
        "batch_norm": trial.suggest_categorical("batch_norm", [False, True]),
        "dropout": trial.suggest_float("dropout", 0.0, 0.5),
        "lr": trial.suggest_float("lr", 1e-4, 3e-2, log=True),
        "weight_decay": trial.suggest_float("weight_decay", 1e-6, 1e-1, log=True),
        "batch": trial.suggest_categorical("batch", [32, 64, 128, 256, 512]),
    }


@dataclass
class Training:
    """Trains networks on one task; ``loss`` is cross-entropy, or squared error of the standardised target."""

    outputs: int
    seed: int

    def loss(self, found: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
        """Return the mean loss of a network's outputs."""
        if self.outputs > 1:
            return nn.functional.cross_entropy(found, target)
        return nn.functional.mse_loss(found[:, 0], target)

    def epochs(self, setting: dict, x: torch.Tensor, y: torch.Tensor, many: int, until: float):
        """Yield the network after each epoch, until the time is over."""
        torch.manual_seed(self.seed)
        net = network(setting, x.shape[1], self.outputs)
        batch = min(setting["batch"], len(x))
        steps = max(1, len(x) // batch)
        optimizer = torch.optim.AdamW(
            net.parameters(), setting["lr"], weight_decay=setting["weight_decay"]
        )
        schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, many * steps)
        for _ in range(many):
            net.train()
            for rows in torch.randperm(len(x))[: steps * batch].split(batch):
                optimizer.zero_grad()
                self.loss(net(x[rows]), y[rows]).backward()
                optimizer.step()
                schedule.step()
                if time.monotonic() > until:
                    break
            yield net.eval()
            if time.monotonic() > until:
                return

    def search(self, x: torch.Tensor, y: torch.Tensor, end: float) -> tuple[optuna.Study, dict]:
        """Return the study, and the best network's state on the inner rows."""
        layers = y.numpy() if self.outputs > 1 else None
        inner, held = train_test_split(
            np.arange(len(x)), test_size=0.2, random_state=self.seed, stratify=layers
        )
        best: dict = {"loss": float("inf"), "seconds": (end - time.monotonic()) / 6}

        def objective(trial: optuna.Trial) -> float:
            setting, lowest, since, began = draw(trial), float("inf"), 0, time.monotonic()
            until = end - AGAIN * best["seconds"]
            for epoch, net in enumerate(self.epochs(setting, x[inner], y[inner], EPOCHS, until), 1):
                with torch.no_grad():
                    loss = float(self.loss(net(x[held]), y[held]))
                since = 0 if loss < lowest else since + 1
                lowest = min(lowest, loss)
                if loss < best["loss"]:
                    state = copy.deepcopy(net.state_dict())
                    best.update(loss=loss, setting=setting, epochs=epoch, state=state)
                    best["seconds"] = time.monotonic() - began
                trial.report(loss, epoch)
                if since >= PATIENCE or not np.isfinite(loss):
                    break
                if trial.should_prune():
                    raise optuna.TrialPruned
            return lowest if np.isfinite(lowest) else 1e9

        sampler = optuna.samplers.TPESampler(seed=self.seed)
        study = optuna.create_study(
            sampler=sampler, pruner=optuna.pruners.MedianPruner(n_warmup_steps=5)
        )
        while time.monotonic() < end - AGAIN * best["seconds"]:
            study.optimize(objective, n_trials=1)
        return study, best


def prepare(rows: pd.DataFrame, names: list[str], seed: int):
    numbers = [name for name in rows if name not in names]
    scaled = make_pipeline(
        SimpleImputer(strategy="median"),
        QuantileTransformer(
            output_distribution="normal", n_quantiles=min(1000, len(rows)), random_state=seed
        ),
        StandardScaler(),
    )
    one_hot = OneHotEncoder(handle_unknown="ignore", sparse_output=False)
    return make_column_transformer((scaled, numbers), (one_hot, names)).fit(rows)


def fit(request: Request, rows: pd.DataFrame, target: np.ndarray) -> Fitted:
    began = time.monotonic()
    torch.set_num_threads(request.cores)
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    tidy = Tidy(rows)
    ready = tidy(rows)
    columns = prepare(ready, tidy.names, request.seed)
    x = torch.from_numpy(np.asarray(columns.transform(ready), np.float32))
    centre, spread = (
        (float(target.mean()), float(target.std())) if request.regression else (0.0, 1.0)
    )
    scaled = (target - centre) / spread if request.regression else target
    y = torch.from_numpy(scaled.astype(np.float32 if request.regression else np.int64))
    training = Training(1 if request.regression else request.classes, request.seed)
    study, best = training.search(x, y, began + request.seconds)
    net = network(best["setting"], x.shape[1], training.outputs)
    net.load_state_dict(best["state"])
    end = began + request.seconds
    trained = list(training.epochs(best["setting"], x, y, best["epochs"], end))
    final = (
        trained[-1] if time.monotonic() <= end else net
    )  # one that was cut short was never validated
    final.eval()

    def predict(given: pd.DataFrame) -> np.ndarray:
        with torch.no_grad():
            found = final(torch.from_numpy(np.asarray(columns.transform(tidy(given)), np.float32)))
        if request.regression:
            return found[:, 0].numpy() * spread + centre
        return torch.softmax(found.double(), 1).numpy()

    saved = (tidy, columns, centre, spread, best["setting"], final.state_dict())
    return Fitted(predict, pickled(saved), f"{len(study.trials)} trials")


if __name__ == "__main__":
    serve({"optuna": fit})
