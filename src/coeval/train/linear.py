"""Fits a ``LinearModel``: ridge, logistic or multinomial regression along a path of penalties.

A penalty is to a linear model what an epoch is to a network: from strong to weak, each problem is solved from the solution of
the one before, the one that is best on validation is kept, and a refit on more rows goes to that very penalty. Each is convex and
is solved by L-BFGS (Liu & Nocedal 1989, doi:10.1007/BF01589116) in the coordinates in which a ridge regression on some of the rows
would be a sphere, so that features that go together cost no more steps than others.
"""

import math
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch
from scipy import optimize, sparse, special  # type: ignore[import-untyped]
from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

from coeval.build.modules.linear_model import LinearModel
from coeval.build.network import Network
from coeval.task.metric import Metric
from coeval.task.task import Problem
from coeval.train.course import Course
from coeval.train.data import Examples, Scale, TrainingData, target_scale
from coeval.train.fit import Fitted, OnEpoch, Stopped
from coeval.train.predict import predict

PENALTIES = tuple(float(one) for one in 10.0 ** np.arange(3.5, -3.01, -0.5))
"""Of the sum of squared weights over 2, beside the sum of the rows' losses: scikit-learn's ``alpha``, or ``1 / C``."""
PATIENCE = 3
"""Penalties without a better score, once one was better than the first: under strong ones every row may be of one class."""
ITERATIONS = 150
"""Most of one penalty."""
FEATURES = 800
"""Up to so many the coordinates are changed; the matrix for it comes from at most so many rows:"""
ROWS = 20_000
BLOCK = 2048
"""Rows that are written out at once: 13 MB at most, of 800 features, where all would take 128."""

Floats = npt.NDArray[np.float64]


def solve(
    network: Network,
    data: TrainingData,
    *,
    metric: Metric | None = None,
    share: float = 1.0,
    on_epoch: OnEpoch = lambda epoch, values: True,
    should_stop: Callable[[], bool] = lambda: False,
) -> Fitted:
    """Fit a linear model in place, with the penalty that is best on validation, or the one asked for.

    Args:
        network: Nothing but a ``LinearModel``, which gets the weights; what it held is overwritten.
        data: Training rows and, optionally, validation rows.
        metric: What chooses the penalty; required with validation rows.
        share: Without validation, how far along the path the penalty lies.
        on_epoch: Told each penalty's place (from 1) and its values; answers whether to go on.
        should_stop: Asked at every step; a true answer ends with the best so far.

    Raises:
        ValueError: There are validation rows and no metric.
    """
    if data.validation is not None and metric is None:
        raise ValueError("a metric is needed to choose a penalty on validation rows, got None.")
    started = time.monotonic()
    (model,) = network.values()
    assert isinstance(model, LinearModel)  # the lowering of the component
    scale = target_scale(data.problem, data.train)
    length = len(PENALTIES)
    asked = max(1, round(share * length))
    first, last = (asked, asked) if data.validation is None else (1, length)
    stopped = Stopped.EPOCHS
    with threadpool_limits(torch.get_num_threads()):
        convex = _Convex(data, scale, model)
        weights = convex.start
        best = _Best(weights, network, data, metric, scale)
        for number in range(first, last + 1):
            weights, is_cut = convex.minimise(weights, PENALTIES[number - 1], should_stop)
            convex.load(model, weights)
            values = best.look(number, weights)
            if is_cut or not on_epoch(number, values):
                stopped = Stopped.ASKED
            elif best.number > 1 and number - best.number >= PATIENCE:
                stopped = Stopped.PATIENCE
            if stopped is not Stopped.EPOCHS:
                break
        convex.load(model, best.weights)
    network.eval()
    return Fitted(
        epochs=number,
        best_epoch=best.number,
        score=math.nan if best.course is None else best.course.score,
        curve={} if best.course is None else best.course.curve,
        scale=scale,
        schedule_epochs=length,
        stopped=stopped,
        seconds=time.monotonic() - started,
        engine="linear",
    )


class _Best:
    """The weights of the penalty that is best on validation; without validation of the last."""

    def __init__(
        self,
        weights: Floats,
        network: Network,
        data: TrainingData,
        metric: Metric | None,
        scale: Scale,
    ) -> None:
        self.number, self.weights = 0, weights
        known = data.validation
        self.course = (
            None if known is None or metric is None else Course(metric, data.problem, known)
        )
        self._network, self._data, self._scale = network, data, scale

    def look(self, number: int, weights: Floats) -> Mapping[str, float]:
        """Score the network, which holds these weights, and return the score by name."""
        known = self._data.validation
        values: Mapping[str, float] = {}
        if known is not None and self.course is not None:
            predicted = predict(self._network, known.rows, self._data.problem, self._scale)
            values = self.course.look(number, predicted)
        if self.course is None or self.course.number == number:
            self.number, self.weights = number, weights
        return values


@dataclass(frozen=True, slots=True, eq=False)
class _Features:
    """Rows as numbers and as sparse columns: one for each code of a category and each word of a text.

    Attributes:
        numbers: ``(rows, numeric)``.
        others: ``(rows, codes + words)``.
        means: ``(features,)``, of all rows by their weights: products are those of the features less these.
    """

    numbers: Floats
    others: sparse.csr_matrix
    means: Floats

    def times(self, weights: Floats) -> Floats:
        """Return ``(rows, outputs)`` of weights ``(features, outputs)``."""
        split = self.numbers.shape[1]
        found = self.numbers @ weights[:split] + self.others @ weights[split:]
        return np.asarray(found - self.means @ weights)

    def back(self, slopes: Floats) -> Floats:
        """Return ``(features, outputs)`` of slopes ``(rows, outputs)``: the product transposed."""
        found = np.concatenate([self.numbers.T @ slopes, self.others.T @ slopes])
        return np.asarray(found - np.outer(self.means, slopes.sum(axis=0)))

    def axes(self, weights: Floats) -> tuple[Floats, Floats]:
        """Return the principal axes of the rows, in columns, and the variance along each; of some rows where they are many."""
        rows, features = len(self.numbers), len(self.means)
        step = -(-rows // ROWS)
        products = np.zeros((features, features))
        for start in range(0, rows, step * BLOCK):
            block = slice(start, start + step * BLOCK, step)
            some = np.concatenate([self.numbers[block], self.others[block].toarray()], axis=1)
            some -= self.means
            some *= np.sqrt(weights[block] * step)[:, None]
            products += some.T @ some
        values, vectors = np.linalg.eigh(products)
        return vectors, np.maximum(values, 0.0)


class _Convex:
    """The problem of one penalty after the other, on the same rows.

    Args:
        data: Training rows.
        scale: Of a regression's target.
        model: Says how many features and outputs there are.
    """

    def __init__(self, data: TrainingData, scale: Scale, model: LinearModel) -> None:
        rows = len(data.train.target)
        given = np.ones(rows) if data.train.weights is None else np.asarray(data.train.weights)
        self._weights = given / given.sum()
        self._rows = rows
        self._features = _features(data.train, model, self._weights)
        self._answers = _answers(data.train, data.problem, scale, len(model.bias))
        self._problem = data.problem
        features = len(self._features.means)
        self.start = np.zeros((features + 1, len(model.bias)))
        self._axes = self._features.axes(self._weights) if features <= FEATURES else None

    def minimise(
        self, start: Floats, penalty: float, should_stop: Callable[[], bool]
    ) -> tuple[Floats, bool]:
        """Return the weights ``(features + 1, outputs)`` of a penalty, the bias last, and whether they are cut short."""
        ridge, shape, is_cut = penalty / self._rows, start.shape, False
        there, back = np.ones(()), np.ones(())
        if self._axes is not None:
            vectors, values = self._axes
            there = vectors / np.sqrt(values + ridge)
            back = np.sqrt(values + ridge)[:, None] * vectors.T

        def objective(flat: Floats) -> tuple[float, Floats]:
            grid = flat.reshape(shape)
            weights = _product(there, grid[:-1])
            outputs = self._features.times(weights) + grid[-1]
            losses, slopes = _losses(outputs, self._answers, self._problem)
            slopes *= self._weights[:, None]
            slope = _product(there.T, self._features.back(slopes) + ridge * weights)
            value = float(losses @ self._weights) + ridge / 2 * float(np.square(weights).sum())
            return value, np.concatenate([slope, slopes.sum(axis=0)[None]]).ravel()

        def look(flat: Floats) -> None:
            nonlocal is_cut
            is_cut = should_stop()
            if is_cut:
                raise StopIteration

        begin = np.concatenate([_product(back, start[:-1]), start[-1:]]).ravel()
        options = {"maxiter": ITERATIONS, "ftol": 1e-10, "gtol": 1e-7}
        found = optimize.minimize(
            objective, begin, jac=True, method="L-BFGS-B", callback=look, options=options
        )
        grid = found.x.reshape(shape)
        return np.concatenate([_product(there, grid[:-1]), grid[-1:]]), is_cut

    def load(self, model: LinearModel, weights: Floats) -> None:
        """Copy weights ``(features + 1, outputs)`` of the centred features to the model."""
        found = torch.from_numpy(weights)
        ends = [0 if model.weight is None else model.weight.shape[1]]
        with torch.no_grad():
            model.bias.copy_(torch.from_numpy(weights[-1] - self._features.means @ weights[:-1]))
            if model.weight is not None:
                model.weight.copy_(found[: ends[0]].T)
            tables = [] if model.categories is None else [model.categories]
            for table in [*tables, *model.words]:
                ends.append(ends[-1] + len(table.weight))
                table.weight.copy_(found[ends[-2] : ends[-1]])


def _product(left: Floats, right: Floats) -> Floats:
    """Return a matrix product, or the right side where the left is the number 1."""
    return right if left.ndim == 0 else left @ right


def _features(examples: Examples, model: LinearModel, weights: Floats) -> _Features:
    numeric, codes, tokens = examples.rows[0], examples.rows[1], examples.rows[2]
    rows = len(examples.target)
    blocks = [sparse.csr_matrix((rows, 0))]
    if model.categories is not None:
        places = codes + model.get_buffer("offsets").numpy()
        ones, ends = np.ones(places.size), np.arange(rows + 1) * places.shape[1]
        shape = (rows, model.categories.num_embeddings)
        blocks.append(sparse.csr_matrix((ones, places.ravel(), ends), shape=shape))
    starts = np.cumsum([0, *model.lengths])
    for first, last, table in zip(starts[:-1], starts[1:], model.words, strict=True):
        shares = _shares(tokens[:, first:last], len(table.weight))  # type: ignore[arg-type]
        blocks.append(shares)
    numbers = np.asarray(numeric, dtype=np.float64)
    others = sparse.hstack(blocks, format="csr")
    means = np.concatenate([weights @ numbers, others.T @ weights])
    return _Features(numbers, others, means)


def _shares(tokens: npt.NDArray[np.int64], vocabulary: int) -> sparse.csr_matrix:
    """Return ``(rows, vocabulary)`` the share that each token has of a text; padding has none."""
    row, place = np.nonzero(tokens)
    lengths = np.maximum(np.count_nonzero(tokens, axis=1), 1)
    found = (1.0 / lengths[row], (row, tokens[row, place]))
    return sparse.csr_matrix(found, shape=(len(tokens), vocabulary))


def _answers(examples: Examples, problem: Problem, scale: Scale, outputs: int) -> Floats:
    """Return the target as ``(rows, outputs)`` numbers: standardised values, 0 and 1, or a one-hot of the class."""
    if problem is Problem.REGRESSION:
        return ((np.asarray(examples.target, np.float64) - scale.mean) / scale.std)[:, None]
    if problem is Problem.BINARY:
        return np.asarray(examples.target, np.float64)[:, None]
    return np.asarray(examples.target[:, None] == np.arange(outputs), np.float64)


def _losses(outputs: Floats, answers: Floats, problem: Problem) -> tuple[Floats, Floats]:
    """Return the loss of each row ``(rows,)`` and its slope by the outputs ``(rows, outputs)``."""
    if problem is Problem.REGRESSION:
        gap = outputs - answers
        return np.square(gap[:, 0]) / 2, gap
    if problem is Problem.BINARY:
        likely = special.expit(outputs)
        return (np.logaddexp(0.0, outputs) - answers * outputs)[:, 0], likely - answers
    total = special.logsumexp(outputs, axis=1, keepdims=True)
    return (total[:, 0] - (answers * outputs).sum(axis=1)), np.exp(outputs - total) - answers
