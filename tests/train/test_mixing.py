"""Pictures are trained on in pairs, and so are their targets."""

import numpy as np
import pytest
import torch

from coeval.space.recipe import Recipe
from coeval.task.task import Problem
from coeval.train import mixing
from coeval.train.loss import loss_for
from coeval.train.mixing import mixed, mixing_generator


def pictures(rows: int = 6) -> torch.Tensor:
    return torch.arange(rows).float()[:, None, None, None].expand(rows, 10, 12, 1).clone()


def test_a_recipe_without_either_leaves_the_batch_alone():
    given = (pictures(),)
    batch = mixed(Recipe(), given, mixing_generator(Recipe(), torch.Generator()))
    assert batch.inputs is given
    assert batch.share == 1.0


def test_mixup_is_the_weighted_mean_of_a_picture_and_the_one_opposite():
    given = pictures()
    batch = mixed(Recipe(mixup=1.0), (given.clone(),), np.random.default_rng(3))
    assert 0 < batch.share < 1
    expected = batch.share * given + (1 - batch.share) * given.flip(0)
    torch.testing.assert_close(batch.inputs[0], expected)


@pytest.mark.parametrize("seed", range(8))
def test_cutmix_takes_a_box_of_the_one_opposite_and_its_share_is_the_area_kept(seed):
    given = pictures()
    batch = mixed(Recipe(cutmix=1.0), (given.clone(),), np.random.default_rng(seed))
    is_kept = batch.inputs[0] == given
    assert torch.all(is_kept | (batch.inputs[0] == given.flip(0)))
    assert float(is_kept[0].float().mean()) == pytest.approx(batch.share)
    rows, columns = (torch.unique((~is_kept[0, :, :, 0]).any(dim=axis)) for axis in (1, 0))
    assert len(rows) <= 2
    assert len(columns) <= 2


def test_with_both_each_has_about_half_of_the_batches():
    rng, recipe = np.random.default_rng(0), Recipe(mixup=1.0, cutmix=1.0)
    given = pictures()
    made = [mixed(recipe, (given.clone(),), rng).inputs[0] for _ in range(60)]
    cut = sum(bool(torch.isin(one, given).all()) for one in made)
    assert 15 <= cut <= 45


@pytest.mark.parametrize("smoothing", [0.0, 0.1])
@pytest.mark.parametrize("weighted", [False, True])
def test_the_loss_of_a_mixed_batch_is_that_of_the_mixed_targets(smoothing, weighted):
    generator = torch.Generator().manual_seed(0)
    outputs = torch.randn(6, 4, generator=generator)
    target = torch.tensor([0, 1, 2, 3, 0, 1])
    weights = torch.rand(6, generator=generator) if weighted else None
    batch = mixed(Recipe(mixup=1.0), (pictures(),), np.random.default_rng(0))
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
        rng = mixing_generator(Recipe(mixup=0.4), noise)
        shares.append([mixed(Recipe(mixup=0.4), (pictures(),), rng).share for _ in range(5)])
    assert shares[0] == shares[1]
    assert len(set(shares[0])) == 5
    assert np.all(np.array(shares) <= 1)


@pytest.mark.parametrize("rows", [6, 7])
@pytest.mark.parametrize("recipe", [Recipe(mixup=1.0), Recipe(cutmix=1.0)])
def test_compiled_loops_mix_as_torch_mixes_on_other_devices(monkeypatch, recipe, rows):
    given = torch.rand(rows, 10, 12, 3, generator=torch.Generator().manual_seed(1))
    found = [mixed(recipe, (given.clone(),), np.random.default_rng(2))]
    monkeypatch.setattr(mixing, "_mix_in_loops", mixing._mix)
    found.append(mixed(recipe, (given.clone(),), np.random.default_rng(2)))
    assert found[0].share == found[1].share
    assert not torch.equal(found[0].inputs[0], given)
    torch.testing.assert_close(found[0].inputs[0], found[1].inputs[0])


def test_an_epoch_that_is_mixed_draws_once_from_the_training_s_generator():
    noise = torch.Generator().manual_seed(5)
    before = noise.get_state()
    assert mixing_generator(Recipe(flip=True), noise) is None
    assert torch.equal(noise.get_state(), before)
    assert mixing_generator(Recipe(cutmix=1.0), noise) is not None
    assert not torch.equal(noise.get_state(), before)
