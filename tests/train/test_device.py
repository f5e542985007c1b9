import subprocess
import sys

import pytest
import torch

from coeval.train.device import configure, limited, resolve


def test_auto_is_a_device_of_this_machine():
    assert torch.zeros(1, device=resolve("auto")).item() == 0


def test_an_unknown_device_is_named():
    with pytest.raises(ValueError, match="must be one of auto, cpu, cuda, mps, got 'tpu'"):
        resolve("tpu")


@pytest.mark.skipif(torch.cuda.is_available(), reason="this machine has CUDA")
def test_a_device_that_is_not_there_is_named():
    with pytest.raises(ValueError, match="this machine has none"):
        resolve("cuda")


def test_threads_are_set():
    before = torch.get_num_threads()
    try:
        configure(1)
        assert torch.get_num_threads() == 1
    finally:
        torch.set_num_threads(before)


def test_no_threads_are_refused():
    with pytest.raises(ValueError, match="at least 1, got 0"):
        configure(0)


def fail_with_two_threads():
    with limited(2):
        assert torch.get_num_threads() == 2
        configure(1)
        raise RuntimeError("on purpose")


def test_the_number_of_threads_is_restored_even_after_an_error():
    before = torch.get_num_threads()
    try:
        torch.set_num_threads(3)
        with pytest.raises(RuntimeError, match="on purpose"):
            fail_with_two_threads()
        assert torch.get_num_threads() == 3
    finally:
        torch.set_num_threads(before)


def test_names_are_known_without_torch():
    code = "import sys; from coeval.train.devices import DEVICES; assert 'auto' in DEVICES; print('torch' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"
