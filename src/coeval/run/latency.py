"""The milliseconds of candidates' exported models on this machine: predicted before training, measured after.

``model.onnx`` begins with raw columns or bytes, so a candidate takes its network's time, which the pieces give, and its
preparation's, which is measured once for each of its settings. A worker process does the measuring: the driver loads
neither torch nor ONNX Runtime.
"""

import math
import time
from collections.abc import Sequence
from concurrent.futures import BrokenExecutor, Future
from typing import Any

import numpy as np

from coeval.architecture.component import Settings
from coeval.architecture.inference import infer
from coeval.architecture.step import Architecture
from coeval.errors import ExportError
from coeval.evaluate.latency import Calibration, Predictor, calibration, measured_here
from coeval.export.latency import models_milliseconds
from coeval.run.latency_kept import FILE, read_table, user_table, write_table
from coeval.run.pool import Jobs
from coeval.seed import generator
from coeval.space.protocol import Candidate, CandidateSpace
from coeval.store.protocol import Note
from coeval.task.memory import TaskSource
from coeval.task.task import Task

NETWORKS = 8
"""Whole models that the prediction is calibrated on; about half a second each."""
LEAST_NETWORKS = 5
"""From fewer no error could be stated."""
PATIENCE = 3.0
_LINE = ("slope", "reading", "intercept")
_PREPARATION, _CALIBRATION = "preparation:", "calibration:"


class CandidateLatency:
    """Predicts what candidates take; keeps what was measured in the run's folder and, of pieces, in the user's cache.

    Args:
        space: Turns a candidate into its architecture.
        source: The run's task, or its folder, which workers read; in memory nothing measured is kept.
        jobs: Where to measure.

    Attributes:
        is_calibrated: Whether the prediction was fitted to whole models, in this sitting or an earlier one.
    """

    def __init__(self, space: CandidateSpace, source: TaskSource, jobs: Jobs) -> None:
        self._space, self._source, self._jobs = space, source, jobs
        self._user = user_table()
        self._own = None if isinstance(source, Task) else source / FILE
        own = {} if self._own is None else read_table(self._own)
        line = {name: own.pop(name) for name in tuple(own) if name.startswith(_CALIBRATION)}
        self._preparations = {
            name: own.pop(name) for name in tuple(own) if name.startswith(_PREPARATION)
        }
        self.predictor = Predictor(self._measure, {**read_table(self._user), **own})
        self._carrier: Candidate | None = None
        self.is_calibrated = len(line) == len(_LINE)
        if self.is_calibrated:
            slope, reading, intercept = (line[_CALIBRATION + one] for one in _LINE)
            self.predictor.calibration = Calibration(slope, reading, intercept)

    def __call__(self, candidate: Candidate) -> float:
        """Return the predicted milliseconds of one call of the candidate's ``model.onnx`` with one row or image.

        Raises:
            ExportError: The network cannot be written as ONNX.
        """
        return self.network(candidate) + self.preparation(candidate)

    def network(self, candidate: Candidate) -> float:
        """Return the part that does not depend on the preparation's own time: no less than this it takes.

        Raises:
            ExportError: The network cannot be written as ONNX.
        """
        return self.predictor.milliseconds(self._space.architecture(candidate))

    def preparation(self, candidate: Candidate) -> float:
        """Return what a candidate's preparation takes: a small model's whole time without its network's.

        Raises:
            ExportError: The model cannot be written as ONNX.
        """
        settings = _settings(candidate)
        key = f"{_PREPARATION}{dict(settings)}"
        if key not in self._preparations:
            carrier = self._carried(settings)
            whole = self._models([(carrier, settings)])[0]
            network = self.predictor.summed(carrier)
            self._preparations[key] = max(whole - network, 0.0)
        return self._preparations[key]

    def measured(self, architecture: Architecture, preparation: Settings) -> float:
        """Return the measured milliseconds of a model, with weights as they come: they do not matter.

        Raises:
            ExportError: It cannot be written as ONNX.
        """
        return self._models([(architecture, preparation)])[0]

    def whole(self, candidate: Candidate) -> float:
        """Return the measured milliseconds of a candidate's whole model.

        Raises:
            ExportError: It cannot be written as ONNX.
        """
        return self.measured(self._space.architecture(candidate), _settings(candidate))

    def calibrate(self, candidates: Sequence[Candidate], seconds: float = math.inf) -> Note:
        """Measure whole models, fit the prediction to them, and return what is worth recording.

        Args:
            candidates: As different in size as there are, the most different first.
            seconds: After which no further one is measured; fewer than ``LEAST_NETWORKS`` only after ``PATIENCE`` times
                as long.

        Raises:
            ExportError: One cannot be written as ONNX.
        """
        began = math.inf  # with the second model: the first one waits for libraries to load
        networks: list[Architecture] = []
        before: list[float] = []
        found: list[float] = []
        for one in candidates:
            spent = time.monotonic() - began
            if spent >= (seconds if len(networks) >= LEAST_NETWORKS else PATIENCE * seconds):
                break
            networks.append(self._space.architecture(one))
            before.append(self.preparation(one))
            found += self._models([(networks[-1], _settings(one))])
            began = min(began, time.monotonic())
        sums = [self.predictor.summed(one) for one in networks]
        weights = [infer(one).cost.parameters for one in networks]
        net = [max(one - other, 1e-4) for one, other in zip(found, before, strict=True)]
        line = calibration(sums, weights, net)
        self.predictor.calibration = line
        self.is_calibrated = True
        self.keep()
        return Note("latency", _facts(line, sums, before, found))

    def keep(self) -> None:
        """Write what was measured to the run's folder and, of pieces, to the user's cache; nothing where there is no folder."""
        if self._own is None:
            return
        known, line = self.predictor.known, self.predictor.calibration
        fitted = {_CALIBRATION + one: float(getattr(line, one)) for one in _LINE}
        write_table(
            self._own, {**known, **self._preparations, **(fitted if self.is_calibrated else {})}
        )
        write_table(self._user, known)

    def _measure(self, pieces: Sequence[Architecture]) -> Sequence[float]:
        return self._done(self._jobs.submit(measured_here, pieces))

    def _models(self, models: Sequence[tuple[Architecture, Settings]]) -> list[float]:
        return self._done(self._jobs.submit(models_milliseconds, self._source, models))

    def _done(self, job: "Future[list[float]]") -> list[float]:
        """Return a job's times; a process that dies over a network costs that network's time, not the run."""
        try:
            return job.result()
        except BrokenExecutor as error:
            raise ExportError(
                f"The process that measures latency died, most likely for want of memory: {error}. Give the run more, or "
                "bound --max-parameters."
            ) from error

    def _carried(self, settings: Settings) -> Architecture:
        """Return a small network under a preparation."""
        if self._carrier is None:
            seeds = [*self._space.seeds().values()] or [self._space.sample(generator(0, "carrier"))]
            self._carrier = min(
                seeds, key=lambda one: infer(self._space.architecture(one)).cost.macs
            )
        parts = dict(self._carrier.parts)
        if "preparation" in parts:
            parts["preparation"] = settings
        return self._space.architecture(Candidate(tuple(parts.items())))


def calibrating(space: CandidateSpace, seed: int, count: int = NETWORKS) -> list[Candidate]:
    """Return candidates of many sizes to calibrate on, evenly spread among some samples by their multiply-accumulates.

    Every other one first, so that half of them span all sizes too.
    """
    drawn = [space.sample(generator(seed, "calibration", number)) for number in range(4 * count)]
    drawn += [*space.seeds().values()]
    macs = [infer(space.architecture(one)).cost.macs for one in drawn]
    order = np.argsort(macs, kind="stable")
    places = np.unique(np.linspace(0, len(order) - 1, count).round().astype(int))
    chosen = [drawn[int(order[place])] for place in places]
    return [*chosen[::2], *chosen[1::2]]  # whoever stops half-way has seen all sizes


def _settings(candidate: Candidate) -> Settings:
    return tuple(candidate.settings("preparation").items())


def _facts(
    line: Calibration, sums: Sequence[float], before: Sequence[float], found: Sequence[float]
) -> dict[str, Any]:
    """Return what the report says of a calibration; errors are of whole models, preparation included."""
    return {
        "slope": line.slope,
        "reading": line.reading,
        "intercept_ms": line.intercept,
        "networks": len(found),
        "error": line.error,
        "correlation": line.correlation,
        "sums_ms": list(sums),
        "preparations_ms": list(before),
        "measured_ms": list(found),
    }
