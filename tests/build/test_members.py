"""An ensemble inside one network: what it computes, how it is taped, and what a child takes over."""

import types

import pytest
import torch

from coeval.architecture.step import Architecture, sequence, step
from coeval.architecture.types import Columns
from coeval.build.modules.members import Vote
from coeval.build.network import Network
from coeval.build.source import source
from coeval.build.tape import Untaped, tape_of, write_tape
from coeval.build.transfer import transfer
from coeval.build.weights import arrays
from coeval.component.channel import LINEAR, RELU
from coeval.component.entry import NUMERIC_ENTRY
from coeval.component.members import MEMBER_LINEAR, MEMBERS, VOTE
from coeval.task.task import Problem

NONE = torch.zeros(5, 0, dtype=torch.int64)
ROW = (torch.randn(5, 3, generator=torch.Generator().manual_seed(0)), NONE, NONE)


def ensemble(*, members=4, hidden=8, width=1, kind="value", further=()):
    steps = [
        step(NUMERIC_ENTRY, 0),
        step(MEMBERS, 1, count=members),
        step(LINEAR, 2, width=hidden),
        step(RELU, 3),
        step(MEMBER_LINEAR, 4, width=width),
        step(VOTE, 5, kind=kind),
        *further,
    ]
    return Architecture((Columns(3),), sequence(1, steps))


def test_a_network_gives_every_members_output_in_training_and_their_vote_otherwise():
    network = Network(ensemble(), seed=0)
    members = network.train()(*ROW)
    assert members.shape == (5, 4, 1)
    torch.testing.assert_close(network.eval()(*ROW), members.mean(1))
    assert not torch.allclose(members[:, 0], members[:, 1])


def test_members_are_networks_of_their_own_but_for_the_trunk():
    network = Network(ensemble(members=2), seed=1).eval()
    held = network.state_dict()
    x = torch.relu((ROW[0] * held["1.factor"][1]) @ held["2.weight"].T + held["2.bias"])
    expected = x @ held["4.weight"][1].T + held["4.bias"][1]
    torch.testing.assert_close(network.train()(*ROW)[:, 1], expected)
    assert set(held["1.factor"].flatten().tolist()) <= {-1.0, 1.0}


def test_a_vote_is_the_mean_of_probabilities():
    logits = 30 * torch.randn(6, 4, 3, generator=torch.Generator().manual_seed(1))
    classes = Vote("classes")(logits).softmax(1)
    torch.testing.assert_close(classes, logits.softmax(2).mean(1))
    two = Vote("logit")(logits[..., :1] / 10)
    torch.testing.assert_close(two.sigmoid(), (logits[..., :1] / 10).sigmoid().mean(1))
    far = Vote("logit")(torch.full((1, 4, 1), 500.0))
    torch.testing.assert_close(far, torch.tensor([[500.0]]))


def test_a_tape_counts_members_and_ends_in_the_vote():
    found = tape_of(ensemble(members=4, width=3, kind="classes"))
    assert found.members == (1, 1, 4, 4, 4, 4, 1)
    assert found.widths == (0, 3, 3, 8, 8, 3, 3)
    assert found.votes
    assert [one.kind for one in found.operations[-2:]] == ["member_linear", "vote"]


def test_what_goes_on_behind_a_vote_has_no_tape():
    with pytest.raises(Untaped, match="where a vote ends it"):
        write_tape(ensemble(further=[step(LINEAR, 6, width=1)]))


@pytest.mark.parametrize(
    ("problem", "kind", "width"),
    [
        (Problem.BINARY, "logit", 1),
        (Problem.MULTICLASS, "classes", 3),
        (Problem.REGRESSION, "value", 1),
    ],
)
def test_the_source_votes_as_the_network_does(problem, kind, width):
    architecture = ensemble(kind=kind, width=width)
    network = Network(architecture, seed=0)
    module = types.ModuleType("network")
    exec(source(architecture, problem=problem, classes=("a", "b", "c")), module.__dict__)
    copied = module.Network()
    copied.load_state_dict(network.state_dict())
    torch.testing.assert_close(copied.eval()(*ROW), network.eval()(*ROW))


def outputs(network):
    with torch.no_grad():
        return network.eval()(*ROW)


def test_a_wider_child_computes_what_its_parent_did():
    parent, child = ensemble(), ensemble(hidden=16)
    before, fresh = Network(parent, seed=0), Network(child, seed=1)
    found = transfer(parent, arrays(before), child, arrays(fresh))
    fresh.load_state_dict({name: torch.tensor(one) for name, one in found.weights.items()})
    assert found.exact
    torch.testing.assert_close(outputs(fresh), outputs(before))


def test_a_child_of_more_members_keeps_those_it_has():
    parent, child = ensemble(), ensemble(members=8)
    before, fresh = Network(parent, seed=0), Network(child, seed=1)
    found = transfer(parent, arrays(before), child, arrays(fresh))
    fresh.load_state_dict({name: torch.tensor(one) for name, one in found.weights.items()})
    assert not found.exact
    torch.testing.assert_close(fresh.train()(*ROW)[:, :4], before.train()(*ROW))
