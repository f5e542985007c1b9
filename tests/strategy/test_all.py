"""Every named strategy under the whole contract, on spaces of every kind: small, used up, of slots, of tables."""

from functools import cache

import pytest

from coeval.run.strategies import STRATEGIES, Need, plain
from coeval.space import images
from coeval.space.nasbench201 import space as cells
from coeval.space.tabular import space_for
from coeval.testing.fakes import ladder_space
from coeval.testing.strategies import check_strategy
from coeval.testing.strategies_judges import DigestEvaluator
from coeval.testing.strategies_results import check_vector_results
from coeval.trial import Objective
from tests.space.pictures import picture_task
from tests.space.test_tabular import task

LOSS = Objective("loss")
SPACES = {
    "ladder": ladder_space,
    "tiny": lambda: ladder_space(settings=2, choices=2, parts=1),
    "cells": cells,
    "tables": lambda: space_for(task()),
    "stages": lambda: images.space_for(picture_task(), "stages"),
}
TRIALS = {"ladder": 40, "tiny": 16, "cells": 40, "tables": 16, "stages": 12}
LACKING = {
    ("exhaustive", "ladder"),
    ("exhaustive", "tables"),
    ("blueprint", "tables"),
    ("exhaustive", "stages"),
    ("blueprint", "stages"),
}
"""Too many members to enumerate; no blocks that repeat. That they say so is tested in ``tests/run/test_strategies``."""
UNTAUGHT = ("random", "exhaustive")
"""Do not learn from results."""
LATE = ("nsga2", "reference-vectors", "q-learning")
"""Begin to learn after more trials than are made here: populations of 100 and 92, 1,500 episodes of exploration."""
MODELLING = ("gaussian-process", "bananas", "portfolio")
"""Predict the objectives from infeasible trials too, and feasibility apart."""
QUICK = ("random", "local", "evolution", "genetic", "nsga2", "reference-vectors", "q-learning")
PAIRS = [
    pytest.param(name, world, marks=[] if name in QUICK and world == "tiny" else pytest.mark.slow)
    for name in STRATEGIES
    for world in SPACES
    if (name, world) not in LACKING and STRATEGIES[name].needs is not Need.SUPERNET
]
"""One-shot methods are tested with an evaluator that knows ticks, in ``tests/oneshot/test_strategy``."""


@cache
def space_of(world):
    return SPACES[world]()


@pytest.mark.parametrize(("name", "world"), PAIRS)
def test_keeps_the_contract_of_strategies(name, world):
    space = space_of(world)
    check_strategy(
        lambda: plain(name, space, LOSS, 5),
        space,
        DigestEvaluator(),
        trials=TRIALS[world],
        single_fidelity=STRATEGIES[name].needs is not Need.FIDELITY,
        models_infeasible=name in MODELLING,
    )


@pytest.mark.parametrize(("name", "world"), PAIRS)
def test_keeps_its_promises_about_several_objectives_and_limits(name, world):
    space = space_of(world)
    check_vector_results(
        lambda objectives: plain(name, space, objectives, 5),
        space,
        trials=TRIALS[world],
        learns=name not in (*UNTAUGHT, *LATE) and TRIALS[world] >= 40,
    )
