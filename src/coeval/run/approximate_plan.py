"""What is asked of an approximation, who follows it, and what its phases share."""

import time
from dataclasses import dataclass

from coeval.exact.certificate import Semantics
from coeval.exact.cost import Prediction
from coeval.run.approximate_components import Material
from coeval.run.interrupt import Interrupt
from coeval.task.points import Points

EXACT, COEVOLUTION, GENETIC = "exact search", "coevolution", "genetic programming"
SETS = "exact search of fewer components"
BACKWARDS = "working backwards"
SETS_SHARE = 0.25
"""Share of the time after the exact search that goes to small sets of the components, searched exactly."""
WHOLE_SHARE = 0.25
"""Share of the time after the exact search that goes to whole sequences, whose form teams cannot have."""
EXACT_SHARE = 0.2
"""Share of the budget that the exact search may take where coevolution follows."""
SEED_SHARE = 0.1
"""Share of it that finds seeds where constants are fitted anywhere."""
FORECAST_SHARE = 0.01
"""Share of it that is spent before the cost of the whole length is told."""
FLOOR = 1e-28
"""Of the target's sum of squares: a relative error of 1e-14 at every point is rounding."""
MARGIN = 0.03
"""Share of the budget that is kept for the way back: weights fitted and rounded, errors measured."""
LEAST_SECONDS = 0.2
"""With less left, coevolution is not begun."""


def floor_of(points: Points) -> float:
    """Return the sum of squared errors that rounding alone explains."""
    return FLOOR * float(points.target @ points.target)


@dataclass(frozen=True, slots=True)
class Plan:
    """What a user asks for.

    Attributes:
        length: Most nodes of a tree, leaves included; most steps of a chain or DAG.
        seconds: Wall clock of the whole.
        exact: Only search exactly.
        ties: With ``exact``, answers that float64 cannot tell apart are compared in exact arithmetic.
        semantics: What a sequence is.
        hold_out: Share of the points that are not fitted but judge the result.
        seed: Source of chance.
    """

    length: int = 9
    seconds: float = 60.0
    exact: bool = False
    ties: bool = False
    semantics: Semantics = "tree"
    hold_out: float = 0.2
    seed: int = 0


@dataclass(frozen=True, slots=True)
class Stage:
    """Where an approximation stands.

    Attributes:
        phase: One of those named above, such as ``"exact search"`` or ``"coevolution"``.
        said: What was done so far, in a few words.
        error: Least normalised mean squared error so far.
    """

    phase: str
    said: str
    error: float


class Watch:
    """Follows an approximation. This one is blind."""

    def forecast(self, cost: Prediction) -> None:
        """Hear what covering the whole length would cost, before it is begun."""

    def stage(self, stage: Stage) -> None:
        """Hear where the search stands."""


@dataclass(frozen=True, slots=True)
class Work:
    """What the phases share.

    Attributes:
        points: Those to fit.
        material: What sequences are made of.
        plan: What the user asked for.
        watch: Follows the search.
        began: ``time.monotonic()`` seconds at the start.
        interrupt: Says whether Ctrl-C was pressed.
    """

    points: Points
    material: Material
    plan: Plan
    watch: Watch
    began: float
    interrupt: Interrupt

    @property
    def total(self) -> float:
        """Return the sum of squares of the target around its mean."""
        around = self.points.target - self.points.target.mean()
        return float(around @ around)

    @property
    def floor(self) -> float:
        """Return the sum of squared errors that rounding alone explains."""
        return floor_of(self.points)

    @property
    def left(self) -> float:
        """Return the seconds left of the budget."""
        return self.plan.seconds - (time.monotonic() - self.began)
