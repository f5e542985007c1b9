import pickle

import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone
from sklearn.model_selection import GridSearchCV, KFold
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils.estimator_checks import parametrize_with_checks

from coeval.errors import SpaceError
from coeval.estimators import FunctionApproximator

X = np.linspace(0.2, 3, 40)[:, None]
SMALL = ("add", "mul", "sin", "const")


@parametrize_with_checks([FunctionApproximator(("add", "mul"), length=5, exact=True, budget="60s")])
def test_scikit_learns_own_checks_pass(estimator, check):
    check(estimator)


def test_the_formula_bears_the_frames_names():
    frame = pd.DataFrame({"my width": X[:, 0], "h": X[::-1, 0] ** 2})
    model = FunctionApproximator(SMALL, length=5).fit(frame, 3 * frame["my width"] * frame["h"])
    assert model.formula_ in ("3*my_width*h", "3*h*my_width")
    assert model.score(frame, 3 * frame["my width"] * frame["h"]) == pytest.approx(1)
    assert model.certificate_.is_proof


def test_a_feature_called_y_is_no_trouble():
    frame = pd.DataFrame({"y": X[:, 0]})
    assert FunctionApproximator(SMALL, length=3).fit(frame, np.sin(X[:, 0])).formula_ == "sin(y)"
    every = pd.DataFrame({name: X[:, 0] ** n for n, name in enumerate(("target", "y", "y_"))})
    assert FunctionApproximator(SMALL, length=3).fit(every, np.sin(X[:, 0])).formula_ == "sin(y)"


def test_predictions_are_undefined_where_the_sequence_is():
    model = FunctionApproximator(("log", "add"), length=3).fit(X, np.log(X[:, 0]))
    assert np.isnan(model.predict([[-1.0], [1.0]])).tolist() == [True, False]


def test_it_composes_clones_and_pickles():
    target = np.sin(X[:, 0]) * X[:, 0]
    model = make_pipeline(StandardScaler(with_std=False), FunctionApproximator(SMALL))
    folds = KFold(2, shuffle=True, random_state=0)
    grid = GridSearchCV(clone(model), {"functionapproximator__length": [1, 4]}, cv=folds)
    assert grid.fit(X, target).best_params_ == {"functionapproximator__length": 4}
    fitted = FunctionApproximator(SMALL, length=4).fit(X, target)
    again = pickle.loads(pickle.dumps(fitted))
    assert np.array_equal(again.predict(X), fitted.predict(X))


def test_every_row_is_fitted():
    model = FunctionApproximator(SMALL, length=3).fit(X, X[:, 0] ** 2)
    assert model.approximation_.held_out is None
    assert model.approximation_.fit.rows == len(X)


def test_an_unknown_component_is_explained():
    with pytest.raises(SpaceError, match="Did you mean 'sin'"):
        FunctionApproximator(("sni",)).fit(X, X[:, 0])


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"semantics": "trees"}, "semantics must be one of tree, chain, dag, got 'trees'"),
        ({"components": "add,mul"}, r"a list of names, got the text .* Write \['add', 'mul'\]"),
        ({"constants": "grid", "grid": []}, "at least one number"),
        ({"length": 0}, "a tree has 1 nodes or more"),
    ],
)
def test_a_wrong_parameter_is_explained(wrong, message):
    with pytest.raises(SpaceError, match=message):
        FunctionApproximator(**wrong).fit(X, X[:, 0])


def test_a_grid_may_be_an_array():
    model = FunctionApproximator(("mul",), length=3, constants="grid", grid=np.array([2.5]))
    assert model.fit(X, 2.5 * X[:, 0]).formula_ in ("2.5*x0", "x0*2.5", "2.5*x", "x*2.5")
