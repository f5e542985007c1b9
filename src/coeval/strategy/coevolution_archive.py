"""The teams that a coevolution learns from: how many of them, how they rank, and their members as numbers."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from coeval.strategy.coevolution_species import Species, Team
from coeval.strategy.objectives import Objectives, violation
from coeval.trial import Trial

Floats = npt.NDArray[np.float64]
ROUNDING = 1e-9
"""Relative spread up to which numbers are equal: a tenth, ten times, has a deviation of 1e-17, by which nothing may be divided."""


@dataclass(frozen=True, slots=True)
class Served:
    """A judged trial and the team that it was."""

    trial: Trial
    team: Team


class TeamArchive:
    """Judged teams: all while they are few; later the better and the later ones, so that learning takes a bounded time.

    Args:
        objectives: What teams are ranked by.
        size: Teams at most; half of the room is for the best, half for the latest.
    """

    def __init__(self, objectives: Objectives, size: int) -> None:
        self.objectives = objectives
        self.size = size
        self._served: list[Served] = []
        self._ranked: list[Served] | None = None

    def __len__(self) -> int:
        return len(self._served)

    def takes(self, trial: Trial) -> bool:
        """Return whether a trial tells something: judged, trained whole."""
        return self.objectives.is_judged(trial)

    def add(self, trial: Trial, team: Team) -> None:
        """Take a judged trial in; over a quarter above ``size`` the worse of the older ones leave."""
        self._served.append(Served(trial, team))
        self._ranked = None
        if len(self._served) >= self.size + self.size // 4:
            best = {one.trial.number for one in self.ranked()[: self.size // 2]}
            latest = {one.trial.number for one in self._served[-(self.size // 2) :]}
            self._served = [one for one in self._served if one.trial.number in best | latest]
            self._ranked = None

    def ranked(self) -> list[Served]:
        """Return the teams, best first."""
        if self._ranked is None:
            teams = {one.trial.number: one for one in self._served}
            order = self.objectives.order(one.trial for one in self._served)
            self._ranked = [teams[trial.number] for trial in order]
        return self._ranked

    def learnable(self) -> tuple[list[Served], Floats]:
        """Return whom credit is learnt from, best first, and their places, equals sharing one.

        These are the feasible teams; where there is none, all, by how much they break limits.
        """
        ranked = self.ranked()
        feasible = [one for one in ranked if violation(one.trial) == 0]
        if not feasible:
            return ranked, np.array([violation(one.trial) for one in ranked])
        if len(self.objectives) == 1:
            return feasible, np.array([self.objectives.costs(one.trial)[0] for one in feasible])
        places: dict[tuple[float, ...], float] = {}
        for place, one in enumerate(feasible):
            places.setdefault(self.objectives.costs(one.trial), float(place))
        return feasible, np.array([places[self.objectives.costs(one.trial)] for one in feasible])

    def feasibility(self) -> Floats | None:
        """Return 1 for each feasible team of ``ranked`` and -1 for the others; ``None`` where all are alike."""
        broken = np.array([violation(one.trial) > 0 for one in self.ranked()])
        if broken.all() or not broken.any():
            return None
        return np.where(broken, -1.0, 1.0)


class Encoder:
    """Members as numbers on a common scale: two that differ entirely are about 1 apart.

    Args:
        species: Of the teams.
    """

    def __init__(self, species: Sequence[Species]) -> None:
        self.species = tuple(species)

    def encode(self, teams: Sequence[Team], learnt: Sequence[Team]) -> list[Floats]:
        """Return ``(teams, features)`` for each species.

        Args:
            teams: To be encoded.
            learnt: Whose spread sets the scale of a species that has none of its own.
        """
        found = []
        for place, one in enumerate(self.species):
            rows = _rows(one, [team[place] for team in teams])
            scale = one.scale
            if scale > 0:
                found.append(rows / scale**0.5)
                continue
            known = _rows(one, [team[place] for team in learnt])
            middle, spread = known.mean(axis=0), known.std(axis=0)
            varied = spread > ROUNDING * (1.0 + np.abs(middle))
            spread = np.where(varied, spread, 1.0) * (2.0 * max(1, int(varied.sum()))) ** 0.5
            found.append((rows - middle) / spread)
        return found


def _rows(species: Species, members: Sequence[object]) -> Floats:
    """Return the encodings; a member that comes again is encoded once."""
    places: dict[object, int] = {}
    order = [places.setdefault(one, len(places)) for one in members]
    return np.stack([species.encode(one) for one in places])[order]
