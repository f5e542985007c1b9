"""The scikit-learn layer."""

from coeval.estimators.architecture import ArchitectureClassifier, ArchitectureRegressor

__all__ = ["ArchitectureClassifier", "ArchitectureRegressor"]
