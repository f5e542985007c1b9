from coeval.architecture.step import Architecture, sequence, step
from coeval.architecture.types import Columns, Grid
from coeval.component.channel import RELU
from coeval.component.entry import NUMERIC_ENTRY
from coeval.component.grid import CONV
from coeval.component.head import BINARY_HEAD
from coeval.report.networks import LONGEST, drawn, line
from coeval.space.protocol import Candidate

TABLE = Architecture(
    (Columns(3),), sequence(1, [step(NUMERIC_ENTRY, 0), step(RELU, 1), step(BINARY_HEAD, 2)])
)
CELL = Architecture((Grid(8, 8, 4),), sequence(1, [step(RELU, 0), step(CONV, 1, width=8)]))


def test_a_whole_network_is_its_own_line():
    candidate = Candidate((("preparation", ()), ("architecture", TABLE), ("recipe", ())))
    assert line(candidate) == "numeric plain → relu → binary head"
    assert drawn(candidate) == TABLE


def test_cells_stand_under_their_names():
    candidate = Candidate((("normal", CELL), ("reduction", CELL), ("recipe", (("lr", 0.1),))))
    assert line(candidate).startswith("normal: relu → conv2d 8")
    assert "; reduction: relu → conv2d 8" in line(candidate)
    assert len(line(candidate)) <= LONGEST
    assert drawn(candidate) == CELL


def test_a_space_without_networks_has_an_empty_line():
    candidate = Candidate((("recipe", ()),))
    assert line(candidate) == ""
    assert drawn(candidate) is None
