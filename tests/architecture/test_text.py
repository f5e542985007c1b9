from hypothesis import given, settings

from coeval.architecture.step import Architecture, Region, Step, sequence, step
from coeval.architecture.text import one_line, outline
from coeval.architecture.types import Columns, Tokens, Vector
from coeval.component.channel import DROPOUT, GELU, LINEAR, RELU, SCALE
from coeval.component.entry import CATEGORY_ENTRY, NUMERIC_ENTRY, TEXT_ENTRY
from coeval.component.head import CLASS_HEAD
from coeval.component.merge import ADD, CONCATENATE, MULTIPLY
from coeval.component.region import REPEAT, RESIDUAL
from coeval.testing.architectures import architectures

ROW = Columns(5, (3, 20), (Tokens(4, 16),))
TIMES = "\N{MULTIPLICATION SIGN}"


FOUR = (Vector(4),)


def of(*steps: Step, inputs=FOUR) -> Architecture:
    return Architecture(inputs, sequence(len(inputs), steps))


BLOCK = sequence(1, [step(LINEAR, 0, width=32), step(DROPOUT, 1, rate=0.2)])
NETWORK = of(
    step(NUMERIC_ENTRY, 0, encoding="periodic", width=16),
    step(CATEGORY_ENTRY, 0),
    step(CONCATENATE, (1, 2)),
    step(LINEAR, 3, width=32),
    step(GELU, 4),
    step(REPEAT, 5, sequence(1, [step(RESIDUAL, 0, BLOCK)])),
    step(CLASS_HEAD, 6, classes=3),
    inputs=(ROW,),
)


def test_a_network_reads_as_one_line():
    assert one_line(NETWORK) == (
        "numeric periodic·16 + category·8 → linear 32 → gelu → "
        f"2{TIMES}residual[linear 32 → dropout 0.2] → class head 3"
    )


def test_shared_results_are_named_and_referred_to():
    network = of(
        step(LINEAR, 0, width=4, bias=False),
        step(RELU, 1),
        step(ADD, (1, 2)),
        step(MULTIPLY, (3, 0)),
        step(CONCATENATE, (4, 1)),
    )
    assert one_line(network) == f"linear 4 no bias =a → relu → + a → {TIMES} in → join a"


def test_branches_from_entries_stand_side_by_side():
    network = of(
        step(NUMERIC_ENTRY, 0),
        step(SCALE, 1),
        step(TEXT_ENTRY, 0),
        step(CONCATENATE, (2, 3)),
        inputs=(ROW,),
    )
    assert one_line(network) == "(numeric plain → scale) + text·16"


def test_regions_say_when_they_are_tied_and_when_they_are_empty():
    block = sequence(1, [step(RELU, 0), step(ADD, (0, 1))])
    network = of(step(REPEAT, 0, block, times=3, tied=True), step(RESIDUAL, 1, sequence(1, [])))
    assert one_line(network) == f"3{TIMES}tied[relu → + in] → residual[identity]"


def test_dead_steps_are_not_in_the_line():
    assert (
        one_line(Architecture((Vector(4),), Region(1, (step(RELU, 0), step(GELU, 0)), 1))) == "relu"
    )


def test_a_long_line_loses_its_middle():
    text = one_line(NETWORK, limit=40)
    assert len(text) == 40
    assert text.startswith("numeric periodic")
    assert text.endswith("class head 3"[-11:])


@given(architectures())
@settings(max_examples=60, deadline=None)
def test_every_architecture_has_a_line_and_an_outline(architecture):
    assert "head" in one_line(architecture)
    assert "\n" not in one_line(architecture)
    assert len(outline(architecture).splitlines()) >= 3 + len(architecture.body.steps)


def test_the_outline_gives_paths_inputs_types_and_parameters():
    lines = outline(NETWORK).splitlines()
    assert lines[0].split() == ["input", "Columns(5", "numeric,", "2", "categorical,", "1", "text)"]
    linear = next(line for line in lines if line.split()[0] == "5.0.0.0.0")
    assert "│ │ linear width=32 bias=yes" in linear
    assert "← in" in linear
    assert "Vector(32)" in linear
    assert linear.endswith("1,056 parameters")
    assert lines[-1].endswith("activations an example")
    assert "bins" not in lines[1]  # has no effect on a periodic entry
