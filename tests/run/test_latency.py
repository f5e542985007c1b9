import itertools
from types import SimpleNamespace

import pytest

from coeval.architecture.inference import infer
from coeval.run import latency
from coeval.run.constraints import Constraints
from coeval.run.demands import demands_of
from coeval.run.latency import CandidateLatency, calibrating
from coeval.run.latency_kept import read_table, user_table, write_table
from coeval.seed import generator
from coeval.space.tabular import space_for
from coeval.trial import Limit
from tests.evaluate.tasks import task_of

PREPARING = {"standard": 0.05, "robust": 0.06, "quantile": 0.2}


@pytest.fixture(scope="module")
def wine():
    return space_for(task_of("wine"))


def work(architecture) -> float:
    return infer(architecture).cost.macs / 1e5


def pieces(asked) -> list[float]:
    """Measure a piece as its multiply-accumulates."""
    return [work(one) for one in asked]


def models(source, asked) -> list[float]:
    """Measure a model as twice its network's work, and its preparation's scaling."""
    return [2 * work(one) + PREPARING[dict(settings)["scaling"]] for one, settings in asked]


class Pool:
    """Does jobs at once, here; counts them."""

    def __init__(self):
        self.jobs = 0

    def submit(self, job, *args):
        self.jobs += 1
        found = job(*args)
        return SimpleNamespace(result=lambda: found)


@pytest.fixture
def made(wine, tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "user"))
    monkeypatch.setattr(latency, "measured_here", pieces)
    monkeypatch.setattr(latency, "models_milliseconds", models)
    return lambda: CandidateLatency(wine, tmp_path / "cache", Pool())


def test_network_and_preparation_are_predicted_apart(made, wine):
    found = made()
    note = found.calibrate(calibrating(wine, 0))
    assert note.kind == "latency"
    assert note.data["networks"] == 8
    assert found.predictor.calibration.slope == pytest.approx(2, rel=0.3)
    for number in range(5):
        candidate = wine.sample(generator(1, number))
        settings = tuple(candidate.settings("preparation").items())
        (true,) = models(None, [(wine.architecture(candidate), settings)])
        assert found(candidate) == pytest.approx(true, rel=0.35)


def test_a_resumed_run_predicts_the_same_and_measures_nothing_again(made, wine):
    first = made()
    first.calibrate(calibrating(wine, 0))
    candidate = wine.sample(generator(2))
    said = first(candidate)
    first.keep()
    again = made()
    assert again.is_calibrated
    assert again(candidate) == said
    assert again._jobs.jobs == 0


def test_calibrating_ends_with_its_time_but_not_before_the_first_model(made, wine):
    note = made().calibrate(calibrating(wine, 0), seconds=0.0)
    assert note.data["networks"] == 1
    assert note.data["error"] is None


def test_a_little_more_time_is_taken_for_as_many_models_as_an_error_needs(made, wine, monkeypatch):
    ticks = itertools.count()
    monkeypatch.setattr(latency, "time", SimpleNamespace(monotonic=lambda: next(ticks)))
    note = made().calibrate(calibrating(wine, 0), seconds=5.0)  # two looks at the clock a model
    assert note.data["networks"] == latency.LEAST_NETWORKS
    assert note.data["error"] is not None


def test_the_models_to_calibrate_on_span_all_sizes(wine):
    macs = [infer(wine.architecture(one)).cost.macs for one in calibrating(wine, 0)]
    assert max(macs) > 20 * min(macs)
    assert min(macs[:4]) == min(macs)
    assert len(set(macs)) > 4


def test_a_damaged_table_is_measured_anew_and_a_lost_disk_costs_nothing(tmp_path):
    file = tmp_path / "latency.json"
    assert read_table(file) == {}
    file.write_text('{"a": 1')
    assert read_table(file) == {}
    write_table(file, {"a": 1.5})
    write_table(file, {"b": 2.5})
    assert read_table(file) == {"a": 1.5, "b": 2.5}
    (tmp_path / "taken").write_text("")
    write_table(tmp_path / "taken" / "latency.json", {"a": 1.0})


def test_pieces_are_kept_by_machine_and_libraries(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert user_table() == user_table()
    assert user_table().is_relative_to(tmp_path / "coeval")
    here = user_table()
    monkeypatch.setattr("importlib.metadata.version", lambda name: "0.0")
    assert user_table() != here


def test_without_latency_nothing_is_started(wine, tmp_path):
    with demands_of(Constraints((Limit("macs", 1e6),)), wine, tmp_path) as demands:
        assert demands.latency is None
        assert demands.pool is None
        assert not demands.is_plain
        assert demands.facts() == {"limits": {"macs": 1e6}, "minimised": []}
