"""Pictures are trained on in pairs, and so are their targets."""

import numpy as np
import pytest
import torch

from coeval.space.recipe import Recipe
from coeval.task.task import Problem
from coeval.train.loss import loss_for
from coeval.train.mixing import mixed


def pictures(rows: int = 6) -> torch.Tensor:
    return torch.arange(rows).float()[:, None, None, None].expand(rows, 10, 12, 1).clone()


def test_a_recipe_without_either_leaves_the_batch_alone():
    given = (pictures(),)
    batch = mixed(Recipe(), given, torch.Generator())
    assert batch.inputs is given
    assert batch.share == 1.0


def test_mixup_is_the_weighted_mean_of_a_picture_and_the_one_opposite():
    given = pictures()
    batch = mixed(Recipe(mixup=1.0), (given.clone(),), torch.Generator().manual_seed(3))
    assert 0 < batch.share < 1
    expected = batch.share * given + (1 - batch.share) * given.flip(0)
    torch.testing.assert_close(batch.inputs[0], expected)


@pytest.mark.parametrize("seed", range(8))
def test_cutmix_takes_a_box_of_the_one_opposite_and_its_share_is_the_area_kept(seed):
    given = pictures()
    batch = mixed(Recipe(cutmix=1.0), (given.clone(),), torch.Generator().manual_seed(seed))
    is_kept = batch.inputs[0] == given
    assert torch.all(is_kept | (batch.inputs[0] == given.flip(0)))
    assert float(is_kept[0].float().mean()) == pytest.approx(batch.share)
    rows, columns = (torch.unique((~is_kept[0, :, :, 0]).any(dim=axis)) for axis in (1, 0))
    assert len(rows) <= 2
    assert len(columns) <= 2


def test_with_both_each_has_about_half_of_the_batches():
    noise, recipe = torch.Generator().manual_seed(0), Recipe(mixup=1.0, cutmix=1.0)
    given = pictures()
    made = [mixed(recipe, (given.clone(),), noise).inputs[0] for _ in range(60)]
    cut = sum(bool(torch.isin(one, given).all()) for one in made)
    assert 15 <= cut <= 45


@pytest.mark.parametrize("smoothing", [0.0, 0.1])
@pytest.mark.parametrize("weighted", [False, True])
def test_the_loss_of_a_mixed_batch_is_that_of_the_mixed_targets(smoothing, weighted):
    generator = torch.Generator().manual_seed(0)
    outputs = torch.randn(6, 4, generator=generator)
    target = torch.tensor([0, 1, 2, 3, 0, 1])
    weights = torch.rand(6, generator=generator) if weighted else None
    batch = mixed(Recipe(mixup=1.0), (pictures(),), generator)
    found = batch.loss(loss_for(Problem.MULTICLASS, smoothing), outputs, target, weights)
    one_hot = torch.nn.functional.one_hot(target, 4).float() * (1 - smoothing) + smoothing / 4
    own = -(one_hot * outputs.log_softmax(1)).sum(1)
    other = -(one_hot.flip(0) * outputs.log_softmax(1)).sum(1)
    if weights is not None:
        own, other = own * weights, other * weights.flip(0)
    expected = batch.share * own.mean() + (1 - batch.share) * other.mean()
    torch.testing.assert_close(found, expected)


def test_the_same_generator_gives_the_same_shares():
    shares = []
    for _ in range(2):
        noise = torch.Generator().manual_seed(5)
        shares.append([mixed(Recipe(mixup=0.4), (pictures(),), noise).share for _ in range(5)])
    assert shares[0] == shares[1]
    assert len(set(shares[0])) == 5
    assert np.all(np.array(shares) <= 1)
