"""Which step of a child goes on with which step of its parent.

Both sequences are written out in reading order, nested regions included, and aligned as two texts are (Needleman &
Wunsch 1970, doi:10.1016/0022-2836(70)90057-4): only steps of one component match, equal settings and widths
count more. Insertion, deletion, wrapping in a region and unwrapping are all insertions or deletions in that order, so
no record of the moves is needed: a crossover's child, or one that several moves made, is aligned like any other.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from coeval.architecture.inference import Inference
from coeval.architecture.step import Region, Step
from coeval.architecture.types import ValueType
from coeval.component.channel import DROPOUT, IDENTITY, LINEAR, RELU
from coeval.component.merge import CONCATENATE

Path = tuple[int, ...]
"""Of a step: its number, or that of a step and its region and so on inwards."""

_SAME_COMPONENT, _SAME_SETTINGS, _SAME_TYPES, _SAME_DEPTH, _SAME_BODY = 4, 2, 2, 1, 2
_NEXT_TO = 1  # for a match right behind another: a block put in among its like stays in one piece


@dataclass(frozen=True, slots=True)
class Placed:
    """A step, where it stands and the types that it is given."""

    path: Path
    step: Step
    inputs: tuple[ValueType, ...]


def written_out(region: Region, inference: Inference, path: Path = ()) -> Iterator[Placed]:
    """Yield a region's steps in reading order, those of nested regions behind the step that holds them."""
    for number, step in enumerate(region.steps):
        here = (*path, number)
        yield Placed(here, step, inference.calls[number].inputs)
        nested = zip(step.regions, inference.nested[number], strict=True)
        for place, (inner, known) in enumerate(nested):
            yield from written_out(inner, known, (*here, place))


def align(child: list[Placed], parent: list[Placed]) -> dict[Path, Path]:
    """Return for each step of the child that goes on with one of the parent's the path of that one.

    Of equally good alignments the one is taken whose matches come first: what is new comes late, behind
    activations that a copy of theirs does not change.

    Args:
        child: In reading order.
        parent: Likewise.
    """
    rows, columns = len(child), len(parent)
    matches = [[_likeness(one, other) for other in parent] for one in child]
    odd = [_is_odd(child, place) for place in range(rows)]
    # Best scores from here to both ends: behind a match, and behind a gap.
    joined = [[0] * (columns + 1) for _ in range(rows + 1)]
    apart = [[0] * (columns + 1) for _ in range(rows + 1)]
    for i in range(rows - 1, -1, -1):
        below = apart[i + 1]
        for j in range(columns - 1, -1, -1):
            skipped, like = apart[i][j + 1], matches[i][j]
            match = like + joined[i + 1][j + 1] if like else 0
            apart[i][j] = max(below[j], skipped, match)
            joined[i][j] = max(below[j] - odd[i], skipped, match + _NEXT_TO if like else 0)
    found: dict[Path, Path] = {}
    i = j = 0
    is_next = True
    while i < rows and j < columns:
        like, known = matches[i][j], joined if is_next else apart
        if like and known[i][j] == like + _NEXT_TO * is_next + joined[i + 1][j + 1]:
            found[child[i].path] = parent[j].path
            i, j, is_next = i + 1, j + 1, True
        elif known[i][j] == apart[i + 1][j] - odd[i] * is_next:
            i, is_next = i + 1, False
        else:
            j, is_next = j + 1, False
    return found


def _is_odd(steps: list[Placed], place: int) -> bool:
    """Return whether a new step right behind an old one would change its value, while elsewhere it might not.

    A relu behind anything but a relu; a linear map that should bring a concatenation back to one of its parts.
    """
    before, here = steps[place - 1].step.component if place else None, steps[place].step.component
    if here == LINEAR:
        return before == CONCATENATE
    return here == RELU and before not in (RELU, DROPOUT, IDENTITY)


def _likeness(one: Placed, other: Placed) -> int:
    """Return how well two steps match; 0: not at all."""
    if one.step.component != other.step.component:
        return 0
    return (
        _SAME_COMPONENT
        + _SAME_SETTINGS * (one.step.settings == other.step.settings)
        + _SAME_TYPES * (one.inputs == other.inputs)
        + _SAME_DEPTH * (len(one.path) == len(other.path))
        + _SAME_BODY * (one.step.regions == other.step.regions)
    )
