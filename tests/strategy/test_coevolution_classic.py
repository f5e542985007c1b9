import pytest

from coeval.strategy.coevolution_classic import ClassicCoevolution
from coeval.testing.fakes import LOSS, LadderEvaluator, drive, ladder_space
from coeval.testing.strategies import check_strategy
from coeval.testing.strategies_results import check_vector_results
from coeval.trial import State

SPACE = ladder_space()
SLOTS = ladder_space(parts=1)


@pytest.mark.parametrize("space", [SPACE, SLOTS])
def test_keeps_the_contract_with_parts_and_with_slots_as_species(space):
    check_strategy(lambda: ClassicCoevolution(space, LOSS, 3), space, trials=40)


def test_ranks_by_several_objectives_and_limits():
    check_vector_results(lambda objectives: ClassicCoevolution(SPACE, objectives, 3), SPACE)


def test_trust_says_whether_children_serve_with_the_best_members():
    for trust, origin in ((1.0, "coevolution:best"), (0.0, "coevolution:others")):
        log = drive(ClassicCoevolution(SLOTS, LOSS, 1, trust=trust), LadderEvaluator(), 40)
        bred = [one.proposal.origin for one in log if one.state is State.RUNNING][10:]
        assert bred.count(origin) >= 28
        assert set(bred) <= {origin, "coevolution:random"}


def test_a_child_differs_from_the_best_team_in_the_species_whose_turn_it_is():
    strategy = ClassicCoevolution(SLOTS, LOSS, 1, trust=1.0)
    log = drive(strategy, LadderEvaluator(), 60)
    best, seen = None, 0
    for one in log:
        if one.state is not State.RUNNING:
            loss = LOSS.cost(one)
            best = one if best is None or loss < LOSS.cost(best) else best
        elif one.proposal.origin == "coevolution:best":
            mine, top = one.proposal.candidate.parts[0][1], best.proposal.candidate.parts[0][1]
            differing = [place for place in range(6) if mine[place] != top[place]]
            assert differing == [one.number % 6]
            seen += 1
    assert seen > 30


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"trust": 1.5}, "trust is a probability"),
        ({"warm_up": -1}, "warm_up must be at least 0"),
        ({"sample_size": 60}, r"sample_size must lie in 1..population=50, got 60"),
    ],
)
def test_numbers_out_of_range_are_refused(settings, message):
    with pytest.raises(ValueError, match=message):
        ClassicCoevolution(SPACE, LOSS, **settings)
