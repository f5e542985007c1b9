from hypothesis import given
from hypothesis import strategies as st

from coeval.architecture.program import Program
from coeval.space.digest import candidate_digest
from coeval.space.protocol import Candidate

programs = st.builds(
    Program,
    st.binary(max_size=8),
    st.lists(st.floats(allow_nan=False).map(lambda x: x + 0.0), max_size=3).map(tuple),
)
teams = st.lists(programs, min_size=1, max_size=3).map(
    lambda found: Candidate(tuple((f"module-{i}", one) for i, one in enumerate(found, 1)))
)


@given(teams, teams)
def test_teams_have_one_digest_exactly_when_they_are_equal(first, second):
    assert (candidate_digest(first) == candidate_digest(second)) == (first == second)


def test_bytes_that_move_between_code_and_constants_or_parts_change_the_digest():
    one = Program(b"\0" * 8, ())
    other = Program(b"", (0.0,))
    names = {
        candidate_digest(Candidate((("a", one),))),
        candidate_digest(Candidate((("a", other),))),
        candidate_digest(Candidate((("b", one),))),
        candidate_digest(Candidate((("a", one), ("b", other)))),
        candidate_digest(Candidate((("a", other), ("b", one)))),
    }
    assert len(names) == 5


def test_a_program_beside_settings_is_told_from_other_settings():
    settings = ("recipe", (("lr", 0.1),))
    found = {
        candidate_digest(Candidate((("program", Program(code)), settings)))
        for code in (b"", b"\1\0\0\0")
    }
    assert len(found) == 2
