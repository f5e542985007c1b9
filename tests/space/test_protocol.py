from coeval.space.protocol import Candidate


def test_a_part_that_a_candidate_lacks_has_no_settings():
    candidate = Candidate((("recipe", (("lr", 0.1), ("epochs", 3))),))
    assert candidate.settings("recipe") == {"lr": 0.1, "epochs": 3}
    assert candidate.settings("preparation") == {}
