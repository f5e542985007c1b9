import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch.utils.flop_counter import FlopCounterMode

from coeval.architecture.inference import infer
from coeval.architecture.types import Vector
from coeval.build.network import Network
from coeval.component.head import CLASS_HEAD
from coeval.testing.architectures import architectures, disguised

ROWS = 3


@given(architectures())
@settings(max_examples=40, deadline=None)
def test_a_drawn_architecture_builds_and_costs_in_torch_what_inference_says(architecture):
    row, found = architecture.inputs[0], infer(architecture)
    network = Network(architecture, seed=0).eval()
    numeric = torch.ones(ROWS, row.numeric)
    codes = torch.zeros(ROWS, len(row.categories), dtype=torch.int64)
    tokens = torch.ones(ROWS, sum(one.length for one in row.texts), dtype=torch.int64)
    with FlopCounterMode(display=False) as counter, torch.no_grad():
        output = network(numeric, codes, tokens)
    assert isinstance(found.output, Vector)
    assert output.shape == (ROWS, found.output.features)
    assert sum(one.numel() for one in network.parameters()) == found.cost.parameters
    assert counter.get_total_flops() == 2 * ROWS * found.cost.macs


@given(architectures(), st.randoms(use_true_random=False))
@settings(max_examples=40, deadline=None)
def test_a_disguise_changes_no_cost_and_no_type(architecture, random):
    before, after = infer(architecture), infer(disguised(architecture, random))
    assert (before.output, before.cost) == (after.output, after.cost)


@given(architectures(most_steps=0, head=CLASS_HEAD))
@settings(max_examples=20, deadline=None)
def test_the_head_and_the_length_are_as_asked(architecture):
    assert architecture.body.steps[-1].component is CLASS_HEAD
    assert len(architecture.body.steps) <= 5
