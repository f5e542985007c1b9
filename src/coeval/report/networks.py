"""The networks in a candidate: one under the name ``architecture``, or the cells that a network is stacked of."""

from coeval.architecture.step import Architecture
from coeval.architecture.text import one_line
from coeval.report.words import shorten
from coeval.space.protocol import Candidate

LONGEST = 160
"""Characters of a network in a line."""


def networks(candidate: Candidate) -> dict[str, Architecture]:
    """Return the parts of a candidate that are architectures, by name; none in a space without networks."""
    return {name: part for name, part in candidate.parts if isinstance(part, Architecture)}


def drawn(candidate: Candidate) -> Architecture | None:
    """Return what is drawn of a candidate whose whole network is not at hand: its first architecture."""
    return next(iter(networks(candidate).values()), None)


def line(candidate: Candidate) -> str:
    """Return a candidate's networks in one line, each under its name where there are several."""
    found = networks(candidate)
    if len(found) == 1:
        return one_line(next(iter(found.values())), LONGEST)
    lines = [f"{name}: {one_line(one, LONGEST // len(found))}" for name, one in found.items()]
    return shorten("; ".join(lines), LONGEST)
