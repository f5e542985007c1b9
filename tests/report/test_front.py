"""Limits and the Pareto front in the report: honest sentences, every point in table and plot."""

from dataclasses import replace

import pytest

from coeval.report import front, page, summary
from coeval.report.facts import collect
from coeval.store.protocol import Event, Note
from coeval.trial import Measurement, Trial
from tests.report import examples

POINTS = [
    {"trial": 40, "score": 0.871, "low": 0.861, "high": 0.88, "costs": {"latency_ms": 0.9, "macs": 4e6}},
    {"trial": 7, "score": 0.852, "low": None, "high": None, "costs": {"latency_ms": 0.02, "macs": 9e3}},
    {"trial": 23, "score": 0.866, "low": 0.856, "high": 0.876, "costs": {"latency_ms": 0.2, "macs": 2e5}},
]  # fmt: skip
FRONT = {"objectives": ["accuracy", "latency_ms", "macs"], "points": POINTS}
LATENCY = {"slope": 1.1, "networks": 8, "error": 0.07, "correlation": 0.98}
HELD = {
    "limits": {"latency_ms": 1.0, "parameters": 80_000},
    "measured": {"latency_ms": 0.93, "parameters": 71_425, "macs": 70_912, "inference_bytes": 3e5},
    "excess": {},
    "predicted_ms": 0.9,
}


def facts(*, constraints=None, notes=()):
    """Return a finished run with more notes before its final one."""
    events = examples.journal(60)
    kept = [one for one in events if not (isinstance(one.body, Note) and one.body.kind == "final")]
    final = next(one.body.data for one in events if one not in kept)
    made = [*notes, Note("final", {**final, "constraints": constraints} if constraints else final)]
    last = kept[-1]
    more = [Event(last.position + n, last.time + n, one) for n, one in enumerate(made, 1)]
    return collect("adult", examples.capsule(), [*kept, *more])


def whole():
    return facts(constraints=HELD, notes=[Note("latency", LATENCY), Note("front", FRONT)])


def test_a_run_without_limits_or_objectives_has_no_such_section():
    assert str(front.section(examples.run(30))) == ""
    assert front.lines(examples.run(30)) == []


def test_every_point_stands_in_the_table_with_its_costs_best_first():
    html = str(front.section(whole()))
    assert html.index(">40<") < html.index(">23<") < html.index(">7<")
    for part in ("0.9 ms", "0.02 ms", "4,000,000", "0.8610 to 0.8800", "coeval export RUN --point"):
        assert part in html


def test_every_objective_has_a_plot_with_all_points_and_their_intervals():
    html = str(front.section(whole()))
    assert html.count("mark ours") == 2 * len(POINTS)
    assert "against latency (lower is better)" in html
    assert "against multiply-adds (lower is better)" in html
    assert "latency, logarithmic" in html


def test_limits_are_said_with_what_was_measured():
    said = front.limit_lines(whole())
    assert said == [
        "Latency: 0.93 ms, within the limit of 1 ms.",
        "Parameters: 71,425, within the limit of 80,000.",
    ]


def test_a_broken_limit_is_said_loudly():
    broken = {
        **HELD,
        "excess": {"latency_ms": 0.2},
        "measured": {**HELD["measured"], "latency_ms": 1.2},
    }
    said = front.limit_lines(facts(constraints=broken))
    assert said[0] == "Latency: 1.2 ms, OVER the limit of 1 ms."
    assert "note warning" in str(front.section(facts(constraints=broken)))
    assert "note warning" not in str(front.section(whole()))


def test_finalists_that_were_passed_over_are_named():
    over = [Note("over_limit", {"trial": n, "excess": {"latency_ms": 0.1}}) for n in (3, 9)]
    said = front.limit_lines(facts(constraints=HELD, notes=over))
    assert "2 finalists, trial 3 and 9" in said[-1]


def test_the_prediction_says_how_far_it_erred_and_what_was_measured():
    html = str(front.section(whole()))
    assert "erred by 7.0 % in the median" in html
    assert "it said 0.9 ms; measured end to end: 0.93 ms" in html


def test_the_terminal_shows_the_front_as_a_table():
    lines = front.lines(whole())
    table = lines[-4:]
    assert [line.split()[0] for line in table] == ["point", "40", "23", "7"]
    assert len({len(line) for line in table}) == 1  # columns are aligned
    assert all(line in summary.said(whole()) for line in lines)


def test_the_page_holds_the_section_between_result_and_search():
    html = page.render(whole())
    assert html.index('id="trust"') < html.index('id="front"') < html.index('id="search"')


@pytest.mark.parametrize("points", [[], POINTS[:1]])
def test_an_empty_front_and_a_single_point_are_drawn_too(points):
    found = facts(constraints=HELD, notes=[Note("front", {**FRONT, "points": points})])
    assert "Latency" in str(front.section(found))


def test_trials_without_the_cost_are_not_drawn():
    found = replace(whole(), trials=())
    assert "part" not in str(front.section(found))


def test_candidates_over_a_limit_are_counted_and_say_why():
    events = examples.journal(30, finished=False)
    broken = replace(
        next(e.body for e in events if isinstance(e.body, Trial) and e.body.measurement),
        measurement=Measurement(violations={"parameters": 0.5}, cost={"parameters": 120_000}),
    )
    last = events[-1]
    found = collect(
        "adult", examples.capsule(), [*events, Event(last.position + 1, last.time + 1, broken)]
    )
    assert front.limit_lines(found) == ["1 candidate over a limit: recorded, never trained."]
    assert "over the limit of parameters by 50 %" in page.render(found)
