import re
from pathlib import Path

import pytest
from typer.main import get_command

from coeval.architecture.inference import infer
from coeval.cli.app import app
from coeval.errors import SpaceError
from coeval.oneshot.method import ELASTIC
from coeval.run.levers import OFF, Levers
from coeval.run.strategies import (
    CONTROL_EVERY,
    CONTROL_EVERY_RUNGS,
    LADDERED,
    RUNGS,
    STRATEGIES,
    Need,
    plain,
    strategy_for,
)
from coeval.space.tabular import space_for
from coeval.testing.fakes import LOSS, LadderEvaluator, drive, ladder_space
from coeval.testing.strategies_judges import DigestEvaluator
from coeval.trial import Measurement, State
from tests.oneshot.fakes import FakeOneShot
from tests.oneshot.searches import SPACE as CELLS
from tests.space.test_tabular import task

SPACE = ladder_space(settings=3, choices=3)
WHOLE = [name for name, named in STRATEGIES.items() if named.needs is None]
SMALL = ("exhaustive", "blueprint")
"""Enumerates all members; needs blocks that repeat: neither is what the space of tables offers."""
WALKING = ("reinforce", "q-learning", "evolution-strategies")
"""Decide one by one: some hundred decisions make a network for a table."""
PARTIAL = [name for name, named in STRATEGIES.items() if named.needs is Need.FIDELITY]
ONE_SHOT = [name for name, named in STRATEGIES.items() if named.needs is Need.SUPERNET]


def slow(name, *names):
    return pytest.param(name, marks=pytest.mark.slow) if name in names else name


def questions(log):
    return [record.proposal for record in log if record.state is State.RUNNING]


@pytest.mark.parametrize("name", [slow(one, "bananas") for one in [*WHOLE, *PARTIAL]])
def test_every_named_strategy_is_built_and_seeded(name):
    one, same, other = (
        questions(drive(plain(name, SPACE, LOSS, seed), LadderEvaluator(), 24))
        for seed in (1, 1, 2)
    )
    assert len(one) == 24
    assert one == same
    assert one != other or name == "exhaustive"


@pytest.mark.parametrize("name", STRATEGIES)
def test_a_line_of_help_is_one_short_line(name):
    line = STRATEGIES[name].line
    assert 10 < len(line) < 70
    assert line.strip(".\n") == line


@pytest.mark.parametrize(
    "name",
    [
        slow(one, *WALKING, "bananas", "cooperative", "gaussian-process")
        for one in WHOLE
        if one not in SMALL
    ],
)
def test_on_real_data_seeds_come_first_and_random_search_has_its_share(name):
    space = space_for(task())
    log = drive(strategy_for(name, space, LOSS, 3), DigestEvaluator(("loss",)), 24)
    origins = [one.origin for one in questions(log)]
    assert len(origins) == 24
    seeds = [f"seed:{one}" for one in space.seeds()]
    assert origins[: len(seeds)] == seeds
    if name != "random":
        places = range(len(seeds), 24)
        every = CONTROL_EVERY_RUNGS if name == "evolution" else CONTROL_EVERY
        due = [place for place in places if place % every == every - 1]
        assert [place for place in places if origins[place] == "random"] == due


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        ("exhaustive", "this space has about 10"),
        ("blueprint", "Part 'architecture' has no slots to make species of"),
    ],
)
def test_what_the_space_of_tables_lacks_is_one_clear_error(name, sentence):
    with pytest.raises(SpaceError, match=sentence):
        strategy_for(name, space_for(task()), LOSS, 0)


@pytest.mark.parametrize("name", ONE_SHOT)
def test_a_one_shot_method_asks_for_a_space_of_choices(name):
    with pytest.raises(
        SpaceError, match="Expected a space whose architecture is decided by choices"
    ):
        strategy_for(name, space_for(task()), LOSS, 0)


@pytest.mark.parametrize("name", [one for one in ONE_SHOT if one != ELASTIC])
def test_a_one_shot_method_trains_its_supernet_and_what_it_found_among_seeds_and_controls(name):
    strategy = strategy_for(name, CELLS, LOSS, 3, seconds=20.0)
    log = drive(strategy, FakeOneShot(), 60)
    asked = [one.origin.partition(":")[0] for one in questions(log)]
    assert {"tick", name, "evolution", "random"} <= set(asked)
    assert asked.index("tick") < asked.index(name) < asked.index("evolution")


def test_where_trials_are_counted_ticks_take_half_of_them():
    log = drive(strategy_for("darts", CELLS, LOSS, 3, trials=16), FakeOneShot(), 16)
    ticks = [one for one in questions(log) if one.origin == "tick:darts"]
    assert len(ticks) == 7  # a measurement and six slices


def test_help_and_guide_name_the_strategies_of_fit():
    fit = get_command(app).commands["fit"]
    (option,) = [one for one in fit.params if one.name == "strategy"]
    able = {name for name in STRATEGIES if name not in SMALL}
    assert set(re.findall(r"[a-z0-9-]+", option.help.partition(":")[2])) - {"or"} == able
    guide = (Path(__file__).parents[2] / "docs/guide.md").read_text()
    (line,) = [one for one in guide.splitlines() if one.startswith("| `--strategy` | how `fit`")]
    assert able <= set(re.findall(r"`([a-z0-9-]+)`", line))


def test_a_misspelt_strategy_is_one_clear_error():
    with pytest.raises(SpaceError, match=r"must be one of random, .* Did you mean 'genetic'"):
        plain("gentic", SPACE, LOSS, 0)


@pytest.mark.parametrize("name", [*PARTIAL, *LADDERED])
def test_on_real_data_rungs_are_climbed_and_seeds_and_controls_trained_whole(name):
    space = space_for(task())
    log = drive(strategy_for(name, space, LOSS, 3), DigestEvaluator(("loss",)), 60)
    asked = questions(log)
    shares = {one.fidelity.epochs for one in asked}
    assert {RUNGS[0], RUNGS[1]} <= shares <= set(RUNGS)
    climbing = [one for one in asked if one.continues is not None]
    assert climbing
    for one in asked:
        if one.origin == "random" or one.origin.startswith(("seed:", "repeat")):
            assert one.fidelity.is_full
            assert one.continues is None


@pytest.mark.parametrize("name", LADDERED)
@pytest.mark.parametrize("levers", [OFF, Levers(), Levers(rungs=False)])
def test_each_lever_can_be_left_alone(name, levers):
    log = drive(
        strategy_for(name, space_for(task()), LOSS, 0, levers),
        DigestEvaluator(("loss",)),
        60,
    )
    asked = questions(log)
    assert any(not one.fidelity.is_full for one in asked) == levers.rungs
    assert any(one.repeat for one in asked) == levers.repeats


def test_teams_begin_with_the_seeds_members_and_learn_from_the_lowest_rung_on():
    space, parents = space_for(task(), models="neural"), []
    for seed in range(4):
        log = drive(strategy_for("cooperative", space, LOSS, seed), DigestEvaluator(("loss",)), 60)
        bred = [one for one in questions(log) if "coevolution" in one.origin]
        assert not [one for one in bred if one.origin.endswith(":random")]
        assert {one.fidelity.epochs for one in bred} == {RUNGS[0]}
        done = {one.number: one for one in log if one.state is State.DONE}
        parents += [done[one.parent].proposal for one in bred]
    assert any(one.origin.startswith("seed:") for one in parents)
    assert any(not one.fidelity.is_full for one in parents)


def test_on_pictures_teams_learn_from_whole_trainings_alone():
    space = space_for(task())
    strategy = strategy_for("cooperative", space, LOSS, 0, rungs_of="rows")
    log = drive(strategy, DigestEvaluator(("loss",)), 40)
    assert {one.fidelity.rows for one in questions(log)} == set(RUNGS)


def test_fidelities_reach_the_strategies_that_use_them():
    strategy = plain("asha", SPACE, LOSS, 0, (0.5, 1.0))
    log = drive(strategy, LadderEvaluator(), 30)
    assert {one.fidelity.epochs for one in questions(log)} == {0.5, 1.0}


class LargerIsBetter(DigestEvaluator):
    def evaluate(self, trials, report):
        for one in trials:
            size = infer(one.proposal.candidate.architecture).cost.parameters
            yield one.number, Measurement({"loss": -float(size)})


@pytest.mark.parametrize("screen", [True, False])
def test_evolution_is_screened_by_what_its_own_trials_bear_out(screen):
    levers = Levers(rungs=False, screen=screen)
    strategy = strategy_for("evolution", space_for(task()), LOSS, 1, levers)
    asked = questions(drive(strategy, LargerIsBetter(), 60))
    assert any("screened:" in one.origin for one in asked) == screen
