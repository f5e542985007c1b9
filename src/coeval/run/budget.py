"""What a search may spend: active wall-clock time over all sittings, trials, or both."""

import math
import re
from dataclasses import dataclass
from numbers import Integral

from coeval.errors import BudgetError

_UNITS = {"d": 86400.0, "h": 3600.0, "m": 60.0, "s": 1.0}
_DURATION = re.compile(
    r"(?:(\d+(?:\.\d+)?)d)?(?:(\d+(?:\.\d+)?)h)?(?:(\d+(?:\.\d+)?)m)?(?:(\d+(?:\.\d+)?)s)?"
)
_EXAMPLES = "Write a duration such as 90s, 10m, 2h or 1h30m."


@dataclass(frozen=True, slots=True)
class Budget:
    """Limits of a search; the first that is reached ends it.

    Attributes:
        seconds: Active time over all sittings of a run (a pause between them costs nothing).
        trials: Numbered trials, failed and cached ones included.
    """

    seconds: float | None = None
    trials: int | None = None

    def __post_init__(self) -> None:
        """Check the limits.

        Raises:
            BudgetError: There is no limit, or one is not a positive finite number.
        """
        if self.seconds is None and self.trials is None:
            raise BudgetError("A search needs a limit: give it seconds, trials, or both.")
        if self.seconds is not None and not (0 < self.seconds < math.inf):
            raise BudgetError(
                f"A budget must be longer than 0 s, got {self.seconds:g} s. {_EXAMPLES}"
            )
        if self.trials is not None and (
            isinstance(self.trials, bool)
            or not isinstance(self.trials, Integral)
            or self.trials < 1
        ):
            raise BudgetError(
                f"The number of trials must be a whole number, 1 or more, got {self.trials}."
            )

    def seconds_left(self, spent: float) -> float:
        """Return the seconds left after ``spent``; infinity without a limit on time."""
        return math.inf if self.seconds is None else self.seconds - spent

    @property
    def twice(self) -> str:
        """Return the options of a budget twice as large, for advice.

        Example:
            >>> Budget(90.0, 8).twice
            '--budget 3m --trials 16'
        """
        seconds = [] if self.seconds is None else [f"--budget {duration(2 * self.seconds)}"]
        trials = [] if self.trials is None else [f"--trials {2 * self.trials}"]
        return " ".join(seconds + trials)

    @classmethod
    def of(cls, duration: str | float | None = None, trials: int | None = None) -> "Budget":
        """Return the budget that a user wrote; a duration is text such as ``"10m"``, or seconds.

        Raises:
            BudgetError: The duration cannot be read, or a limit is not positive.

        Example:
            >>> Budget.of("1h30m")
            Budget(seconds=5400.0, trials=None)
        """
        return cls(None if duration is None else parse_duration(duration), trials)


def duration(seconds: float) -> str:
    """Return seconds as a user writes them, a part of one as a whole.

    Example:
        >>> duration(5400), duration(80.5)
        ('1h30m', '1m21s')
    """
    left, text = max(1, math.ceil(seconds)), ""
    for unit, size in _UNITS.items():
        count, left = divmod(left, int(size))
        text += f"{count}{unit}" if count else ""
    return text


def parse_duration(duration: str | float) -> float:
    """Return the seconds of ``"90s"``, ``"10m"``, ``"2h"``, ``"1h30m"`` … or of a plain number of seconds.

    Raises:
        BudgetError: It is not a duration, or not positive.

    Example:
        >>> parse_duration("1m30s")
        90.0
    """
    if isinstance(duration, str):
        text = duration.strip().lower().replace(" ", "")
        found = _DURATION.fullmatch(text)
        if not text or found is None:
            hint = (
                f" Did you mean {text}s or {text}m?" if re.fullmatch(r"\d+(\.\d+)?", text) else ""
            )
            raise BudgetError(f"A budget must be a duration, got {duration!r}.{hint} {_EXAMPLES}")
        seconds = sum(
            float(part) * unit
            for part, unit in zip(found.groups(), _UNITS.values(), strict=True)
            if part is not None
        )
    else:
        seconds = float(duration)
    if not 0 < seconds < math.inf:
        raise BudgetError(f"A budget must be longer than 0 s, got {duration!r}. {_EXAMPLES}")
    return seconds
