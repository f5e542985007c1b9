import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from coeval.space.recipe import Recipe
from coeval.task.task import Problem
from coeval.train import batches
from coeval.train.augment import augmenter
from coeval.train.batches import count_batches, epoch_batches
from coeval.train.data import UNSCALED, Examples, Tensors, to_tensors
from tests.train.images import pictures
from tests.train.problems import rows_of


def numbered(rows: int, *, weights: bool = False) -> Tensors:
    numbers = np.arange(rows)
    examples = Examples(
        rows_of(numbers[:, None]), numbers.astype(np.int64), numbers + 1.0 if weights else None
    )
    return to_tensors(examples, Problem.MULTICLASS, UNSCALED, torch.device("cpu"))


@given(st.integers(2, 400), st.integers(1, 200), st.integers(0, 10))
@settings(max_examples=100, deadline=None)
def test_every_row_comes_once_in_batches_of_nearly_equal_size(rows, batch_size, seed):
    order = torch.Generator().manual_seed(seed)
    found = [target for _, target, _ in epoch_batches(numbered(rows), batch_size, order)]
    sizes = [len(one) for one in found]
    assert sorted(torch.cat(found).tolist()) == list(range(rows))
    assert len(sizes) == count_batches(rows, batch_size)
    assert max(sizes) - min(sizes) <= 1
    assert min(sizes) >= 2
    assert max(sizes) <= max(batch_size, 3)


def test_inputs_target_and_weights_stay_together_over_block_borders(monkeypatch):
    monkeypatch.setattr(batches, "BLOCK_BYTES", 200)
    data = numbered(100, weights=True)
    for inputs, target, weights in epoch_batches(data, 8, torch.Generator().manual_seed(0)):
        assert inputs[0][:, 0].tolist() == target.tolist()
        torch.testing.assert_close(weights, (target + 1) / 50.5)


def test_the_size_of_blocks_does_not_change_the_batches(monkeypatch):
    def epoch():
        order = torch.Generator().manual_seed(3)
        return [target.tolist() for _, target, _ in epoch_batches(numbered(90), 16, order)]

    whole = epoch()
    monkeypatch.setattr(batches, "BLOCK_BYTES", 1)
    assert epoch() == whole


def test_the_next_epoch_has_another_order():
    order = torch.Generator().manual_seed(0)
    first, second = (next(iter(epoch_batches(numbered(90), 90, order)))[1] for _ in range(2))
    assert not torch.equal(first, second)


CHANGES = (Recipe(), Recipe(flip=True, crop=0.2, cutout=0.5, augmentation="rand", magnitude=0.3))


@pytest.mark.parametrize("recipe", CHANGES)
def test_pictures_are_made_into_numbers_as_other_devices_make_them(monkeypatch, recipe):
    data = to_tensors(pictures(70), Problem.MULTICLASS, UNSCALED, torch.device("cpu"))

    def epoch():
        noise, order = (torch.Generator().manual_seed(seed) for seed in (1, 2))
        change = augmenter(recipe, data.inputs, noise)
        return [inputs[0] for inputs, _, _ in epoch_batches(data, 16, order, change)]

    loops = epoch()
    monkeypatch.setattr(batches, "_are_pictures", lambda inputs: False)
    for one, other in zip(loops, epoch(), strict=True):
        assert torch.equal(one, other)


def test_batches_that_are_kept_stay_as_they_were():
    data = to_tensors(pictures(40), Problem.MULTICLASS, UNSCALED, torch.device("cpu"))
    kept, seen = [], []
    for (images,), _, _ in epoch_batches(data, 8, torch.Generator().manual_seed(0)):
        kept.append(images)
        seen.append(images.clone())
    assert all(torch.equal(*pair) for pair in zip(kept, seen, strict=True))
