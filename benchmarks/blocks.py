"""What blocks over images cost in training: a step of each, on grids as small pictures have them.

    python -m benchmarks.blocks [--rounds 5]     three minutes on a quiet machine

Each block stands alone on (28, 28, 32), (14, 14, 64) and (7, 7, 64), as behind the stem and the halvings of a 28 x 28 image, at
batch 128: forwards, and backwards to input and weights, as ``train.eager`` runs it: features last, bfloat16, batch norm and
depthwise convolution in compiled loops. One thread; processor seconds, the best of all rounds; the forms take turns.
"""

import argparse
import time
from collections.abc import Callable
from contextlib import nullcontext

import torch

from benchmarks.runs import publish, table
from coeval.architecture.inference import infer
from coeval.architecture.step import Architecture, Region, sequence, step
from coeval.architecture.types import Grid
from coeval.build.network import tensor_network
from coeval.component.attention import ATTENTION
from coeval.component.channel import CHANNEL_SHUFFLE, GELU, HARD_SIGMOID, RELU, SILU
from coeval.component.grid import AVERAGE_POOL, CONV, DEPTHWISE_CONV, MAX_POOL
from coeval.component.norm import BATCH_NORM, GROUP_NORM, LAYER_NORM
from coeval.space import motifs_grid as motifs
from coeval.train.device import configure
from coeval.train.grid_norm import joined

COMMAND = "python -m benchmarks.blocks"
GRIDS = (Grid(28, 28, 32), Grid(14, 14, 64), Grid(7, 7, 64))
BATCH = 128


def blocks(width: int) -> dict[str, Region]:
    """Return every block at a width: single components, operations of cells, blocks of stages."""
    alone = {
        "conv 1x1": step(CONV, 0, width=width, kernel=1),
        "conv 3x3": step(CONV, 0, width=width),
        "conv 5x5": step(CONV, 0, width=width, kernel=5),
        "depthwise 3x3": step(DEPTHWISE_CONV, 0),
        "depthwise 5x5": step(DEPTHWISE_CONV, 0, kernel=5),
        "depthwise 7x7": step(DEPTHWISE_CONV, 0, kernel=7),
        "depthwise 3x3 dilation 2": step(DEPTHWISE_CONV, 0, dilation=2),
        "max pool 3x3": step(MAX_POOL, 0),
        "average pool 3x3": step(AVERAGE_POOL, 0),
        "batch norm": step(BATCH_NORM, 0),
        "group norm": step(GROUP_NORM, 0),
        "layer norm": step(LAYER_NORM, 0),
        "relu": step(RELU, 0),
        "silu": step(SILU, 0),
        "gelu": step(GELU, 0),
        "channel shuffle": step(CHANNEL_SHUFFLE, 0),
        "attention, 4 heads": step(ATTENTION, 0, heads=4),
    }
    return {
        **{name: sequence(1, [one]) for name, one in alone.items()},
        "group conv 3x3, 8 groups": motifs.convolution(width, groups=8),
        "relu-conv-bn 1x1": motifs.relu_conv_bn(width),
        "relu-conv-bn 3x3": motifs.relu_conv_bn(width, kernel=3),
        "sep conv 3x3": motifs.sep_conv(width),
        "sep conv 5x5": motifs.sep_conv(width, kernel=5),
        "sep conv 7x7": motifs.sep_conv(width, kernel=7),
        "dil conv 3x3": motifs.dil_conv(width),
        "dil conv 5x5": motifs.dil_conv(width, kernel=5),
        "conv 1x7 7x1": motifs.conv_1x7_7x1(width),
        "factorised reduction": motifs.factorised_reduction(width),
        "squeeze-excitation": motifs.squeeze_excitation(width, width // 4, gate=HARD_SIGMOID),
        "basic block": motifs.basic_block(width, width),
        "bottleneck, 8 groups": motifs.bottleneck(width, width, hidden=width, groups=8),
        "inverted residual x3": motifs.inverted_residual(width, width, expansion=3),
        "inverted residual x3, 5x5, squeezed": motifs.inverted_residual(
            width, width, kernel=5, expansion=3, squeeze=0.25
        ),
        "depthwise separable": motifs.depthwise_separable(width),
        "transformer block": motifs.transformer_block(width),
    }


def trained(architecture: Architecture, *, with_loops: bool = True) -> Callable[[], float]:
    """Return what makes one step and says its processor seconds."""
    (grid,) = architecture.inputs
    network = tensor_network(architecture, seed=0)
    x = torch.randn(BATCH, grid.height, grid.width, grid.features, dtype=torch.bfloat16)
    x.requires_grad_()
    weights = [x, *network.parameters()]
    slopes: list[torch.Tensor] = []

    def once() -> float:
        began = time.thread_time()
        with joined(network) if with_loops else nullcontext():
            with torch.autocast("cpu", torch.bfloat16):
                y = network(x)
            if not slopes:
                slopes.append(torch.randn_like(y))
            torch.autograd.grad(y, weights, slopes[0])
        return time.thread_time() - began

    return once


def milliseconds(forms: dict[str, Callable[[], float]], rounds: int) -> dict[str, float]:
    """Return the best of all rounds of each form; they take turns."""
    best = dict.fromkeys(forms, float("inf"))
    for _ in range(rounds + 1):  # the first warms up, and may be the best all the same
        for name, run in forms.items():
            best[name] = min(best[name], 1e3 * run())
    return best


def speed(rounds: int) -> str:
    """Return the table of all blocks."""
    found: dict[str, list[tuple[float, float]]] = {}
    for grid in GRIDS:
        networks = {
            name: Architecture((grid,), region) for name, region in blocks(grid.features).items()
        }
        taken = milliseconds({name: trained(one) for name, one in networks.items()}, rounds)
        for name, one in networks.items():
            macs = infer(one).cost.macs
            found.setdefault(name, []).append((taken[name], macs * BATCH / taken[name] / 1e6))
    rows = [
        [name, *(f"{ms:.1f} ({rate:.0f})" if rate else f"{ms:.1f}" for ms, rate in cells)]
        for name, cells in found.items()
    ]
    shown = [f"{one.height}x{one.width}x{one.features}" for one in GRIDS]
    note = (
        f"Milliseconds of a training step at batch {BATCH}, one thread; in brackets thousands of millions of the forward pass's "
        "multiply-accumulates a second."
    )
    return table(["block", *shown], rows) + "\n\n" + note


def loops(rounds: int) -> str:
    """Return the table of depthwise convolutions, PyTorch's and ours."""
    rows = []
    for grid in GRIDS:
        for kernel, stride, dilation in (
            (3, 1, 1),
            (3, 2, 1),
            (3, 1, 2),
            (5, 1, 1),
            (5, 1, 2),
            (7, 1, 1),
        ):
            one = step(DEPTHWISE_CONV, 0, kernel=kernel, stride=stride, dilation=dilation)
            architecture = Architecture((grid,), sequence(1, [one]))
            forms = {
                "loops": trained(architecture),
                "torch": trained(architecture, with_loops=False),
            }
            taken = milliseconds(forms, rounds)
            rows.append(
                [
                    f"{grid.height}x{grid.width}x{grid.features}",
                    f"{kernel}x{kernel}",
                    str(stride),
                    str(dilation),
                    f"{taken['torch']:.1f}",
                    f"{taken['loops']:.1f}",
                    f"{taken['torch'] / taken['loops']:.1f}x",
                ]
            )
    header = ["grid", "window", "stride", "dilation", "PyTorch, ms", "coeval, ms", "faster"]
    return table(header, rows) + "\n\nOf 3 x 3 of stride 1 without dilation both are PyTorch's."


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--rounds", type=int, default=5)
    given = parser.parse_args()
    configure(1)
    publish("Blocks over images", COMMAND, "\n\n".join((speed(given.rounds), loops(given.rounds))))


if __name__ == "__main__":
    main()
