import json

import pytest

from coeval.exact.certificate import Certificate, Verdict


def certificate(**changes) -> Certificate:
    facts = {
        "verdict": Verdict.OPTIMAL,
        "semantics": "tree",
        "constants": "none",
        "features": 1,
        "length": 9,
        "covered": 9,
        "sequences": 8_962_048,
        "evaluated": 2_000_000,
        "distinct": 249_102,
        "pruning": ("equal values merged",),
        "arithmetic": "float64",
    }
    return Certificate(**(facts | changes))


def test_a_proof_reads_as_one():
    text = certificate().describe()
    assert text.startswith("Optimal: no tree of at most 9 nodes has a smaller error.")
    assert "8,962,048 sequences" in text
    assert "249,102 distinct values" in text


def test_within_a_step_budget_the_claim_names_the_budget():
    text = certificate(verdict=Verdict.WITHIN_STEPS, steps=1_000).describe()
    assert text.startswith(
        "Optimal within 1,000 steps: no tree of at most 9 nodes that halts within 1,000 steps"
    )


def test_what_was_cut_off_claims_no_more_than_it_covered():
    one = certificate(verdict=Verdict.BEST_FOUND, covered=7, stopped="The time was up.")
    assert not one.is_proof
    assert one.describe().startswith(
        "Best found among trees of at most 9 nodes; proven optimal up to 7 nodes. The time was up."
    )


@pytest.mark.parametrize(
    "changes", [{"covered": -1}, {"covered": 9, "assumptions": ("multi-start",)}]
)
def test_without_a_proof_nothing_is_called_optimal(changes):
    text = certificate(verdict=Verdict.BEST_FOUND, **changes).describe()
    assert "no proof" in text
    assert "ptimal" not in text


def test_a_certificate_is_plain_json():
    values = json.loads(json.dumps(certificate(steps=5).to_json()))
    assert values["verdict"] == "optimal"
    assert values["pruning"] == ["equal values merged"]
    assert values["steps"] == 5
