"""What a network takes on this machine, predicted before it is trained: pieces measured once, added up, calibrated.

A look-up table of measured operations (Cai et al. 2019, ProxylessNAS, arXiv:1812.00332, section 3.2) corrected by a
few whole networks measured end to end, since latency is not quite additive on a CPU: pieces share caches, and neighbours fuse.
How far it errs is measured too, on networks that the correction did not see.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from coeval.architecture.inference import infer
from coeval.architecture.step import Architecture
from coeval.errors import ExportError
from coeval.evaluate.latency_units import Unit, units_of
from coeval.statistics import spearman

MILLION = 1e6
LEAST_NETWORKS = 4
"""With fewer a fit says nothing: the pieces' sum stands as it is."""

Floats = npt.NDArray[np.float64]
Measure = Callable[[Sequence[Architecture]], Sequence[float]]
"""From pieces to their milliseconds; ``measured_here``, or the same in another process."""


@dataclass(frozen=True, slots=True)
class Calibration:
    """From the pieces' sum and the weights to a whole network's milliseconds, and how far that errs.

    A piece is measured while its weights lie in the processor's cache; those of a whole network may not fit it.

    Attributes:
        slope: Milliseconds a millisecond of the pieces' sum.
        reading: Milliseconds a million weights.
        intercept: Milliseconds of a call that nothing else accounts for.
        errors: Relative error of each network, predicted by the fit to the others.
        correlation: Spearman's, of those predictions with what was measured; ``None`` of too few networks.
    """

    slope: float = 1.0
    reading: float = 0.0
    intercept: float = 0.0
    errors: tuple[float, ...] = ()
    correlation: float | None = None

    def __call__(self, summed: float, parameters: int) -> float:
        """Return the milliseconds of a network whose pieces sum to ``summed``."""
        found = self.intercept + self.slope * summed + self.reading * parameters / MILLION
        return max(found, 0.0)

    @property
    def error(self) -> float | None:
        """Return the median relative error on networks that the fit did not see; ``None`` if there were too few."""
        return float(np.median(self.errors)) if self.errors else None


class Predictor:
    """Adds up what the pieces of a network were measured to take; pieces it does not know are measured when they come up.

    Args:
        measure: Measures pieces.
        known: Milliseconds of pieces by ``Unit.key``, from an earlier day on this machine.

    Attributes:
        known: Milliseconds of all pieces so far.
        calibration: From a sum to a prediction.
    """

    def __init__(self, measure: Measure, known: Mapping[str, float] | None = None) -> None:
        self.known = dict(known or {})
        self.calibration = Calibration()
        self._measure = measure

    def milliseconds(self, architecture: Architecture) -> float:
        """Return the predicted milliseconds of one call with one example.

        Raises:
            SpaceError: The architecture is not legal.
            ExportError: A piece of it cannot be written as ONNX.
        """
        parameters = infer(architecture).cost.parameters
        return self.calibration(self.summed(architecture), parameters)

    def summed(self, architecture: Architecture) -> float:
        """Return the sum over the network's pieces, without calibration."""
        return self.of_units(units_of(architecture))

    def of_units(self, units: Sequence[Unit]) -> float:
        """Return what these pieces take together, without calibration."""
        keyed = [(one, one.key) for one in units]
        unknown = {key: one.architecture for one, key in keyed if key not in self.known}
        if unknown:
            self.known.update(zip(unknown, self._measure(tuple(unknown.values())), strict=True))
        return sum(one.times * self.known[key] for one, key in keyed)


def calibration(
    sums: Sequence[float], parameters: Sequence[int], found: Sequence[float]
) -> Calibration:
    """Return the plane that comes closest to measured networks, in relative terms.

    Args:
        sums: ``(networks,)`` of the pieces, in milliseconds.
        parameters: ``(networks,)`` weights.
        found: ``(networks,)`` measured end to end.

    Raises:
        ExportError: A measured time is not positive.
    """
    if any(one <= 0 for one in found):
        raise ExportError(
            f"A network's latency must be positive, got {min(found)}. Measure it again."
        )
    if len(sums) < LEAST_NETWORKS:
        shift = float(np.median(np.subtract(found, sums))) if len(sums) else 0.0
        return Calibration(intercept=max(shift, 0.0))
    y = np.asarray(found, dtype=np.float64)
    x = np.stack([sums, np.asarray(parameters) / MILLION, np.ones(len(y))], axis=1)
    others = [np.arange(len(y)) != n for n in range(len(y))]
    held_out = np.array([x[n] @ _plane(x[kept], y[kept]) for n, kept in enumerate(others)])
    errors = tuple(float(one) for one in abs(held_out - y) / y)
    is_ranked = min(np.ptp(held_out), np.ptp(y)) > 0
    slope, reading, intercept = map(float, _plane(x, y))
    return Calibration(
        slope, reading, intercept, errors, spearman(held_out, y) if is_ranked else None
    )


def _plane(x: Floats, y: Floats) -> Floats:
    """Return the coefficients of least relative squares: of the sum, the weights and 1, the first two not negative.

    A negative one is luck, of few or similar networks: it is left out, that of the sum as 1.
    """
    scaled, ones = x / y[:, None], np.ones(len(y))
    for kept in ([0, 1, 2], [0, 2]):
        found = np.zeros(3)
        found[kept] = np.linalg.lstsq(scaled[:, kept], ones, rcond=None)[0]
        if found[0] > 0 and found[1] >= 0:
            return found
    return np.array([1.0, 0.0, float(np.average(y - x[:, 0], weights=y**-2.0))])


def measured_here(pieces: Sequence[Architecture]) -> list[float]:
    """Measure pieces in this process.

    Raises:
        ExportError: One cannot be written as ONNX.
    """
    from coeval.evaluate.latency_clock import piece_milliseconds  # noqa: PLC0415 - loads torch

    return [piece_milliseconds(one) for one in pieces]
