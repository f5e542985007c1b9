from hypothesis import HealthCheck, given, settings

from coeval.architecture.inference import infer
from coeval.architecture.step import Architecture, Region, Step, sequence, step
from coeval.architecture.types import Grid, Vector
from coeval.component.channel import DROPOUT, LINEAR, RELU
from coeval.component.grid import AVERAGE_POOL, CONV, GLOBAL_AVERAGE_POOL
from coeval.component.head import CLASS_HEAD
from coeval.component.merge import ADD
from coeval.component.norm import BATCH_NORM
from coeval.component.region import REPEAT, RESIDUAL
from coeval.evaluate.latency_units import units_of
from coeval.space import nasbench201
from coeval.testing.architectures import architectures

GRID = Grid(8, 8, 4)


def named(architecture: Architecture) -> list[tuple[list[str], int]]:
    return [
        ([one.component.name for one in unit.architecture.body.steps], unit.times)
        for unit in units_of(architecture)
    ]


def chain(*steps: Step, given=GRID) -> Architecture:
    return Architecture((given,), sequence(1, steps))


def test_the_light_steps_behind_a_convolution_are_measured_with_it():
    found = named(chain(step(CONV, 0, width=8), step(BATCH_NORM, 1), step(RELU, 2)))
    assert found == [(["conv2d", "batch_norm", "relu"], 1)]


def test_a_result_that_two_steps_read_ends_its_chain():
    steps = (step(CONV, 0, width=4), step(RELU, 1), step(ADD, (1, 2)))
    assert named(chain(*steps)) == [(["conv2d"], 1), (["relu"], 1), (["add"], 1)]


def test_a_step_that_changes_the_type_begins_a_piece_of_its_own():
    steps = (step(CONV, 0, width=8), step(AVERAGE_POOL, 1, stride=2), step(RELU, 2))
    assert named(chain(*steps)) == [(["conv2d"], 1), (["avg_pool2d", "relu"], 1)]


def test_steps_that_the_result_does_not_need_cost_nothing():
    body = Region(1, (step(CONV, 0, width=64), step(RELU, 0)), 2)
    assert named(Architecture((GRID,), body)) == [(["relu"], 1)]


def test_what_only_training_has_is_left_out():
    steps = (step(LINEAR, 0, width=8), step(DROPOUT, 1), step(RELU, 2))
    assert named(chain(*steps, given=Vector(4))) == [(["linear", "relu"], 1)]


def test_a_repeated_region_counts_as_often_as_it_runs_and_nested_ones_multiply():
    inner = step(REPEAT, 0, sequence(1, [step(LINEAR, 0, width=4)]), times=3)
    outer = step(REPEAT, 0, sequence(1, [inner, step(RELU, 1)]), times=2)
    assert named(chain(outer, given=Vector(4))) == [(["linear"], 6), (["relu"], 2)]


def test_a_residual_is_its_region_and_a_sum():
    body = sequence(1, [step(CONV, 0, width=4), step(BATCH_NORM, 1)])
    assert named(chain(step(RESIDUAL, 0, body))) == [(["conv2d", "batch_norm"], 1), (["add"], 1)]


def test_a_sum_of_a_value_with_itself_reads_one_input():
    (unit,) = units_of(chain(step(ADD, (0, 0))))
    assert unit.architecture.inputs == (GRID,)
    assert unit.architecture.body.steps[0].inputs == (0, 0)


def test_equal_pieces_have_equal_keys_and_others_do_not():
    one, two, wide = (units_of(chain(step(CONV, 0, width=width)))[0].key for width in (8, 8, 16))
    assert one == two != wide


@given(architectures())
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_every_piece_is_legal_and_together_they_do_the_work(architecture: Architecture):
    cost = infer(architecture).cost
    pieces = [(infer(one.architecture).cost, one.times) for one in units_of(architecture)]
    assert sum(times * one.macs for one, times in pieces) == cost.macs


def test_a_whole_network_of_cells_is_a_few_pieces_used_often():
    cell = nasbench201.cell_space().assemble(["nor_conv_3x3"] * 6)
    architecture = nasbench201.network(cell, nasbench201.DATASETS["cifar10"])
    units = units_of(architecture)
    assert len({one.key for one in units}) < 40
    assert sum(one.times for one in units) > 150


def test_the_head_of_a_network_is_a_piece_too():
    steps = (step(GLOBAL_AVERAGE_POOL, 0), step(CLASS_HEAD, 1, classes=3))
    assert named(chain(*steps)) == [(["global_avg_pool"], 1), (["class_head"], 1)]
