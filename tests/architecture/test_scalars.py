"""Architectures of scalar steps, constants and iterations among them: drawn, hashed and stored like any other."""

from hypothesis import given

from coeval.architecture.digest import digest
from coeval.architecture.program import make_program, to_architecture
from coeval.architecture.serial import from_json, to_json
from coeval.architecture.step import Architecture, Region, step
from coeval.architecture.svg import svg
from coeval.architecture.text import one_line, outline
from coeval.component import scalar
from coeval.component.library import SCALAR
from tests.build.numeric.programs import ALL, architecture, programs

BODY = Region(2, (step(scalar.MUL, (0, 1)),), 2)
MIXED = architecture(
    step(scalar.CONST, (), value=2.5),
    step(scalar.SUB, (1, 0)),
    step(scalar.SIN, 2),
    step(scalar.ADD, (3, 3)),
)


def test_scalar_steps_read_as_calls_in_the_order_of_their_operands():
    assert one_line(MIXED) == "add(sin(sub(2.5, in)) =a, a)"
    iteration = architecture(step(scalar.PRIMITIVE_RECURSION, (0, 1), BODY, steps=9), inputs=2)
    assert one_line(iteration) == ("primitive recursion 9[mul(input 0, input 1)](input 0, input 1)")


def test_an_input_alone_reads_as_itself():
    assert one_line(to_architecture(make_program([]), 1, (), scalar.CONST)) == "in"


def test_a_constant_has_no_arrow_in_the_outline():
    assert outline(MIXED).splitlines()[1].split() == ["0", "const", "value=2.5", "Scalar"]


def test_constants_alone_are_drawn():
    lonely = Architecture((), Region(0, (step(scalar.CONST, ()), step(scalar.EXP, 0)), 1))
    assert "exp" in svg(lonely)


@given(programs(ALL))
def test_every_program_is_drawn_written_and_read_back(program):
    made = to_architecture(program, 2, ALL, scalar.CONST)
    assert from_json(to_json(made), SCALAR) == made
    assert svg(made).startswith("<svg")
    assert len(outline(made).splitlines()) >= len(made.body.steps)


@given(programs(ALL))
def test_swapping_commutative_operands_keeps_the_hash(program):
    made = to_architecture(program, 2, ALL, scalar.CONST)
    steps = tuple(
        step(one.component, one.inputs[::-1], *one.regions, **dict(one.settings))
        if one.component.commutative
        else one
        for one in made.body.steps
    )
    swapped = Architecture(made.inputs, Region(2, steps, made.body.output))
    assert digest(swapped) == digest(made)


def test_bodies_and_budgets_tell_iterations_apart():
    other = Region(2, (step(scalar.ADD, (0, 1)),), 2)
    turned = Region(2, (step(scalar.MUL, (1, 0)),), 2)

    def hashed(body: Region, steps: int) -> str:
        component = scalar.PRIMITIVE_RECURSION
        return digest(architecture(step(component, (0, 1), body, steps=steps), inputs=2))

    assert hashed(BODY, 9) == hashed(turned, 9)
    assert len({hashed(BODY, 9), hashed(BODY, 10), hashed(other, 9)}) == 3


def test_an_identity_changes_no_hash():
    plain = architecture(step(scalar.EXP, 0))
    assert digest(architecture(step(scalar.IDENTITY, 0), step(scalar.EXP, 1))) == digest(plain)
