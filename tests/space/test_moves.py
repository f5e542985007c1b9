import numpy as np
import pytest

from coeval.architecture.inference import infer
from coeval.space import edits
from coeval.space.motifs import Style, linear, motif
from coeval.space.moves import RULES
from coeval.space.plan import Node, Plan, assemble
from tests.space.spaces import FULL, NUMBERS

WORDS = NUMBERS.grammar.words


def node(name, source=None, body=(), **given):
    component = WORDS.named(name)
    return Node(component, component.complete(given), source, body)


def genotype(*trunk):
    entry = NUMBERS.frame.entries[0].complete({"encoding": "plain"})
    return assemble(NUMBERS.frame, Plan((entry,), trunk))


def trunks(one, move):
    """The trunks of all neighbours that a rule makes."""
    found = [child for child in NUMBERS.neighbours(one) if child.moves[0].name == move]
    return [NUMBERS.plan(child.genotype).trunk for child in found]


WIDE = linear(WORDS, 64)
RELU, TANH = node("relu"), node("tanh")


def test_every_rule_finds_a_site_somewhere():
    names = set()
    for seed in range(40):
        rng = np.random.default_rng(seed)
        for child in FULL.neighbours(FULL.sample(rng)):
            names.add(child.moves[0].name)
        if len(names) == len(RULES) + 2:
            break
    assert names == {rule.name for rule in RULES} - {"width"} | {"widen", "narrow", "entry"}


def test_replacing_keeps_the_signature():
    assert (WIDE, TANH) in trunks(genotype(WIDE, RELU), "replace")


def test_deleting_a_step_leads_its_readers_to_what_it_read():
    add = node("add", source=1)
    one = genotype(WIDE, RELU, TANH, add)
    assert (WIDE, TANH, add) in trunks(one, "delete")
    assert (WIDE, RELU, node("add", source=1)) in trunks(one, "delete")


def test_inserting_in_front_of_a_merge_moves_its_source_along():
    one = genotype(WIDE, RELU, TANH, node("add", source=2))
    assert (node("scale"), WIDE, RELU, TANH, node("add", source=3)) in trunks(one, "insert")


def test_a_width_changes_together_with_the_residual_behind_it():
    block = motif(WORDS, "residual", 64, Style(RELU, node("layer_norm")), hidden=128)
    for wider in trunks(genotype(WIDE, *block, RELU), "widen"):
        assert infer(genotype(*wider))
    widest = genotype(linear(WORDS, 96), *motif(
        WORDS, "residual", 96, Style(RELU, node("layer_norm")), hidden=128), RELU)  # fmt: skip
    assert NUMBERS.plan(widest).trunk in trunks(genotype(WIDE, *block, RELU), "widen")


def test_a_width_that_a_merge_needs_changes_everywhere():
    one = genotype(WIDE, RELU, WIDE, node("add", source=1))
    other = linear(WORDS, 96)
    assert (other, RELU, other, node("add", source=1)) in trunks(one, "widen")


def test_wrapping_and_unwrapping_undo_each_other():
    plain = genotype(WIDE, RELU, WIDE)
    wrapped = (WIDE, node("residual", body=(RELU, WIDE)))
    assert wrapped in trunks(plain, "wrap")
    assert (WIDE, RELU, WIDE) in trunks(genotype(*wrapped), "unwrap")


def test_a_region_whose_inner_results_are_read_outside_is_not_wrapped():
    nodes = (WIDE, RELU, TANH, node("add", source=2))
    assert edits.wrap(nodes, 1, 2, WORDS.named("residual"), ()) is None
    assert edits.wrap(nodes, 2, 3, WORDS.named("residual"), ()) is not None


def test_a_concatenation_is_followed_by_a_new_width():
    for trunk in trunks(genotype(WIDE, RELU), "merge"):
        for first, second in zip(trunk, (*trunk[1:], None), strict=True):
            if first.component.name == "concatenate":
                assert second.component.name == "linear"


def test_deepening_copies_a_block_and_shortening_takes_it_out():
    block = (linear(WORDS, 64), RELU, TANH)
    assert (*block, *block) not in trunks(genotype(*block), "deepen")  # from 4 to 64: not twice
    twice = genotype(*block, *block)
    assert (*block, *block, *block) in trunks(twice, "deepen")
    assert block in trunks(twice, "shorten")


def test_exact_moves_say_so():
    exact = {c.moves[0].detail for c in NUMBERS.neighbours(genotype(WIDE)) if c.moves[0].exact}
    assert any("scale" in one for one in exact)
    assert any("dropout" in one for one in exact)
    assert any("residual" in one for one in exact)
    assert any("width 64 -> 96" in one for one in exact)
    assert not any("relu put in" in one for one in exact)
    normalised = genotype(WIDE, node("layer_norm"))
    assert not any(
        c.moves[0].exact for c in NUMBERS.neighbours(normalised) if c.moves[0].name == "widen"
    )


def test_deepening_is_exact_behind_a_relu_and_not_behind_a_tanh():
    def claims(activation):
        block = (linear(WORDS, 64), activation)
        children = NUMBERS.neighbours(genotype(*block, *block))
        return {
            one.moves[0].exact
            for one in children
            if NUMBERS.plan(one.genotype).trunk == (*block, *block, *block)
        }

    assert claims(RELU) == {True}
    assert claims(TANH) == {False}


def test_sites_are_step_paths_of_the_child():
    one = genotype(WIDE, node("residual", body=(RELU,)))
    for child in NUMBERS.neighbours(one):
        move = child.moves[0]
        if move.name == "insert" and "silu" in move.detail:
            steps = child.genotype.body.steps
            *outer, last = (int(part) for part in move.site.split("."))
            for index, region in zip(outer[::2], outer[1::2], strict=True):
                steps = steps[index].regions[region].steps
            assert steps[last].component.name == "silu"


@pytest.mark.parametrize("seed", range(5))
def test_a_crossover_names_where_the_other_parent_begins(seed):
    rng = np.random.default_rng(seed)
    first, second = FULL.sample(rng), FULL.sample(rng)
    child = FULL.cross(first, second, rng)
    assert child.moves[0].name == "cross"
    assert child.genotype not in (first, second)
    known = {one.component.name for parent in (first, second) for one in parent.body.steps}
    assert {one.component.name for one in child.genotype.body.steps} <= known
