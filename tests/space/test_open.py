import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from coeval.architecture.inference import infer
from coeval.architecture.step import Architecture, Region, sequence, step
from coeval.architecture.types import Vector
from coeval.component.channel import LINEAR, RELU, TANH
from coeval.errors import SpaceError
from coeval.space import nasbench201, nasbench_macro, spikenas, transnas
from coeval.space.choices import ChoiceSpace
from coeval.space.open import cut, open_space, slot_sizes, weight_paths
from coeval.space.product import ProductSpace
from coeval.space.recipe import RECIPE
from coeval.space.slots import Slot, SlotSpace
from coeval.space.template import Option, Template, Use

SPACES = {
    "nasbench201": nasbench201.space(),
    "nasbench_macro": nasbench_macro.space(),
    "spikenas": spikenas.space(),
}
OPENED = {name: open_space(one) for name, one in SPACES.items()}
RELU_ONLY = Option("relu", sequence(1, [step(RELU, 0)]))
NOTHING = Option("nothing", Region(1, (), 0))
DENSE = Option("dense", sequence(1, [step(RELU, 0), step(LINEAR, 1, width=4)]))
WIDE = Option("wide", sequence(1, [step(LINEAR, 0, width=8)]))


def chain(*options):
    template = Template(
        (Vector(4),),
        tuple(options),
        tuple(Use(n, (n,)) for n in range(len(options))),
        len(options),
    )
    slots = tuple(Slot(f"s{n}", tuple(one.name for one in each)) for n, each in enumerate(options))
    return SlotSpace(slots, template, "chain")


def whole(name):
    return lambda candidate: candidate.part(name)


@pytest.mark.parametrize("name", SPACES)
@settings(max_examples=40, deadline=None)
@given(seed=st.integers(0, 2**32 - 1))
def test_what_is_cut_out_is_what_the_space_makes(name, seed):
    space, opened = SPACES[name], OPENED[name]
    candidate = space.sample(np.random.default_rng(seed))
    picks = opened.picks(candidate)
    assert cut(opened.architecture, picks) == space.architecture(candidate)
    assert opened.candidate(picks) == candidate


def test_the_open_network_has_the_parameters_of_all_options_and_of_what_is_fixed():
    opened = OPENED["nasbench201"]
    whole = infer(opened.architecture).cost.parameters
    fixed = infer(cut(opened.architecture, (0,) * 6)).cost.parameters
    one_each = [infer(cut(opened.architecture, (n,) * 6)).cost.parameters for n in range(5)]
    assert whole == fixed + sum(each - fixed for each in one_each)


def test_choices_in_repeats_are_cut_and_found_in_every_copy():
    opened = OPENED["nasbench201"]
    paths = weight_paths(opened.architecture, (3, 0, 0, 0, 0, 0))
    convolution = [(here, there) for here, there in paths.items() if there.endswith("0.3.1")]
    assert ("2.0.1", "2.0.0.3.1") in convolution
    assert ("2.4.1", "2.4.0.3.1") in convolution
    assert len(convolution) == 15


def test_slots_of_several_parts_are_named_after_their_part_and_cut_together():
    first, second = chain((NOTHING, DENSE)), chain((RELU_ONLY, DENSE), (NOTHING, RELU_ONLY))

    def joined(candidate):
        one, two = candidate.part("first"), candidate.part("second")
        steps = [*one.body.steps, *_moved(two.body.steps, one.body.output)]
        output = two.body.output + one.body.output
        return Architecture(one.inputs, Region(1, tuple(steps), output))

    recipe = ChoiceSpace(RECIPE, "recipe")
    space = ProductSpace({"first": first, "recipe": recipe, "second": second}, typing=joined)
    opened = open_space(space)
    assert [one.name for one in opened.slots] == ["first.s0", "second.s0", "second.s1"]
    assert slot_sizes(opened.architecture) == (2, 2, 2)
    for number in range(8):
        picks = (number // 4, number // 2 % 2, number % 2)
        candidate = opened.candidate(picks)
        assert candidate.part("recipe") == recipe.default()
        assert cut(opened.architecture, picks) == space.architecture(candidate)


def _moved(steps, by):
    return [
        step(one.component, one.inputs[0] + by, *one.regions, **dict(one.settings)) for one in steps
    ]


def test_a_candidate_may_be_based_on_another():
    recipe = ChoiceSpace(RECIPE, "recipe")
    space = ProductSpace(
        {"chain": chain((NOTHING, DENSE)), "recipe": recipe}, typing=whole("chain")
    )
    slow = recipe.default(lr=1e-4)
    base = space.sample(np.random.default_rng(0))
    base = type(base)((("chain", base.part("chain")), ("recipe", slow)))
    assert open_space(space, base).candidate((1,)).part("recipe") == slow


def test_a_space_without_choices_is_refused_and_told_which_have_them():
    with pytest.raises(SpaceError, match=r"decided by choices, got .*recipe \(ChoiceSpace\)"):
        open_space(ProductSpace({"recipe": ChoiceSpace(RECIPE, "recipe")}))


def test_options_that_depend_on_each_other_are_refused():
    with pytest.raises(SpaceError, match=r"'macro' cannot stay open.*such as evolution"):
        open_space(transnas.space())


def test_options_of_different_types_are_refused():
    space = ProductSpace({"chain": chain((DENSE, WIDE))}, typing=whole("chain"))
    with pytest.raises(
        SpaceError, match=r"Vector\(4\) from option 0 and Vector\(8\) from option 1"
    ):
        open_space(space)


@pytest.mark.parametrize(
    ("picks", "message"), [((1, 2), "each of 6 slots, got 2"), ((5, 0, 0, 0, 0, 0), "0..4, got 5")]
)
def test_picks_that_do_not_fit_are_refused(picks, message):
    with pytest.raises(SpaceError, match=message):
        cut(OPENED["nasbench201"].architecture, picks)


def test_an_architecture_without_open_places_is_refused():
    closed = Architecture((Vector(4),), sequence(1, [step(TANH, 0)]))
    with pytest.raises(SpaceError, match="with open places"):
        cut(closed, ())
