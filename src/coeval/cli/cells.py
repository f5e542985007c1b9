"""``coeval show RUN --cells``: the cells that a network is stacked of."""

import json
from pathlib import Path

from coeval.architecture.normal import normalise
from coeval.cli.model import write_svg
from coeval.cli.words import say
from coeval.run.cells import cells_from
from coeval.space.cells import described


def cells_command(run: Path, svg: Path | None, *, as_json: bool) -> None:
    """Show the cells of a run's model, or of its best trial so far, as text; and draw each to a file of its own.

    Args:
        run: The run's folder.
        svg: Where the drawing goes; of two cells each gets its name in front of the suffix.
        as_json: Whether to print them as JSON, as ``--cells-from`` keeps them.
    """
    cells = cells_from(run)
    say(json.dumps(cells.to_json()) if as_json else described(cells))
    if svg is None:
        return
    for name, cell in cells.parts:
        path = svg if len(cells.parts) == 1 else svg.with_suffix(f".{name}{svg.suffix}")
        write_svg(normalise(cell), path)
        if not as_json:
            say(f"\ndrawing: {path}")
