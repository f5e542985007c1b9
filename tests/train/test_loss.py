import math

import torch

from coeval.task.task import Problem
from coeval.train.loss import loss_for


def test_binary_loss_is_the_cross_entropy_of_the_logit():
    logits = torch.tensor([[0.0], [math.log(3.0)]])
    loss = loss_for(Problem.BINARY)(logits, torch.tensor([1.0, 0.0]), None)
    torch.testing.assert_close(loss.item(), (math.log(2) + math.log(4)) / 2)


def test_smoothed_binary_loss_equals_the_smoothed_loss_of_two_classes():
    logits, target = torch.randn(9), torch.randint(0, 2, (9,))
    binary = loss_for(Problem.BINARY, 0.1)(logits[:, None], target.float(), None)
    two = torch.stack([torch.zeros(9), logits], dim=1)
    torch.testing.assert_close(binary, loss_for(Problem.MULTICLASS, 0.1)(two, target, None))


def test_weights_multiply_each_rows_loss():
    outputs, target = torch.randn(4, 3), torch.tensor([0, 1, 2, 1])
    weights = torch.tensor([0.0, 2.0, 1.0, 1.0])
    loss = loss_for(Problem.MULTICLASS)
    alone = [loss(outputs[row : row + 1], target[row : row + 1], None) for row in range(4)]
    expected = (2 * alone[1] + alone[2] + alone[3]) / 4
    torch.testing.assert_close(loss(outputs, target, weights), expected)


def test_regression_loss_is_the_mean_square():
    outputs, target = torch.tensor([[1.0], [2.0]]), torch.tensor([0.0, 4.0])
    assert loss_for(Problem.REGRESSION)(outputs, target, None).item() == 2.5
    assert loss_for(Problem.REGRESSION)(outputs, target, torch.tensor([2.0, 0.0])).item() == 1.0


def test_members_have_a_loss_each_and_their_mean_is_taken():
    outputs, target = torch.randn(4, 5, 3), torch.tensor([0, 1, 2, 1])
    weights = torch.tensor([0.5, 2.0, 1.0, 1.0])
    for problem, given, wanted in (
        (Problem.MULTICLASS, outputs, target),
        (Problem.BINARY, outputs[..., :1], target.clamp(max=1).float()),
        (Problem.REGRESSION, outputs[..., :1], target.float()),
    ):
        loss = loss_for(problem)
        each = [loss(given[:, member], wanted, weights) for member in range(5)]
        torch.testing.assert_close(loss(given, wanted, weights), torch.stack(each).mean())
