"""A table of published training results: every architecture of a space with what it scored.

Judging a strategy on one takes seconds instead of years of training (Ying et al. 2019, NAS-Bench-101,
arXiv:1902.09635, section 3). What a table cannot say, such as how noisy a second training would be, it does
not say: values are as published.
"""

from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from coeval.errors import SpaceError
from coeval.space.protocol import Candidate
from coeval.trial import Fidelity, Limit, Objective

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Curves:
    """A value after every epoch.

    Attributes:
        name: Of the value.
        values: ``(rows, most epochs)``; NaN behind a row's last epoch.
        epochs: ``(rows,)`` how many epochs each row was trained.
    """

    name: str
    values: npt.NDArray[np.float32]
    epochs: npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Table:
    """Training results by row.

    Attributes:
        name: As the command line knows it.
        objective: What is optimised unless the user says otherwise.
        key: From a candidate to what ``rows`` knows it by; a function at the top of a module.
        rows: Row by key.
        epochs: Length of the full schedule; full fidelity is all of it. 1 where there is no other and it is not said.
        schedules: For each length of a schedule of its own, its values ``(rows,)`` by name; a table with curves needs none
            but the full one.
        facts: Values ``(rows,)`` by name that no schedule changes, such as ``"flops"``; NaN where a row
            cannot have one.
        test: ``(rows,)`` score on data that no search sees, if the table has it.
        curves: The objective after every epoch, if the table has it.
        seconds: ``(rows,)`` training time of the full schedule, if the table has it.
        within: A regret that counts as near the best, by which strategies are compared; ``None`` where none is
            customary.
        source: Whose work it is.
    """

    name: str
    objective: Objective
    key: Callable[[Candidate], Hashable]
    rows: Mapping[Hashable, int]
    epochs: int
    schedules: Mapping[int, Mapping[str, Floats]]
    facts: Mapping[str, Floats] = field(default_factory=dict)
    test: Floats | None = None
    curves: Curves | None = None
    seconds: Floats | None = None
    within: float | None = None
    source: str = ""

    def row(self, candidate: Candidate) -> int:
        """Return the candidate's row.

        Raises:
            SpaceError: The table lacks it.
        """
        key = self.key(candidate)
        if key not in self.rows:
            raise SpaceError(
                f"The table {self.name} has no row for {key!r} among its {len(self.rows):,}. "
                "Search the space that belongs to the table."
            )
        return self.rows[key]

    def fidelities(self) -> tuple[float, ...]:
        """Return shares of the epochs at which the table can answer, rising to 1; thirds of each other along a curve."""
        if self.curves is not None:
            return tuple(3.0**-power for power in (3, 2, 1, 0))
        return tuple(one / self.epochs for one in sorted(self.schedules))

    def columns(self) -> Mapping[str, Floats]:
        """Return every value at full fidelity by name, ``(rows,)``."""
        return {**self.schedules[self.epochs], **self.facts}

    def column(self, name: str) -> Floats:
        """Return a value at full fidelity, ``(rows,)``.

        Raises:
            SpaceError: The table has no such value.
        """
        known = self.columns()
        if name not in known:
            raise SpaceError(
                f"The table {self.name} has the values {', '.join(known)}, got {name!r}."
            )
        return known[name]

    def schedule(self, fidelity: Fidelity) -> int:
        """Return how many epochs a fidelity means in a table without curves.

        Raises:
            SpaceError: The table has no such schedule.
        """
        epochs = fidelity.epochs * self.epochs
        wanted = min(self.schedules, key=lambda one: abs(one - epochs))
        if abs(wanted - epochs) < 0.5 and fidelity.rows == fidelity.width == 1:
            return wanted
        shares = ", ".join(
            f"epochs={one / self.epochs:g} ({one} epochs)" for one in sorted(self.schedules)
        )
        raise SpaceError(
            f"The table {self.name} was trained at the fidelities {shares}, got epochs={fidelity.epochs:g}, "
            f"rows={fidelity.rows:g}, width={fidelity.width:g}. Ask for one of these."
        )

    def feasible(
        self, limits: tuple[Limit, ...], objectives: tuple[Objective, ...]
    ) -> npt.NDArray[np.bool_]:
        """Say which rows keep all limits and have all objectives, ``(rows,)``.

        Raises:
            SpaceError: The table lacks a value, or no row does; the message names the least there is.
        """
        allowed = np.ones(len(self.rows), dtype=bool)
        for name in [one.name for one in objectives]:
            allowed &= np.isfinite(self.column(name))
        for limit in limits:
            values = self.column(limit.name)
            kept = allowed & (values <= limit.most)
            if not kept.any():
                least = np.min(values, where=allowed & np.isfinite(values), initial=np.inf)
                others = " under the other limits" if len(limits) > 1 else ""
                raise SpaceError(
                    f"No member of {self.name} has {limit.name} of at most {limit.most:g}: "
                    f"the least{others} is {least:g}. Raise the limit."
                )
            allowed = kept
        return allowed
