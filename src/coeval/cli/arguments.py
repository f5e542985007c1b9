"""The arguments and options that several commands share."""

from pathlib import Path
from typing import Annotated

import typer

RunFolder = Annotated[Path, typer.Argument(metavar="RUN", help="The folder of a run.")]
Overwrite = Annotated[
    bool, typer.Option("--overwrite", help="Replace an earlier result in the folder.")
]
Workers = Annotated[
    int | None, typer.Option(help="Processes that train.", show_default="one a core")
]
Json = Annotated[bool, typer.Option("--json", help="Print the result as JSON, and nothing else.")]
