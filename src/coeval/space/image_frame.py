"""What an image task fixes of its networks: the images that go in, the head at the end."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from coeval.architecture.component import Component, Settings, Value
from coeval.architecture.step import Architecture, Step, sequence
from coeval.architecture.types import Grid
from coeval.errors import SpaceError
from coeval.space.choices import ChoiceSpace
from coeval.space.protocol import Candidate
from coeval.space.tabular import head_for
from coeval.task.preparation_image import image_settings
from coeval.task.prepare import inputs_for
from coeval.task.task import Task


@dataclass(frozen=True, slots=True)
class ImageFrame:
    """A network's input and its head.

    Attributes:
        grid: Type of the images.
        head: Component that ends the network; it takes a vector.
        settings: The head's.
    """

    grid: Grid
    head: Component
    settings: Settings = ()

    def network(self, steps: Sequence[Step]) -> Architecture:
        """Return the architecture of steps that begin with the images (value 0) and end in a vector; the head is added."""
        last = Step(self.head, self.settings, (len(steps),))
        return Architecture((self.grid,), sequence(1, (*steps, last)))

    def at(self, grid: Grid) -> "ImageFrame":
        """Return the frame for images of another size."""
        return replace(self, grid=grid)


Network = Callable[[Candidate, ImageFrame], Architecture]
"""From a candidate to its whole network in a frame."""


@dataclass(frozen=True, slots=True, eq=False)
class ImageTyping:
    """Makes a candidate's network for the images that its preparation yields.

    Attributes:
        frame: Of the default preparation.
        grids: Type of the images by the settings of the preparation.
        network: Makes it.
    """

    frame: ImageFrame
    grids: Mapping[Settings, Grid]
    network: Network

    def __call__(self, candidate: Candidate) -> Architecture:
        """Return the candidate's whole network.

        Raises:
            SpaceError: Its preparation is none of this task.
        """
        settings = tuple(candidate.settings("preparation").items())
        found = self.grids.get(settings)
        if found is None:
            raise SpaceError(
                f"The preparation must be one of {[dict(one) for one in self.grids]}, got {dict(settings)}. "
                "Take candidates from the space's own sample, decide or seeds."
            )
        return self.network(candidate, self.frame.at(found))


def frame_for(task: Task) -> ImageFrame:
    """Return the frame of an image task under the default preparation.

    Raises:
        SpaceError: The task's rows are no images.
    """
    if not task.table.holds_images:
        raise SpaceError(
            "A space of networks for images needs a task whose only column holds images, got the table "
            f"{task.name!r} of {len(task.table.columns)} columns. Leave the space out for tables."
        )
    head, settings = head_for(task)
    return ImageFrame(_grid({}, task), head, settings)


def grids_for(task: Task) -> dict[Settings, Grid]:
    """Return the type of the images for every choice of the preparation."""
    choices = ChoiceSpace(image_settings(task.table))
    return {settings: _grid(dict(settings), task) for settings in choices}


def _grid(settings: Mapping[str, Value], task: Task) -> Grid:
    (found,) = inputs_for(settings, task, task.splits.train)
    assert isinstance(found, Grid)
    return found
