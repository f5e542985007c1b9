import itertools
import re
import xml.etree.ElementTree as ET

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coeval.report.regret import BOTTOM, COLOURS, LINE, TOP, Series, _apart, regret_svg

SVG = "{http://www.w3.org/2000/svg}"
RANDOM = Series("random, exact", (4.0, 2.0, 1.0), is_random=True)
MINE = Series("mine", (3.0, 0.5, 0.1), (2.0, 0.2, 0.0), (4.0, 0.8, 0.3))


def drawn(*series: Series, near: float | None = None) -> ET.Element:
    return ET.fromstring(regret_svg(series, "a table", "3 seeds", "regret", near))


def texts(root: ET.Element) -> list[str]:
    return [one.text or "" for one in root.iter(f"{SVG}text")]


def heights(path: ET.Element) -> list[float]:
    return [float(y) for y in re.findall(r"[ML][\d.]+ ([\d.]+)", path.attrib["d"])]


def lines(root: ET.Element) -> list[ET.Element]:
    return [one for one in root.iter(f"{SVG}path") if one.attrib["class"].startswith("line")]


def test_every_strategy_has_a_line_a_band_and_its_name_with_the_last_value():
    root = drawn(MINE, RANDOM)
    assert len(lines(root)) == 2
    bands = [one for one in root.iter(f"{SVG}path") if "band" in one.attrib["class"]]
    assert len(bands) == 1
    assert {"mine 0.1", "random, exact 1"} <= set(texts(root))


def test_less_regret_is_drawn_lower_on_a_logarithmic_scale():
    first, second, third = heights(lines(drawn(RANDOM))[0])
    assert first < second < third
    assert second - first == pytest.approx(third - second, abs=0.2)


def test_everything_stays_in_the_plot_even_a_regret_of_nothing():
    root = drawn(Series("exact", (1.0, 0.0, 0.0), (0.5, 0.0, 0.0), (2.0, 0.0, 0.0)), RANDOM)
    for path in root.iter(f"{SVG}path"):
        if "leader" not in path.attrib["class"]:
            assert all(TOP <= y <= BOTTOM for y in heights(path))


def test_a_comparison_without_any_regret_can_be_drawn():
    assert "perfect 0" in texts(drawn(Series("perfect", (0.0, 0.0))))


def test_a_band_of_one_seed_is_left_out():
    nan = (float("nan"),) * 3
    root = drawn(Series("once", (3.0, 2.0, 1.0), nan, nan))
    assert not [one for one in root.iter(f"{SVG}path") if "band" in one.attrib["class"]]


def test_the_mark_of_what_is_near_stands_where_it_belongs():
    assert "near the best: 0.5" in texts(drawn(MINE, near=0.5))
    assert not [one for one in texts(drawn(MINE, near=1e-9)) if "near" in one]


def test_more_strategies_than_colours_repeat_them_dashed():
    many = [Series(f"s{n}", (2.0 + n, 1.0 + n)) for n in range(len(COLOURS) + 1)]
    classes = [one.attrib["class"] for one in lines(drawn(*many))]
    assert classes[-1] == "line c0 again"
    assert len(set(classes)) == len(many)


def test_names_are_escaped():
    assert "<b> & 1" in texts(drawn(Series("<b> &", (1.0, 1.0))))


@given(st.lists(st.floats(TOP, BOTTOM), min_size=1, max_size=20))
def test_names_are_apart_and_in_the_order_of_their_lines(found):
    moved = _apart(sorted(found))
    assert len(moved) == len(found)
    assert all(b - a >= LINE - 1e-6 for a, b in itertools.pairwise(moved))
    assert moved[-1] <= BOTTOM + 1e-6
