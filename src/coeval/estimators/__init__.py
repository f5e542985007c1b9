"""The scikit-learn layer."""

from coeval.estimators.architecture import ArchitectureClassifier, ArchitectureRegressor
from coeval.estimators.function import FunctionApproximator

__all__ = ["ArchitectureClassifier", "ArchitectureRegressor", "FunctionApproximator"]
