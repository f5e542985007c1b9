import numpy as np

from coeval.run.approximate_components import material
from coeval.run.approximate_monitor import watched
from coeval.run.approximate_search import Found, coevolve
from coeval.task.points import make_points

X = np.linspace(0.2, 3, 40)


def test_a_search_is_told_of_in_figures_and_one_without_trials_not_at_all():
    points = make_points([X], np.exp(-X) * np.sin(3 * X))
    made = material(("add", "mul", "log", "sin", "const"))
    found = coevolve(points, made, 12, "tree", slots=2, seconds=0.6, seed=0)
    first = watched(found)[0]
    assert first.startswith("coevolution: undefined ")
    assert "largest share of one function" in first
    assert watched(Found(None, 1.0, "exact search")) == []
