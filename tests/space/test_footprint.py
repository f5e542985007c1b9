from hypothesis import HealthCheck, given, settings

from coeval.architecture.inference import infer
from coeval.architecture.step import Architecture, Region, sequence, step
from coeval.architecture.types import Columns, Vector, elements
from coeval.component.channel import LINEAR, RELU
from coeval.component.merge import ADD
from coeval.component.region import REPEAT, RESIDUAL
from coeval.component.trees import TREE_ENSEMBLE
from coeval.space.footprint import file_bytes, inference_bytes, peak_elements
from coeval.testing.architectures import architectures


def peak(*steps, output=None) -> int:
    body = sequence(1, steps) if output is None else Region(1, steps, output)
    network = Architecture((Vector(10),), body)
    return peak_elements(body, infer(network))


def test_a_chain_holds_its_input_and_two_neighbouring_results():
    # the input's 10 stay with the caller; 40 and 20 are alive while the second layer runs
    assert (
        peak(step(LINEAR, 0, width=40), step(LINEAR, 1, width=20), step(LINEAR, 2, width=5)) == 70
    )


def test_a_skip_keeps_its_result_alive():
    wide = (step(LINEAR, 0, width=10), step(LINEAR, 1, width=30), step(LINEAR, 2, width=10))
    assert peak(*wide, step(ADD, (1, 3))) == 10 + 10 + 30 + 10
    assert peak(*wide) == 10 + 10 + 30 + 0 or peak(*wide) == 10 + 30 + 10


def test_steps_that_nobody_needs_hold_nothing():
    assert peak(step(LINEAR, 0, width=1000), step(RELU, 0), output=2) == 20


def test_a_region_counts_its_own_peak_beside_what_is_alive():
    body = sequence(1, [step(LINEAR, 0, width=50), step(LINEAR, 1, width=10)])
    assert peak(step(RESIDUAL, 0, body)) == 10 + 50 + 10
    assert peak(step(REPEAT, 0, body, times=4)) == 10 + 50 + 10
    assert peak(step(LINEAR, 0, width=10), step(RESIDUAL, 1, body)) == 10 + 10 + 50 + 10


def test_weights_and_peak_are_counted_in_float32():
    network = Architecture((Vector(10),), sequence(1, [step(LINEAR, 0, width=5)]))
    assert inference_bytes(network) == 4 * (55 + 15)


def test_a_file_holds_weights_in_four_bytes_and_nodes_of_trees_in_thirteen():
    network = Architecture((Vector(10),), sequence(1, [step(LINEAR, 0, width=5)]))
    assert file_bytes(network) == 4 * 55
    trees = Architecture((Columns(3),), sequence(1, [step(TREE_ENSEMBLE, 0, rounds=50, leaves=4)]))
    assert file_bytes(trees) == 13 * (50 * 7 + 1)


@given(architectures())
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_the_peak_lies_between_the_largest_result_and_all_of_them(architecture: Architecture):
    inference = infer(architecture)
    found = peak_elements(architecture.body, inference)
    given_ = sum(elements(one) for one in architecture.inputs)
    assert elements(inference.output) <= found
    assert found <= given_ + everything(architecture.body, inference)


def everything(region, inference) -> int:
    """Return the numbers of all results, nested ones included."""
    total = sum(elements(one) for one in inference.types[region.inputs :])
    for number, one in enumerate(region.steps):
        for nested, body in zip(one.regions, inference.nested[number], strict=True):
            total += everything(nested, body)
    return total
