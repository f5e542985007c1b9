import pytest

from coeval.architecture.component import Call, Rejection
from coeval.architecture.types import Set, Vector
from coeval.component.library import ENSEMBLE
from coeval.component.members import MEMBER_LINEAR, MEMBERS, VOTE, members_of
from coeval.testing.components import check_component


def call(component, value, **settings):
    return Call((value,), dict(component.complete(settings)))


@pytest.mark.parametrize("component", ENSEMBLE, ids=str)
def test_an_ensembles_components_keep_the_contract(component):
    inputs = [(Set(4, 1),)] if component is VOTE else []
    check_component(component, inputs)


def test_members_stand_in_a_set_that_a_vote_makes_a_vector_again():
    spread = MEMBERS.type_rule(call(MEMBERS, Vector(6), count=4))
    assert spread == Set(4, 6)
    heads = MEMBER_LINEAR.type_rule(call(MEMBER_LINEAR, spread, width=3))
    assert heads == Set(4, 3)
    assert VOTE.type_rule(call(VOTE, heads, kind="classes")) == Vector(3)
    assert [members_of(one) for one in (Vector(6), spread)] == [1, 4]


def test_each_member_pays_for_factors_and_a_head_of_its_own():
    cost = MEMBERS.cost_rule(call(MEMBERS, Vector(6), count=4), Set(4, 6))
    assert (cost.parameters, cost.macs) == (24, 0)
    cost = MEMBER_LINEAR.cost_rule(call(MEMBER_LINEAR, Set(4, 6), width=3), Set(4, 3))
    assert (cost.parameters, cost.macs) == (4 * 3 * 7, 4 * 3 * 6)


def test_what_is_no_ensemble_is_refused_with_what_mends_it():
    with pytest.raises(Rejection, match=r"got Vector\(6\). Put members in front"):
        VOTE.type_rule(call(VOTE, Vector(6)))
    with pytest.raises(
        Rejection, match=r"one logit a member, got Set\(4, 3\). Vote with kind='classes'"
    ):
        VOTE.type_rule(call(VOTE, Set(4, 3), kind="logit"))
    with pytest.raises(Rejection, match=r"expected a Vector, got Set\(4, 3\)"):
        MEMBERS.type_rule(call(MEMBERS, Set(4, 3)))
