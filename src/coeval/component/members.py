"""An ensemble inside one network: members that share a trunk, each with its own view of the row and its own head.

Lowerings (``coeval.build.modules.members``): ``Members(features: int, count: int)``,
``MemberLinear(features: int, members: int, width: int)`` and ``Vote(kind: str)``. A value of all members is a set of as many
positions, over which channel components lift; where it ends in a vote, ``Network`` trains each member by its own loss.
"""

from coeval.architecture.component import Call, Component, Cost, Rejection, Setting
from coeval.architecture.types import Featured, Set, ValueType, Vector, describe, elements
from coeval.component.rules import elementwise_cost, vector

COUNTS = (1, 4, 8, 16, 32)
"""How many members a search may choose from."""
_MEMBERS = "coeval.build.modules.members:"


def _members_type(call: Call) -> Set:
    return Set(int(call.settings["count"]), vector(call.inputs[0]).features)


def _members_cost(call: Call, output: ValueType) -> Cost:
    return Cost(parameters=elements(output), activations=elements(output))


def _members_arguments(call: Call, output: ValueType) -> dict[str, object]:
    return {"features": vector(call.inputs[0]).features, "count": int(call.settings["count"])}


MEMBERS = Component(
    name="members",
    summary=(
        "A vector once for each of count members, its features times factors of the member's own that start at random signs (TabM-mini, "
        "Gorishniy et al. 2024, arXiv:2410.24210, section 3.3)."
    ),
    type_rule=_members_type,
    cost_rule=_members_cost,
    arguments=_members_arguments,
    lowering=_MEMBERS + "Members",
    settings=(Setting("count", COUNTS, 8, bounds=(1, 256)),),
    capabilities=frozenset({"affine", "zero_preserving"}),
)


def _set(value: ValueType) -> Set:
    if isinstance(value, Set):
        return value
    raise Rejection(f"expected a Set of members, got {describe(value)}. Put members in front.")


def _own_type(call: Call) -> Set:
    return Set(_set(call.inputs[0]).size, int(call.settings["width"]))


def _own_cost(call: Call, output: ValueType) -> Cost:
    given, width = _set(call.inputs[0]), int(call.settings["width"])
    weights = elements(given) * width
    return Cost(weights + given.size * width, weights, given.size * width)


def _own_arguments(call: Call, output: ValueType) -> dict[str, object]:
    given = _set(call.inputs[0])
    return {
        "features": given.features,
        "members": given.size,
        "width": int(call.settings["width"]),
    }


MEMBER_LINEAR = Component(
    name="member_linear",
    summary="Each member's own affine map of the features to width: the heads of an ensemble (arXiv:2410.24210, section 3.3).",
    type_rule=_own_type,
    cost_rule=_own_cost,
    arguments=_own_arguments,
    lowering=_MEMBERS + "MemberLinear",
    settings=(Setting("width", (1,), 1, bounds=(1, 100_000)),),  # the task decides
    capabilities=frozenset({"affine", "projection", "head"}),
)


def _vote_type(call: Call) -> Vector:
    given = _set(call.inputs[0])
    if call.settings["kind"] != "classes" and given.features != 1:
        raise Rejection(
            f"expected one {call.settings['kind']} a member, got {describe(given)}. Vote with kind='classes'."
        )
    return Vector(given.features)


def _vote_arguments(call: Call, output: ValueType) -> dict[str, object]:
    return {"kind": str(call.settings["kind"])}


VOTE = Component(
    name="vote",
    summary=(
        "The members' mean as one output: of their probabilities, as logits again (kind logit: of two classes; classes: a logit each), "
        "or of their values. In training each member has its own loss instead (arXiv:2410.24210, section 3.1)."
    ),
    type_rule=_vote_type,
    cost_rule=elementwise_cost,
    arguments=_vote_arguments,
    lowering=_MEMBERS + "Vote",
    settings=(Setting("kind", ("logit", "classes", "value"), "value"),),
    capabilities=frozenset({"head", "voting"}),
)


def members_of(value: Featured) -> int:
    """Return how many members a value holds: the size of a set, else 1."""
    return value.size if isinstance(value, Set) else 1
