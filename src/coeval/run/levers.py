"""What makes evaluations cheaper or fewer, each to be switched off alone, for a comparison."""

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from coeval.errors import RunError, did_you_mean


@dataclass(frozen=True, slots=True)
class Levers:
    """The levers of a search on real data. A run's capsule keeps them, so that a resume pulls the same.

    Attributes:
        rungs: Evolution starts every candidate on few epochs and trains on what ranks well.
        inherit: Children start with their parent's weights and train a part of the schedule (``evaluate.inherit``).
        compiled: Networks over rows train in a compiled loop instead of PyTorch's own operations (``train.choose``).
        together: On an accelerator, candidates of one structure train in one tensor (``evaluate.together``).
        screen: Cheap signals, as far as this run bears them out, choose among several candidates of evolution, and have a
            say in who is promoted.
        repeats: The incumbent is trained again under new seeds now and then, for the noise floor.
    """

    rungs: bool = True
    inherit: bool = False
    compiled: bool = True
    together: bool = True
    screen: bool = True
    repeats: bool = True

    def to_json(self) -> dict[str, Any]:
        """Return plain JSON values."""
        return dataclasses.asdict(self)

    @classmethod
    def from_json(cls, values: Mapping[str, Any] | None) -> "Levers":
        """Return the levers that ``to_json`` wrote; of a capsule from before there were any, ``OFF``.

        Raises:
            RunError: One is unknown.
        """
        if values is None:
            return OFF
        names = [one.name for one in dataclasses.fields(cls)]
        unknown = sorted(values.keys() - set(names))
        if unknown:
            raise RunError(
                f"The capsule's levers must be among {', '.join(names)}, got {unknown[0]!r}."
                f"{did_you_mean(unknown[0], names)} Restore capsule.json from a copy, or use the coeval that wrote it."
            )
        return dataclasses.replace(OFF, **values)


OFF = Levers(
    rungs=False, inherit=False, compiled=False, together=False, screen=False, repeats=False
)
"""Plain training: every candidate whole, from scratch, once."""
