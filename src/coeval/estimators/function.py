"""``FunctionApproximator``: a sequence of known functions as a scikit-learn regressor."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
from sklearn.base import BaseEstimator, RegressorMixin
from sklearn.utils import check_random_state
from sklearn.utils.validation import check_is_fitted, validate_data

from coeval.exact.certificate import Semantics
from coeval.export.model import free_name
from coeval.run.approximate import approximate
from coeval.run.approximate_components import DEFAULT, material
from coeval.run.approximate_plan import Plan
from coeval.run.approximate_result import Approximation
from coeval.run.budget import parse_duration
from coeval.task.points import LEAST_ROWS, make_points

Floats = npt.NDArray[np.float64]


class FunctionApproximator(RegressorMixin, BaseEstimator):  # type: ignore[misc]  # scikit-learn has no types
    """Finds the sequence of known functions that comes closest to a target.

    The exact search covers one length after another and proves what it covers; where it ends short of
    ``length``, coevolution goes on unless ``exact`` says not to. All rows are fitted: hold some out yourself.

    Args:
        components: Names of scalar components, or components of your own.
        length: Most nodes of a tree, leaves included; most steps of a chain or DAG.
        exact: Whether to search exactly only.
        budget: Wall clock of ``fit``, such as ``"10s"``, or seconds.
        constants: ``"none"``, ``"grid"``, ``"linear"`` (scale and offset) or ``"nonlinear"`` (anywhere).
        grid: The numbers of a grid.
        semantics: ``"tree"``, ``"chain"`` or ``"dag"``.
        steps: Step budget of an iteration.
        random_state: Decides every draw. Results are equal where the budget does not end the search.

    Attributes:
        formula_: The answer as a formula that SymPy parses; the features' names are its symbols.
        steps_: The same as steps: pairs of a name and a formula.
        certificate_: What is proven.
        approximation_: Everything that was found, the front of error against length included.

    Example:
        >>> X = np.linspace(0, 3, 30)[:, None]
        >>> model = FunctionApproximator(("mul", "sin"), length=4).fit(X, 2 * np.sin(X[:, 0] ** 2) + 1)
        >>> model.formula_, str(model.certificate_.verdict)
        ('1 + 2*sin(x*x)', 'optimal')
    """

    def __init__(
        self,
        components: Sequence[Any] = DEFAULT,
        *,
        length: int = 9,
        exact: bool = False,
        budget: str | float = "10s",
        constants: str = "linear",
        grid: Sequence[float] | None = None,
        semantics: Semantics = "tree",
        steps: int | None = None,
        random_state: Any = None,
    ) -> None:
        self.components = components
        self.length = length
        self.exact = exact
        self.budget = budget
        self.constants = constants
        self.grid = grid
        self.semantics = semantics
        self.steps = steps
        self.random_state = random_state

    def fit(self, X: Any, y: Any) -> "FunctionApproximator":
        """Search.

        Args:
            X: ``(rows, features)`` finite numbers.
            y: ``(rows,)`` finite numbers, not all equal.

        Raises:
            ValueError: The data cannot be learnt from.
            SpaceError: A component is unknown or lacks what it needs, or the length cannot be used.
            BudgetError: The budget is not a duration.
            KeyboardInterrupt: Ctrl-C before anything was found; later, the best so far is the model.
        """
        X, y = validate_data(
            self, X, y, dtype=np.float64, ensure_min_samples=LEAST_ROWS, y_numeric=True
        )
        made = material(self.components, constants=self.constants, grid=self.grid, steps=self.steps)
        plan = Plan(
            length=self.length,
            seconds=parse_duration(self.budget),
            exact=self.exact,
            semantics=self.semantics,
            hold_out=0.0,
            seed=int(check_random_state(self.random_state).randint(2**31 - 1)),
        )
        names = getattr(self, "feature_names_in_", None)
        taken = set() if names is None else set(names)
        target = free_name("target" if "y" in taken else "y", taken)
        points = make_points(list(X.T), y, names, target)
        self.approximation_: Approximation = approximate(points, made, plan)
        self.formula_ = self.approximation_.formula
        self.steps_ = self.approximation_.steps
        self.certificate_ = self.approximation_.certificate
        return self

    def predict(self, X: Any) -> Floats:
        """Return ``(rows,)`` values, NaN where the sequence is undefined."""
        check_is_fitted(self, "approximation_")
        X = validate_data(self, X, dtype=np.float64, reset=False)
        return self.approximation_.predict([np.ascontiguousarray(one) for one in X.T])
