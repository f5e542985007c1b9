import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from coeval.architecture.inference import infer
from coeval.architecture.step import Architecture, sequence, step
from coeval.architecture.types import Columns, Grid, Tokens, Vector
from coeval.build.onnx_module import module_model
from coeval.component.channel import IDENTITY, LINEAR, RELU
from coeval.component.entry import NUMERIC_ENTRY
from coeval.component.grid import CONV
from coeval.component.library import TABULAR
from coeval.component.norm import BATCH_NORM
from coeval.component.region import REPEAT
from coeval.errors import ExportError
from coeval.evaluate.latency import (
    LEAST_NETWORKS,
    Calibration,
    Predictor,
    calibration,
    measured_here,
)
from coeval.evaluate.latency_clock import median_milliseconds, piece_milliseconds


def chain(*steps, given=Vector(16)) -> Architecture:  # noqa: B008 - an immutable value
    return Architecture((given,), sequence(1, steps))


class Counting:
    """Measures a piece as its number of parameters, and counts the pieces."""

    def __init__(self):
        self.asked = []

    def __call__(self, pieces):
        self.asked += pieces
        return [infer(one).cost.parameters / 1000 for one in pieces]


def test_pieces_are_measured_once_and_added_up():
    counting = Counting()
    predictor = Predictor(counting)
    body = sequence(1, [step(LINEAR, 0, width=16), step(RELU, 1)])
    network = chain(step(REPEAT, 0, body, times=3), step(LINEAR, 1, width=4))
    assert predictor.milliseconds(network) == pytest.approx((3 * 272 + 68) / 1000)
    assert predictor.milliseconds(network) == pytest.approx((3 * 272 + 68) / 1000)
    assert len(counting.asked) == 2


def test_what_was_measured_on_another_day_is_not_measured_again():
    first = Predictor(Counting())
    network = chain(step(LINEAR, 0, width=16))
    first.milliseconds(network)
    counting = Counting()
    assert Predictor(counting, first.known).milliseconds(network) == first.milliseconds(network)
    assert counting.asked == []


def test_calibration_makes_a_line_of_whole_networks():
    predictor = Predictor(Counting())
    networks = [chain(step(LINEAR, 0, width=width)) for width in (4, 8, 16, 32, 48)]
    sums = [predictor.summed(one) for one in networks]
    weights = [infer(one).cost.parameters for one in networks]
    predictor.calibration = calibration(sums, weights, [0.5 + 2 * one for one in sums])
    wide = chain(step(LINEAR, 0, width=64))
    assert predictor.milliseconds(wide) == pytest.approx(0.5 + 2 * predictor.summed(wide))
    assert predictor.calibration.error == pytest.approx(0, abs=1e-9)
    assert predictor.calibration.correlation == 1


lines = st.tuples(st.floats(0.2, 5), st.floats(0, 2))


@given(lines, st.lists(st.floats(0.01, 10), min_size=LEAST_NETWORKS, max_size=8, unique=True))
def test_any_exact_line_is_found(line, sums):
    if np.ptp(sums) < 0.1:
        return
    slope, intercept = line
    found = calibration(sums, [1000] * len(sums), [slope * one + intercept for one in sums])
    assert found(3.0, 1000) == pytest.approx(slope * 3.0 + intercept, rel=1e-3, abs=1e-3)


def test_the_stated_error_is_of_networks_that_the_line_did_not_see():
    found = calibration([1.0, 2.0, 3.0, 4.0, 5.0], [10] * 5, [1.0, 2.0, 3.0, 4.0, 10.0])
    assert found.errors[4] == pytest.approx(0.5)  # the line through the first four says 5


def test_weights_beyond_the_cache_count():
    sums, weights = [1.0, 2.0, 1.0, 2.0, 3.0], [10**5, 10**5, 4 * 10**6, 4 * 10**6, 10**6]
    found = calibration(
        sums, weights, [one + 0.5 * many / 1e6 for one, many in zip(sums, weights, strict=True)]
    )
    assert found.reading == pytest.approx(0.5)
    assert found(2.0, 2 * 10**6) == pytest.approx(3.0)
    assert found.error == pytest.approx(0, abs=1e-9)


def test_few_networks_shift_the_sum_and_state_no_error():
    found = calibration([1.0, 2.0], [10, 20], [1.5, 2.5])
    assert found == Calibration(intercept=0.5)
    assert found.error is None


def test_a_falling_line_is_not_believed():
    found = calibration([1.0, 2.0, 3.0, 4.0], [10] * 4, [3.0, 2.9, 2.8, 2.7])
    assert (found.slope, found.reading) == (1.0, 0.0)


def test_a_time_of_nothing_is_no_measurement():
    with pytest.raises(ExportError, match="latency must be positive"):
        calibration([1.0], [10], [0.0])


def test_more_work_takes_longer_here():
    small, large = measured_here(
        [chain(step(LINEAR, 0, width=width), given=Vector(256)) for width in (8, 4096)]
    )
    assert 0 <= small < large


def test_an_identity_takes_next_to_nothing():
    assert piece_milliseconds(chain(step(IDENTITY, 0))) < 0.01


def test_images_and_table_rows_are_measured_too():
    grid = chain(step(CONV, 0, width=8), step(BATCH_NORM, 1), given=Grid(16, 16, 3))
    columns = Columns(3, (4,), (Tokens(2, 9),))
    entries = [
        step(NUMERIC_ENTRY, 0),
        step(TABULAR["category_entry"], 0),
        step(TABULAR["text_entry"], 0),
        step(TABULAR["concatenate"], (1, 2, 3)),
        step(LINEAR, 4, width=8),
    ]
    table = Architecture((columns,), sequence(1, entries))
    assert all(one > 0 for one in measured_here([grid, table]))


def test_a_model_that_cannot_run_is_named_in_the_error():
    import torch  # noqa: PLC0415
    from torch import nn  # noqa: PLC0415

    model = module_model(nn.Linear(4, 2), (torch.zeros(3, 4),), ("x",)).SerializeToString()
    with pytest.raises(ExportError, match="cannot run a piece of a network whose latency"):
        median_milliseconds(model, {"x": np.zeros((1, 5), dtype=np.float32)})
