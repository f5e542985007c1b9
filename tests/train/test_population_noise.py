"""A population's masks are those that each member's own modules draw."""

import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from coeval.architecture.step import Architecture, sequence, step
from coeval.architecture.types import Columns
from coeval.build.modules.channel import Dropout
from coeval.build.tape import write_tape
from coeval.component.channel import DROPOUT, LINEAR
from coeval.component.entry import NUMERIC_ENTRY
from coeval.component.head import BINARY_HEAD
from coeval.component.merge import CONCATENATE
from coeval.train.population_arena import blocks_of
from coeval.train.population_noise import Noise
from coeval.train.population_run import Run
from coeval.train.population_values import axes_of

CPU = torch.device("cpu")
RATES = st.sampled_from([0.05, 0.1, 0.3, 0.5])


def tape(first, second, rate, other):
    """Two dropouts, the second over a concatenation, so that its places have gaps."""
    steps = [
        step(NUMERIC_ENTRY, 0),
        step(LINEAR, 1, width=first),
        step(LINEAR, 1, width=second),
        step(DROPOUT, 2, rate=rate),
        step(CONCATENATE, (4, 3)),
        step(DROPOUT, 5, rate=other),
        step(BINARY_HEAD, 6),
    ]
    return write_tape(Architecture((Columns(2),), sequence(1, steps)))


@settings(max_examples=30, deadline=None)
@given(
    st.lists(st.tuples(st.integers(1, 9), st.integers(1, 9), RATES, RATES), min_size=1, max_size=3),
    st.lists(st.integers(1, 7), min_size=1, max_size=4),
)
def test_each_member_gets_the_masks_that_it_would_draw_alone(members, sizes):
    tapes = [tape(*one) for one in members]
    axes = axes_of(tapes)
    run = Run(tapes[0], axes, blocks_of(tapes, axes), len(tapes), CPU)
    generators = [torch.Generator().manual_seed(number) for number in range(len(tapes))]
    noise = Noise(run, tapes, generators)
    noise.draw(sizes)
    places = [number for number, one in enumerate(tapes[0].operations) if one.kind == "dropout"]
    found = []
    for number in range(len(sizes)):
        noise.use(number)
        found.append(dict(run.masks))
    for member, (first, second, rate, other) in enumerate(members):
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(member)
            for number, size in enumerate(sizes):
                for place, width, share in zip(
                    places, (first, first + second), (rate, other), strict=True
                ):
                    alone = Dropout(share)(torch.ones(size, width))
                    own = list(axes[tapes[0].operations[place].output].places[member])
                    assert torch.equal(found[number][place][member][:, own], alone)


@given(st.lists(st.integers(1, 300), min_size=1, max_size=5), st.integers(0, 1000))
def test_on_a_cpu_one_draw_of_words_equals_several_in_a_row(counts, seed):
    """The premise of drawing a block of steps at once."""
    whole, parts = (torch.Generator().manual_seed(seed) for _ in range(2))
    low = -(2**63)
    at_once = torch.empty(sum(counts), dtype=torch.int64).random_(low, None, generator=whole)
    in_a_row = [
        torch.empty(count, dtype=torch.int64).random_(low, None, generator=parts)
        for count in counts
    ]
    assert torch.equal(at_once, torch.cat(in_a_row))
