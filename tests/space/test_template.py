import pytest

from coeval.architecture.inference import infer
from coeval.architecture.step import Region, sequence, step
from coeval.architecture.types import Vector
from coeval.component.channel import LINEAR, RELU, TANH
from coeval.component.merge import ADD
from coeval.errors import SpaceError
from coeval.space.template import Option, Template, Use

NOTHING = Option("nothing", Region(1, (), 0))
RELU_ONLY = Option("relu", sequence(1, [step(RELU, 0)]))
DENSE = Option("dense", sequence(1, [step(RELU, 0), step(LINEAR, 1, width=4)]))
TEMPLATE = Template(
    (Vector(4),),
    ((NOTHING, RELU_ONLY, DENSE), (RELU_ONLY, DENSE)),
    (Use(0, (0,)), step(TANH, 1), Use(1, (2,)), Use(0, (3,)), step(ADD, (1, 4))),
    output=5,
)
EVERY = [(first, second) for first in range(3) for second in range(2)]


def names(architecture):
    return [one.component.name for one in architecture.body.steps]


def test_fixed_steps_and_chosen_options_stand_in_order_and_refer_to_each_other():
    made = TEMPLATE.assemble((2, 0))
    assert names(made) == ["relu", "linear", "tanh", "relu", "relu", "linear", "add"]
    assert [one.inputs for one in made.body.steps] == [(0,), (1,), (2,), (3,), (4,), (5,), (2, 6)]
    assert made.body.output == 7


def test_an_option_may_be_nothing_at_all():
    made = TEMPLATE.assemble((0, 0))
    assert names(made) == ["tanh", "relu", "add"]
    assert made.body.steps[-1].inputs == (0, 2)


@pytest.mark.parametrize("picks", EVERY)
def test_every_choice_is_legal_and_is_read_again(picks):
    made = TEMPLATE.assemble(picks)
    infer(made)
    assert TEMPLATE.parse(made) == picks


def test_different_choices_make_different_architectures():
    assert len({TEMPLATE.assemble(picks) for picks in EVERY}) == len(EVERY)


def test_another_architecture_is_not_read():
    made = TEMPLATE.assemble((2, 0))
    longer = sequence(1, [*made.body.steps, step(TANH, 7)])
    assert TEMPLATE.parse(type(made)(made.inputs, longer)) is None


def test_a_region_may_choose_among_the_values_it_is_given():
    sources = tuple(Option(f"from {n}", Region(2, (), n)) for n in range(2))
    template = Template((Vector(4),), (sources,), (step(RELU, 0), Use(0, (0, 1)), step(TANH, 2)), 3)
    assert [template.assemble((n,)).body.steps[-1].inputs for n in range(2)] == [(0,), (1,)]


def test_a_place_for_an_unknown_slot_is_refused():
    with pytest.raises(SpaceError, match=r"item 0 must use a slot in 0\.\.0, got 1"):
        Template((Vector(4),), ((RELU_ONLY,),), (Use(1, (0,)),), 1)


def test_an_option_that_takes_other_values_than_its_place_gives_is_refused():
    with pytest.raises(SpaceError, match="option 'relu' takes 1 values, but item 0 gives 2"):
        Template((Vector(4), Vector(4)), ((RELU_ONLY,),), (Use(0, (0, 1)),), 2)
