import numpy as np
import pytest

from coeval.architecture.inference import infer
from coeval.evaluate.latency import Calibration, Predictor
from coeval.evaluate.latency_options import latency_of_options
from coeval.space import nasbench201
from coeval.space.open import open_space


def by_work(pieces):
    """Measure a piece as its multiply-accumulates, in millions."""
    return [infer(one).cost.macs / 1e6 for one in pieces]


@pytest.fixture(scope="module")
def opened():
    return open_space(nasbench201.space())


def test_every_option_of_every_slot_has_its_milliseconds(opened):
    found = latency_of_options(opened, Predictor(by_work))
    assert [len(one) for one in found] == [len(slot.options) for slot in opened.slots]
    none, skip, small, large, _ = found[0]
    assert none == skip == 0
    assert large == pytest.approx(9 * small)


def test_expected_latency_is_that_of_the_networks_drawn(opened):
    predictor = Predictor(by_work)
    tables = latency_of_options(opened, predictor)
    rng = np.random.default_rng(0)
    rests = []
    for _ in range(6):
        picks = [int(rng.integers(1, len(slot.options))) for slot in opened.slots]  # no edge is cut
        network = opened.space.architecture(opened.candidate(picks))
        rest = predictor.summed(network) - sum(
            one[pick] for one, pick in zip(tables, picks, strict=True)
        )
        rests.append(rest)
    assert np.ptp(rests) == pytest.approx(
        0, abs=1e-6
    )  # stem, reductions and head: the same for all


def test_the_slope_of_the_calibration_applies(opened):
    plain, steep = Predictor(by_work), Predictor(by_work)
    steep.calibration = Calibration(slope=2.0)
    for one, other in zip(
        latency_of_options(opened, plain), latency_of_options(opened, steep), strict=True
    ):
        np.testing.assert_allclose(2 * one, other)
