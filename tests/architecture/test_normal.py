import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from coeval.architecture.component import Component, Cost
from coeval.architecture.inference import infer
from coeval.architecture.normal import FLATTENED_INPUTS, normalise
from coeval.architecture.step import Architecture, Region, Step, sequence, step
from coeval.architecture.types import Columns, Vector
from coeval.component.channel import DROPOUT, IDENTITY, LINEAR, RELU, SCALE, SIGMOID, TANH
from coeval.component.constant import ZERO
from coeval.component.entry import NUMERIC_ENTRY
from coeval.component.head import VALUE_HEAD
from coeval.component.merge import ADD, CONCATENATE, MULTIPLY
from coeval.component.norm import BATCH_NORM
from coeval.component.region import REPEAT, RESIDUAL
from coeval.testing.architectures import architectures
from tests.architecture.interpreter import evaluate

FOUR = (Vector(4),)


def of(*steps: Step, inputs=FOUR) -> Architecture:
    return Architecture(inputs, sequence(len(inputs), steps))


def normal(*steps: Step, inputs=FOUR) -> Region:
    return normalise(of(*steps, inputs=inputs)).body


@given(architectures())
@settings(max_examples=120, deadline=None)
def test_a_normal_form_is_its_own_normal_form(architecture):
    once = normalise(architecture)
    assert normalise(once) == once


@given(architectures(), st.integers(0, 99))
@settings(max_examples=150, deadline=None)
def test_the_normal_form_computes_the_same(architecture, seed):
    with np.errstate(all="ignore"):
        expected, got = evaluate(architecture, seed), evaluate(normalise(architecture), seed)
    np.testing.assert_allclose(got, expected, rtol=1e-6, atol=1e-9)


@given(architectures())
@settings(max_examples=60, deadline=None)
def test_the_normal_form_is_legal_and_needs_no_more_parameters(architecture):
    before, after = infer(architecture), infer(normalise(architecture))
    assert after.output == before.output
    assert after.cost.parameters <= before.cost.parameters


def test_dead_steps_are_dropped():
    assert normalise(
        Architecture((Vector(4),), Region(1, (step(RELU, 0), step(TANH, 0)), 1))
    ).body == sequence(1, [step(RELU, 0)])


def test_identities_are_skipped():
    plain = sequence(1, [step(RELU, 0)])
    assert normal(step(IDENTITY, 0), step(RELU, 1)) == plain
    assert normal(step(RELU, 0), step(DROPOUT, 1, rate=0.0)) == plain
    assert normal(step(ADD, (0,)), step(RELU, 1)) == plain
    assert normal(step(CONCATENATE, (0,)), step(RELU, 1)) == plain
    assert normal(step(REPEAT, 0, plain, times=1)) == plain
    assert normal(step(REPEAT, 0, plain, times=1, tied=True)) == plain
    empty = sequence(1, [])
    assert normal(step(RELU, 0), step(REPEAT, 1, empty, times=9, tied=True)) == plain


def test_an_untied_repeat_is_its_body_so_many_times():
    body = sequence(1, [step(LINEAR, 0, width=4), step(RELU, 1)])
    written = [
        step(LINEAR, 0, width=4),
        step(RELU, 1),
        step(LINEAR, 2, width=4),
        step(RELU, 3),
    ]
    assert normal(step(REPEAT, 0, body, times=2)) == normal(*written)
    assert normal(step(REPEAT, 0, body, times=2, tied=True)) != normal(*written)


def test_a_long_repeat_stays_one_step():
    body = sequence(1, [step(LINEAR, 0, width=4), step(RELU, 1)])
    assert len(normal(step(REPEAT, 0, body, times=1000)).steps) == 1


def test_a_residual_is_an_addition():
    body = sequence(1, [step(LINEAR, 0, width=4)])
    assert normal(step(RESIDUAL, 0, body)) == normal(step(LINEAR, 0, width=4), step(ADD, (1, 0)))


def test_nested_additions_flatten_and_a_product_inside_does_not():
    three = (Vector(4),) * 3
    left = normal(step(ADD, (0, 1)), step(ADD, (3, 2)), inputs=three)
    right = normal(step(ADD, (1, 2)), step(ADD, (3, 0)), inputs=three)
    assert left == right == Region(3, (step(ADD, (0, 1, 2)),), 3)
    assert len(normal(step(MULTIPLY, (0, 1)), step(ADD, (3, 2)), inputs=three).steps) == 2


def test_doubling_again_and_again_does_not_explode():
    chain = [step(ADD, (0, 0))] + [step(ADD, (index, index)) for index in range(1, 30)]
    found = normal(*chain)
    assert max(len(one.inputs) for one in found.steps) <= FLATTENED_INPUTS
    assert normalise(Architecture((Vector(4),), found)).body == found


def test_a_zero_is_left_out_of_a_sum():
    plain = normal(step(RELU, 0), step(TANH, 1))
    assert normal(step(ZERO, 0), step(RELU, 0), step(ADD, (1, 2, 1)), step(TANH, 3)) == plain


def test_what_is_computed_from_zeros_alone_is_zero():
    chain = (step(ZERO, 0), step(RELU, 1), step(LINEAR, 2, width=4), step(BATCH_NORM, 3))
    assert normal(*chain, step(ADD, (0, 4)), step(TANH, 5)) == normal(step(TANH, 0))
    assert normal(*chain) == normal(step(ZERO, 0))


def test_sums_and_products_of_zeros_are_zero_and_a_product_with_something_stays():
    nothing = normal(step(ZERO, 0))
    assert normal(step(ZERO, 0), step(TANH, 0), step(ZERO, 2), step(ADD, (1, 3))) == nothing
    assert normal(step(ZERO, 0), step(MULTIPLY, (1, 1))) == nothing
    # A learnt offset counts as zero, so that a factor of it is not known to absorb.
    assert len(normal(step(ZERO, 0), step(TANH, 0), step(MULTIPLY, (1, 2))).steps) == 3


def test_a_zero_forgets_what_it_was_made_of():
    deep = normal(step(LINEAR, 0, width=4), step(TANH, 1), step(ZERO, 2))
    assert deep == normal(step(ZERO, 0)) == sequence(1, [step(ZERO, 0)])


def test_a_residual_around_zero_is_the_input():
    body = sequence(1, [step(ZERO, 0), step(RELU, 1)])
    assert normal(step(RESIDUAL, 0, body), step(TANH, 1)) == normal(step(TANH, 0))


def test_a_function_that_moves_zero_is_kept():
    shifted = normal(step(ZERO, 0), step(SIGMOID, 1), step(ADD, (0, 2)))
    assert [one.component.name for one in shifted.steps] == ["zero", "sigmoid", "add"]


def test_zeros_of_another_width_are_joined_and_kept():
    found = normal(
        step(ZERO, 0), step(LINEAR, 1, width=3), step(CONCATENATE, (0, 2)), step(TANH, 3)
    )
    assert infer(Architecture(FOUR, found)).output == Vector(7)


def test_equal_functions_without_parameters_merge():
    twice = normal(step(RELU, 0), step(RELU, 0), step(MULTIPLY, (1, 2)))
    assert twice == normal(step(RELU, 0), step(MULTIPLY, (1, 1)))


def test_two_linears_are_not_two_uses_of_one():
    two = normal(step(LINEAR, 0, width=4), step(LINEAR, 0, width=4), step(ADD, (1, 2)))
    one = normal(step(LINEAR, 0, width=4), step(ADD, (1, 1)))
    assert two != one
    assert infer(Architecture((Vector(4),), two)).cost.parameters == 40


def test_two_dropouts_stay_two_even_inside_regions():
    body = sequence(1, [step(DROPOUT, 0, rate=0.5)])
    apart = [step(DROPOUT, 0), step(DROPOUT, 0), step(MULTIPLY, (1, 2))]
    assert len(normal(*apart).steps) == 3
    tied = [
        step(REPEAT, 0, body, times=2, tied=True),
        step(REPEAT, 0, body, times=2, tied=True),
        step(MULTIPLY, (1, 2)),
    ]
    assert len(normal(*tied).steps) == 3


def test_concatenation_order_counts_only_where_no_learnt_map_undoes_it():
    two = (Vector(4), Vector(4))
    one, other = step(CONCATENATE, (0, 1)), step(CONCATENATE, (1, 0))
    learnt = [step(SCALE, 2), step(RELU, 3), step(LINEAR, 4, width=3)]
    assert normal(one, *learnt, inputs=two) == normal(other, *learnt, inputs=two)
    assert normal(one, inputs=two) != normal(other, inputs=two)
    assert normal(one, step(RELU, 2), inputs=two) != normal(other, step(RELU, 2), inputs=two)


def test_concatenations_found_equal_late_merge():
    two = (Vector(4), Vector(4))
    heads = [step(LINEAR, 2, width=3), step(LINEAR, 3, width=3), step(MULTIPLY, (4, 5))]
    both = normal(step(CONCATENATE, (0, 1)), step(CONCATENATE, (1, 0)), *heads, inputs=two)
    assert sum(one.component is CONCATENATE for one in both.steps) == 1


def test_settings_without_effect_do_not_count():
    row = (Columns(3),)
    one = normal(step(NUMERIC_ENTRY, 0, encoding="plain", width=32), inputs=row)
    assert one == normal(step(NUMERIC_ENTRY, 0, encoding="plain", bins=64), inputs=row)
    periodic = [step(NUMERIC_ENTRY, 0, encoding="periodic", scale=one) for one in (1, 1.0, 0.1)]
    a, b, c = (normal(one, inputs=row) for one in periodic)
    assert a == b != c
    assert isinstance(a.steps[0].setting("scale"), float)


def test_a_users_commutative_component_has_its_inputs_sorted():
    largest = Component(
        "distance",
        "|x - y|.",
        type_rule=lambda call: call.inputs[0],
        cost_rule=lambda call, output: Cost(),
        arguments=lambda call, output: {},
        lowering="mine:Distance",
        arity=(2, 2),
        commutative=True,
    )
    apart = [step(largest, (0, 1)), step(largest, (1, 0)), step(VALUE_HEAD, 2)]
    two = (Vector(4), Vector(4))
    assert normal(*apart[:1], inputs=two) == normal(apart[1], inputs=two)
