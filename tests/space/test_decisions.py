import pytest

from coeval.errors import SpaceError
from coeval.space.decisions import decided, in_order, open_options


def word(take):
    """Return up to two letters: the second may be any but the first, or none."""
    first = "ab"[take("ab")]
    rest = ["", *(one for one in "abc" if one != first)]
    return first + rest[take(rest, "second")]


def test_all_complete_prefixes_lead_to_something_in_order():
    assert list(in_order(word)) == ["a", "ab", "ac", "b", "ba", "bc"]


def test_what_takes_no_decisions_is_there_once():
    assert list(in_order(lambda take: "only")) == ["only"]


def test_options_are_labelled_with_the_decision_where_it_has_a_name():
    assert open_options(word, ()) == ("a", "b")
    assert open_options(word, (1,)) == ("second=", "second=a", "second=c")
    assert open_options(word, (1, 0)) == ()


def test_a_complete_prefix_is_decided():
    assert decided(word, (1, 2)) == "bc"


@pytest.mark.parametrize(
    ("prefix", "reason"),
    [
        ((), r"of 0 decisions is not complete; next: \('a', 'b'\)"),
        ((2,), "Decision 0 has options 0..1, got 2"),
        ((0, -1), "Decision 'second' has options 0..2, got -1"),
        ((0, 0, 0), "takes 2 decisions, got 3"),
    ],
)
def test_any_other_prefix_is_refused_with_the_reason(prefix, reason):
    with pytest.raises(SpaceError, match=reason):
        decided(word, prefix)
