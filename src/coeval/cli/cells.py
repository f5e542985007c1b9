"""``coeval show RUN --cells``: the cells that a network is stacked of."""

import json
from pathlib import Path

from coeval.architecture.normal import normalise
from coeval.architecture.svg import svg as draw
from coeval.cli.words import say
from coeval.errors import ExportError
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
        try:
            path.write_text(draw(normalise(cell)), encoding="utf-8")
        except OSError as error:
            raise ExportError(
                f"Cannot write the drawing to {path}: {error.strerror or error}. Name another file with --svg."
            ) from error
        if not as_json:
            say(f"\ndrawing: {path}")
