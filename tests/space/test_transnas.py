import itertools
from pathlib import Path

import pandas as pd
import pytest

from coeval.architecture.inference import infer
from coeval.architecture.step import Architecture, Region, sequence, step
from coeval.architecture.types import Grid, Vector
from coeval.component.channel import RELU
from coeval.component.merge import ADD
from coeval.errors import SpaceError
from coeval.space import transnas
from coeval.space.protocol import Candidate
from coeval.space.transnas import from_key, key, macro_space
from coeval.testing.spaces import check_candidate_space, check_space

TABLE = Path("/work/shared/data/nas/transnasbench101_macro.parquet")
needs_table = pytest.mark.skipif(not TABLE.exists(), reason="the table is not on this machine")


def test_keeps_the_contract_of_spaces():
    check_space(macro_space(), samples=16)


@pytest.mark.slow
def test_keeps_the_contract_when_it_is_walked_whole():
    check_space(macro_space(), samples=4, leaves=5000)


def test_keeps_the_contract_of_candidate_spaces():
    check_candidate_space(transnas.space(), samples=6)


def test_it_has_the_papers_number_of_backbones_of_each_length():
    lengths = [len(key(one).split("-")) for one in macro_space()]
    assert [lengths.count(n) for n in (4, 5, 6)] == [210, 750, 2296]
    assert macro_space().size() == 3256


@needs_table
def test_the_spaces_order_is_the_tables():
    table = pd.read_parquet(TABLE, columns=["arch"])
    assert [key(one) for one in macro_space()] == table.arch.tolist()


def test_every_backbone_is_read_from_its_structure_alone():
    fresh = macro_space.__wrapped__()  # has made none yet
    for backbone in itertools.islice(macro_space(), 0, None, 50):
        assert fresh.choices(backbone) == macro_space().choices(backbone)


def test_kinds_double_features_and_halve_grids():
    assert infer(from_key("4-1-2-3")).output == Grid(16, 16, 256)
    assert infer(from_key("1-1-1-1-1-4")).output == Grid(32, 32, 128)


def test_a_candidates_architecture_is_the_whole_classifier():
    backbone = from_key("4-1-4-1-4")
    for classes in (transnas.OBJECTS, transnas.SCENES):
        space = transnas.space(classes)
        whole = space.architecture(Candidate((("macro", backbone),)))
        assert whole.inputs == (Grid(256, 256, 3),)
        assert infer(whole).output == Vector(classes)


def test_a_neighbour_may_have_another_length():
    lengths = {
        len(key(child.genotype).split("-"))
        for child in macro_space().neighbours(from_key("4-1-4-1-4"))
    }
    assert lengths == {4, 5, 6}


@pytest.mark.parametrize("text", ["", "1-2-3", "1-2-3-4-1-2-3", "1-2-3-5", "41414"])
def test_a_key_of_another_form_is_refused(text):
    with pytest.raises(SpaceError, match="joined by hyphens"):
        from_key(text)


@pytest.mark.parametrize("text", ["1-1-1-1", "2-2-2-2-3", "3-3-3-3-4"])
def test_too_many_or_no_doublings_and_halvings_are_refused(text):
    with pytest.raises(SpaceError, match="not allowed together"):
        from_key(text)


@pytest.mark.parametrize(
    "body",
    [
        sequence(1, [step(RELU, 0)]),
        sequence(1, [step(ADD, 0), step(ADD, 1)]),
        Region(1, (), 0),
        sequence(1, [step(RELU, n) for n in range(30)] + [step(ADD, (n, 0)) for n in range(8)]),
    ],
)
def test_other_architectures_are_no_members(body):
    assert not macro_space().contains(Architecture((Grid(64, 64, 64),), body))
