import csv
import gzip
import itertools
from functools import cache
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from coeval.architecture.digest import digest
from coeval.architecture.inference import infer
from coeval.architecture.normal import normalise
from coeval.architecture.types import Grid, Vector
from coeval.errors import SpaceError
from coeval.space import nasbench201
from coeval.space.nasbench201 import (
    OPERATIONS,
    cell_space,
    from_string,
    index,
    members,
    official_string,
    unique_string,
)
from coeval.space.protocol import Candidate
from coeval.testing.spaces import check_candidate_space

TABLE = Path("/work/shared/data/nas/nb201_accuracies.csv.gz")
needs_table = pytest.mark.skipif(not TABLE.exists(), reason="the table is not on this machine")
FIRST = "|avg_pool_3x3~0|+|nor_conv_1x1~0|skip_connect~1|+|nor_conv_1x1~0|skip_connect~1|skip_connect~2|"
NAMES = {"c10": "cifar10", "c100": "cifar100", "in16": "imagenet16-120"}


@cache
def rows():
    with gzip.open(TABLE, "rt") as file:
        return list(csv.DictReader(file))


def candidate(cell):
    return Candidate((("cell", cell),))


def test_keeps_the_contract_of_candidate_spaces():
    check_candidate_space(nasbench201.space(), samples=12)


def test_all_cells_come_in_the_official_order():
    cells = list(members())
    assert len(cells) == len(set(cells)) == 15_625
    assert official_string(cells[0]) == FIRST
    assert official_string(cells[9]) == (
        "|avg_pool_3x3~0|+|none~0|none~1|+|skip_connect~0|none~1|nor_conv_3x3~2|"
    )
    assert [index(cell) for cell in cells[:200]] == list(range(200))


@needs_table
def test_the_official_order_and_strings_are_the_tables():
    assert [official_string(cell) for cell in members()] == [row["arch"] for row in rows()]


def test_the_official_rule_gives_6466_classes():
    assert len({unique_string(cell) for cell in members()}) == 6_466


@needs_table
def test_the_official_classes_are_the_tables():
    pairs = {
        (unique_string(cell), row["iso_class"]) for cell, row in zip(members(), rows(), strict=True)
    }
    assert len(pairs) == len({number for _, number in pairs}) == 6_466


@pytest.mark.parametrize("place", [0, 1, 99, 15_624])
def test_a_string_leads_to_its_cell_and_back(place):
    cell = next(itertools.islice(members(), place, None))
    assert from_string(official_string(cell)) == cell
    assert index(from_string(official_string(cell))) == place


@pytest.mark.parametrize(
    "text", ["", "|nor_conv_3x3~0|", FIRST.replace("~2", "~1"), FIRST.replace("+", "")]
)
def test_a_text_of_another_form_is_refused(text):
    with pytest.raises(SpaceError, match=r"written \|op~0\|\+\|op~0\|op~1\|"):
        from_string(text)


def test_an_unknown_operation_is_refused_with_a_hint():
    with pytest.raises(SpaceError, match="'nor_conv_3x3'"):
        from_string(
            FIRST.replace(
                "nor_conv_1x1~0|skip_connect~1|skip", "nor_conv_3x4~0|skip_connect~1|skip"
            )
        )


def test_an_unknown_data_set_is_refused_with_a_hint():
    with pytest.raises(SpaceError, match="Did you mean 'cifar10"):
        nasbench201.space("cifar11")


def test_a_candidates_architecture_is_the_whole_network_of_its_data_set():
    cell = from_string(FIRST)
    for name, side, classes in (
        ("cifar10", 32, 10),
        ("cifar100", 32, 100),
        ("imagenet16-120", 16, 120),
    ):
        network = nasbench201.space(name).architecture(candidate(cell))
        assert network.inputs == (Grid(side, side, 3),)
        assert infer(network).output == Vector(classes)


def table_flops(region, inference):
    """Return what the benchmark's counter counts: it adds elementwise work to the multiply-accumulates.

    A batch norm counts two and a relu one for each number, a pool its window for each number it makes; dead
    operations run too. The global pool counts, for each feature, a window one wider than the grid; the classifier's bias nothing.
    """
    total = 0
    first = len(inference.types) - len(inference.calls)
    for number, step in enumerate(region.steps):
        name, settings = step.component.name, dict(step.settings)
        output = inference.types[first + number]
        if name == "repeat":
            total += settings["times"] * table_flops(step.regions[0], inference.nested[number][0])
            continue
        total += inference.costs[number].macs
        if isinstance(output, Grid):
            numbers = output.height * output.width * output.features
            each = {"batch_norm": 2, "relu": 1, "avg_pool2d": settings.get("kernel", 0) ** 2}
            total += each.get(name, 0) * numbers
        elif name == "global_avg_pool":
            side = inference.types[first + number - 1].height
            total += (side + 1) ** 2 * output.features
    return total


@needs_table
@pytest.mark.parametrize("short", NAMES)
def test_parameters_and_operations_of_whole_networks_are_the_tables(short):
    space = nasbench201.space(NAMES[short])
    # Both are sums over the six edges, so all that differs is how often each operation stands in a cell.
    kinds = {}
    for row, cell in zip(rows(), members(), strict=True):
        counts = tuple(sorted(cell_space().choices(cell)))
        kinds.setdefault((counts, row[f"{short}_params_M"], row[f"{short}_flops_M"]), cell)
    assert len(kinds) == 210  # multisets of 6 out of 5: the table agrees
    for number, ((_, parameters, flops), cell) in enumerate(kinds.items()):
        if number % 4:
            continue
        network = space.architecture(candidate(cell))
        inference = infer(network)
        assert inference.cost.parameters == round(float(parameters) * 1e6)
        assert table_flops(network.body, inference) == round(float(flops) * 1e6)


def brute_force(picks):
    """Return a name that two cells share if and only if some renaming of their convolutions makes them equal.

    An independent check of the normal form: values are sums of terms, poolings of equal sums are equal, every
    convolution is one of its own, and the least text over all numberings of the convolutions is taken.
    """

    def text(numbers):
        nodes, edge = [("x",)], 0
        for node in (1, 2, 3):
            terms = []
            for source in nodes[:node]:
                operation, inside = OPERATIONS[picks[edge]], "+".join(source)
                if operation == "skip_connect":
                    terms += source
                elif source and operation == "avg_pool_3x3":
                    terms.append(f"P({inside})")
                elif source and operation != "none":
                    terms.append(f"{operation}<{numbers[edge]}>({inside})")
                edge += 1
            nodes.append(tuple(sorted(terms)))
        return "+".join(nodes[3])

    convolutions = [edge for edge in range(6) if "conv" in OPERATIONS[picks[edge]]]
    plain = text({edge: f"e{edge}" for edge in convolutions})
    alive = [edge for edge in convolutions if f"<e{edge}>" in plain]
    nothing = dict.fromkeys(convolutions, "")
    orders = itertools.permutations(range(len(alive)))
    return min(text({**nothing, **dict(zip(alive, order, strict=True))}) for order in orders)


def applied(step, x):
    settings = dict(step.settings)
    match step.component.name:
        case "zero":
            return np.zeros_like(x)
        case "identity":
            return x
        case "relu":
            return np.maximum(x, 0)
        case "conv2d":
            return np.roll(np.tanh(settings["kernel"] * x), settings["kernel"])
        case "batch_norm":
            return x / (1 + np.abs(x).sum())
        case "avg_pool2d":
            return (np.roll(x, 1) + x + np.roll(x, -1)) / 3
    raise AssertionError(step)


def meaning(region, x):
    """Return a region's result on a vector, its learnt maps depending on their settings alone and keeping zero."""
    values = [x]
    for step in region.steps:
        taken = [values[index] for index in step.inputs]
        values.append(sum(taken) if step.component.name == "add" else applied(step, taken[0]))
    return values[region.output]


@given(st.tuples(*[st.integers(0, 4)] * 6), st.integers(0, 99))
def test_the_normal_form_of_a_cell_computes_the_same(picks, seed):
    cell = cell_space().decide(picks)
    x = np.random.default_rng(seed).normal(size=7)
    np.testing.assert_allclose(meaning(normalise(cell).body, x), meaning(cell.body, x), atol=1e-12)


EVERY = list(itertools.product(range(5), repeat=6))


def test_sampled_cells_have_equal_digests_exactly_where_brute_force_finds_them_isomorphic():
    # Pairs drawn at random are hardly ever equal, so classes of a larger sample are drawn.
    rng = np.random.default_rng(0)
    classes = {}
    for number in rng.choice(len(EVERY), 1500, replace=False):
        classes.setdefault(brute_force(EVERY[number]), []).append(EVERY[number])
    largest = sorted(classes.values(), key=len)[-60:]
    assert all(len(one) > 1 for one in largest)
    digests = [{digest(cell_space().decide(picks)) for picks in one[:5]} for one in largest]
    assert all(len(one) == 1 for one in digests)
    assert len(set().union(*digests)) == len(largest)


@pytest.mark.slow
def test_the_normal_form_finds_as_many_cells_as_brute_force():
    pairs = {(digest(cell_space().decide(picks)), brute_force(picks)) for picks in EVERY}
    assert len({one for one, _ in pairs}) == len({one for _, one in pairs}) == len(pairs) == 5_260
