"""Quick: contract."""

import pytest

from coeval.strategy.coevolution import Coevolution
from coeval.testing.fakes import LOSS, ladder_space
from coeval.testing.strategies import check_strategy
from coeval.testing.strategies_results import check_vector_results

SPACE = ladder_space()
SLOTS = ladder_space(parts=1)


@pytest.mark.parametrize("space", [SPACE, SLOTS])
def test_keeps_the_contract(space):
    check_strategy(lambda: Coevolution(space, LOSS, 3, assembled=40), space, trials=30)


def test_vector_results():
    check_vector_results(
        lambda objectives: Coevolution(SPACE, objectives, 3, assembled=40), SPACE, trials=30
    )
