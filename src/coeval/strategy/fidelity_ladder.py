"""The ladder of a multi-fidelity search: what share of the epochs or rows each rung spends, and how few go on."""

import itertools
import math
from dataclasses import dataclass
from typing import Literal

from coeval.trial import Fidelity, Proposal

Of = Literal["epochs", "rows"]


@dataclass(frozen=True, slots=True)
class Ladder:
    """Rising shares of the epochs, and the reciprocal of the share of a rung that is promoted.

    Attributes:
        fidelities: Shares of the epochs, rising, the last 1; ``geometric`` makes the papers' ladders.
        eta: The best 1 / eta of a rung are promoted. Where ``eta`` is the ratio of neighbouring fidelities,
            each rung costs about the same; a smaller one promotes generously, for low rungs that rank badly.
        continues: Whether a promotion goes on from where its lower rung ended (``Proposal.continues``).
            Not so where a learning rate schedule is bound to the rung's own length: NAS-Bench-201's 12 epochs
            anneal to zero, so that 200 epochs have to start anew.
        of: What the shares are of. With few epochs a first one says little, at a rate not yet annealed, while a whole
            schedule on few rows does; a promotion then trains on other rows and cannot go on from where it was.

    Raises:
        ValueError: The fidelities do not rise within (0, 1] to 1, ``eta`` is below 2, or rungs of rows should continue.
    """

    fidelities: tuple[float, ...]
    eta: int = 3
    continues: bool = True
    of: Of = "epochs"

    def __post_init__(self) -> None:
        shares = self.fidelities
        if not shares:
            raise ValueError(
                "fidelities needs at least one share of the epochs, got none. Pass (1.0,) for full training."
            )
        rising = all(low < high for low, high in itertools.pairwise(shares))
        if not rising or not shares[0] > 0:
            raise ValueError(
                f"fidelities must be positive and rise strictly, such as (1/9, 1/3, 1.0), got {shares}. "
                "Sort them and leave out equal ones."
            )
        if shares[-1] != 1:
            raise ValueError(
                f"The last of fidelities must be 1.0, all of the epochs, got {shares[-1]}. They are shares: "
                "divide epochs by the longest training's, or use geometric(least, most)."
            )
        if self.of == "rows" and self.continues:
            raise ValueError(
                "Rungs of rows train anew on each: pass continues=False, or of='epochs'."
            )
        if self.eta < 2:
            raise ValueError(
                f"eta must be at least 2, got {self.eta}: the best 1 / eta of a rung are promoted, "
                "and one that promotes all stops nothing."
            )

    @property
    def top(self) -> int:
        """Return the index of the rung at full fidelity."""
        return len(self.fidelities) - 1

    def fidelity(self, rung: int) -> Fidelity:
        """Return what an evaluation at a rung spends."""
        share = self.fidelities[rung]
        return Fidelity(rows=share) if self.of == "rows" else Fidelity(epochs=share)

    def rung(self, proposal: Proposal) -> int | None:
        """Return the rung at which a proposal is evaluated; ``None`` where it stands on none."""
        spent = proposal.fidelity
        share = spent.rows if self.of == "rows" else spent.epochs
        if share not in self.fidelities:
            return None
        rung = self.fidelities.index(share)
        return rung if spent == self.fidelity(rung) else None


def geometric(least: float, most: float, eta: int = 3) -> tuple[float, ...]:
    """Return the ladder of the papers: from ``most`` down by factors of ``eta``, none below ``least``.

    Args:
        least: Epochs that tell something already; also any other unit.
        most: Epochs of a full training, in the same unit.
        eta: Ratio of neighbouring rungs.

    Returns:
        Shares of ``most``, rising, the last 1 (Li et al. 2018, arXiv:1603.06560, algorithm 1).

    Raises:
        ValueError: ``least`` is not positive or above ``most``, or ``eta`` is below 2.

    Example:
        >>> geometric(10, 90)
        (0.1111111111111111, 0.3333333333333333, 1.0)
    """
    if not 0 < least <= most:
        raise ValueError(
            f"least must be positive and at most most={most}, got {least}. Swap them, or lower least."
        )
    if eta < 2:
        raise ValueError(
            f"eta must be at least 2, got {eta}: it is the ratio of neighbouring rungs."
        )
    steps = math.floor(math.log(most / least) / math.log(eta) + 1e-9)
    return tuple([float(eta) ** -step for step in range(steps, -1, -1)])
