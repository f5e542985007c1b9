import dataclasses

import pytest

from coeval.strategy.certificate import Certificate

WHOLE = Certificate(
    size=100,
    enumerated=100,
    complete=True,
    classes=60,
    measured=60,
    failed=0,
    running=0,
    partial=0,
    share=1.0,
    best=(7,),
    values=((("accuracy", 91.5),),),
)


def test_tells_the_whole_outcome_in_words():
    assert WHOLE.describe().splitlines() == [
        "Proven: the optimum of the space.",
        "100 of 100 members enumerated: 60 classes after normal form, "
        "40 equal to an earlier one and not evaluated again.",
        "Measured: 60 classes, 100.00 % of the space.",
        "Best: trial 7, accuracy 91.5.",
        "Values are as measured: one evaluation a class, its noise included.",
    ]


@pytest.mark.parametrize(
    ("changed", "gap"),
    [
        ({"complete": False, "enumerated": 70}, "30 of 100 members were not tried"),
        ({"measured": 59, "failed": 1}, "the evaluation of 1 class failed"),
        ({"measured": 58, "running": 2}, "the evaluation of 2 classes is not finished"),
        ({"measured": 57, "partial": 3}, "3 classes were evaluated only in part"),
    ],
)
def test_each_gap_alone_undoes_the_proof(changed, gap):
    certificate = dataclasses.replace(WHOLE, **changed)
    assert not certificate.is_proven
    assert certificate.gaps == (gap,)
    assert certificate.describe().startswith(f"Not proven: {gap}.")


def test_members_beyond_the_cost_limits_are_no_gap():
    assert dataclasses.replace(WHOLE, size=130).is_proven


@pytest.mark.parametrize(
    ("share", "text"),
    [(1.0, "100.00 %"), (0.99999, "over 99.99 %"), (1e-7, "under 0.01 %"), (0.0, "0.00 %")],
)
def test_no_share_is_rounded_to_all_or_nothing(share, text):
    assert f", {text} of the space" in dataclasses.replace(WHOLE, share=share).describe()


def test_json_holds_every_field_and_the_verdict():
    values = WHOLE.to_json()
    assert {one.name for one in dataclasses.fields(Certificate)} <= set(values)
    assert values["proven"] is True
    assert values["values"] == [{"accuracy": 91.5}]
