"""The commands and their options. Each body imports what it needs, so that ``--help`` answers at once."""

from pathlib import Path
from typing import Annotated

import typer

from coeval import __version__
from coeval.cli import app_more as more
from coeval.cli.arguments import Json, Overwrite, RunFolder, Workers

app = typer.Typer(
    name="coeval",
    help="Construct the neural architecture for a task: data and a time budget in, a trained, scored, exported model out.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    epilog="A run is a folder; start with: coeval fit data.csv --target COLUMN --budget 5m",
)


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"coeval {__version__}")
        raise typer.Exit


@app.callback()
def options(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version.")
    ] = False,
    debug: Annotated[
        bool, typer.Option("--debug", help="Show the traceback of an error (allowed anywhere).")
    ] = False,
) -> None:
    """Options of every command."""


@app.command()
def fit(
    data: Annotated[
        Path,
        typer.Argument(
            metavar="DATA",
            help="A table (CSV, TSV, Parquet, Feather), or images: a folder of class folders, .npz, .npy, or a CSV of paths.",
        ),
    ],
    target: Annotated[
        str | None,
        typer.Option(
            help="The column to predict; of a CSV of images, that of the labels.",
            show_default="the labels of images",
        ),
    ] = None,
    budget: Annotated[str, typer.Option(help="Wall clock of it all: 90s, 10m, 2h.")] = "5m",
    trials: Annotated[
        int | None, typer.Option(help="Stop the search after so many trials.", show_default=False)
    ] = None,
    out: Annotated[
        Path | None, typer.Option(help="The run's folder.", show_default="runs/NAME")
    ] = None,
    overwrite: Overwrite = False,
    metric: Annotated[
        str | None, typer.Option(help="What to optimise.", show_default="by problem")
    ] = None,
    problem: Annotated[
        str | None,
        typer.Option(
            help="binary, multiclass, classification or regression.", show_default="inferred"
        ),
    ] = None,
    kinds: Annotated[
        str | None,
        typer.Option(help="Override column kinds: zip=categorical,id=drop.", show_default=False),
    ] = None,
    group: Annotated[
        str | None,
        typer.Option(help="Column whose groups must not be split apart.", show_default=False),
    ] = None,
    time: Annotated[
        str | None,
        typer.Option(
            help="Column that orders the rows; later ones are tested.", show_default=False
        ),
    ] = None,
    test: Annotated[
        str, typer.Option(help="split (20 % of the rows, locked), none, or a file.")
    ] = "split",
    preset: Annotated[
        str | None,
        typer.Option(
            help="Of images: the space of networks: stages, free_cells, nasbench201, darts, nasnet, enas_macro, metaqnn or proxyless.",
            show_default="stages",
        ),
    ] = None,
    cells_from: Annotated[
        Path | None,
        typer.Option(
            help="Of images: a run whose cells are taken over and stacked for this task.",
            show_default=False,
        ),
    ] = None,
    policies: Annotated[
        int,
        typer.Option(
            min=0,
            max=10,
            help="Of images: pairs of operations of an augmentation policy that is searched too, as in AutoAugment.",
        ),
    ] = 0,
    models: Annotated[
        str,
        typer.Option(
            help="Of tables: all for networks, boosted trees, forests and linear models together, neural for networks alone."
        ),
    ] = "all",
    strategy: Annotated[
        str,
        typer.Option(
            help="How to search: random, local, evolution, genetic, nsga2, reference-vectors, cooperative, "
            "reinforce, q-learning, evolution-strategies, gaussian-process, bananas, bandit, portfolio, halving, "
            "hyperband, asha, bohb, rsws, spos, fairnas, enas, darts, darts2, gdas, pc-darts, drnas, darts-pt, "
            "darts-es, beta-darts, fair-darts, proxylessnas or elastic."
        ),
    ] = "evolution",
    objective: Annotated[
        str,
        typer.Option(
            help="What to optimise: score, or score and any of latency, parameters, macs and memory, joined by "
            "commas, for a Pareto front."
        ),
    ] = "score",
    max_latency: Annotated[
        str | None,
        typer.Option(help="Slowest model here, for one row: 5ms, 300us.", show_default=False),
    ] = None,
    max_parameters: Annotated[
        str | None,
        typer.Option(
            help="Largest model, in parameters (of trees: nodes): 200k.", show_default=False
        ),
    ] = None,
    max_macs: Annotated[
        str | None,
        typer.Option(help="Most multiply-accumulates of a row: 20M.", show_default=False),
    ] = None,
    max_memory: Annotated[
        str | None,
        typer.Option(help="Most memory of a network at work: 8MB, 500KB.", show_default=False),
    ] = None,
    workers: Workers = None,
    memory: Annotated[
        str | None,
        typer.Option(help="Most memory of all processes: 2GB, 800MB.", show_default="no limit"),
    ] = None,
    early_end: Annotated[
        bool,
        typer.Option(
            "--early-end/--no-early-end",
            help="End the search once the gain to be expected is below the noise floor.",
        ),
    ] = True,
    ensemble: Annotated[
        bool,
        typer.Option(
            "--ensemble/--no-ensemble",
            help="Let finalists on tables that held-out rows cannot tell apart predict together.",
        ),
    ] = True,
    device: Annotated[str, typer.Option(help="auto, cpu, cuda or mps.")] = "auto",
    seed: Annotated[int, typer.Option(help="Seed of every random draw.")] = 0,
    json: Json = False,
) -> None:
    """Search, train, score and export a model for a table or for images."""
    from coeval.cli.fit import fit_command  # noqa: PLC0415
    from coeval.run.options import Options  # noqa: PLC0415

    options = Options(
        data=data,
        target=target,
        budget=budget,
        trials=trials,
        out=out or Path("runs") / data.name.split(".")[0],
        overwrite=overwrite,
        metric=metric,
        problem=problem,
        kinds=kinds,
        group=group,
        time=time,
        test=test,
        preset=preset,
        cells_from=cells_from,
        policies=policies,
        models=models,
        strategy=strategy,
        objective=objective,
        max_latency=max_latency,
        max_parameters=max_parameters,
        max_macs=max_macs,
        max_memory=max_memory,
        workers=workers,
        memory=memory,
        early_end=early_end,
        ensemble=ensemble,
        device=device,
        seed=seed,
    )
    fit_command(options, as_json=json)


@app.command()
def resume(
    run: RunFolder,
    budget: Annotated[
        str | None,
        typer.Option(help="A new budget for all sittings together.", show_default="the old one"),
    ] = None,
    trials: Annotated[
        int | None, typer.Option(help="A new limit on trials.", show_default="the old one")
    ] = None,
    workers: Workers = None,
    json: Json = False,
) -> None:
    """Go on with an interrupted run: nothing finished is lost or done again."""
    from coeval.cli.fit import resume_command  # noqa: PLC0415

    resume_command(run, budget=budget, trials=trials, workers=workers, as_json=json)


@app.command()
def predict(
    run: RunFolder,
    data: Annotated[
        Path,
        typer.Argument(metavar="DATA", help="Rows to predict, raw columns; or images, as for fit."),
    ],
    out: Annotated[
        Path | None,
        typer.Option(
            "-o", "--out", help="CSV, TSV, Parquet or Feather to write.", show_default="terminal"
        ),
    ] = None,
) -> None:
    """Predict with a run's model, through ONNX Runtime."""
    from coeval.cli.model import predict_command  # noqa: PLC0415

    predict_command(run, data, out)


@app.command()
def report(run: RunFolder) -> None:
    """Write the run's report.html anew."""
    from coeval.cli.model import report_command  # noqa: PLC0415

    report_command(run)


@app.command()
def show(
    run: RunFolder,
    trial: Annotated[
        int | None, typer.Option(help="A trial by number.", show_default="the model")
    ] = None,
    svg: Annotated[
        Path | None, typer.Option(help="Also write the drawing.", show_default=False)
    ] = None,
    cells: Annotated[bool, typer.Option(help="The cells that it is stacked of.")] = False,
    columns: Annotated[
        bool, typer.Option("--columns", help="What each column is worth to the model.")
    ] = False,
    json: Json = False,
) -> None:
    """Show an architecture and how it was found, the cells that it is stacked of, or the columns by their worth."""
    if columns or cells:
        from coeval.cli.words import refuse_together  # noqa: PLC0415

        refuse_together(
            {
                "--columns": columns,
                "--cells": cells,
                "--trial": trial is not None,
                "--svg": columns and svg is not None,
            }
        )
    if columns:
        from coeval.cli.explain import columns_command  # noqa: PLC0415

        columns_command(run, as_json=json)
        return
    if cells:
        from coeval.cli.cells import cells_command  # noqa: PLC0415

        cells_command(run, svg, as_json=json)
        return
    from coeval.cli.model import show_command  # noqa: PLC0415

    show_command(run, trial, svg, as_json=json)


@app.command()
def export(
    run: RunFolder,
    format: Annotated[
        str, typer.Option("--format", help="onnx, torch (weights), or source (plain PyTorch).")
    ] = "onnx",
    out: Annotated[
        Path | None,
        typer.Option("-o", "--out", help="File or folder to write.", show_default="here"),
    ] = None,
    point: Annotated[
        int | None,
        typer.Option(help="A point of the front by its number.", show_default="the model"),
    ] = None,
) -> None:
    """Copy a run's verified model out of its folder."""
    from coeval.cli.model import export_command  # noqa: PLC0415

    export_command(run, format, out, point)


app.command()(more.audit)
app.command()(more.approximate)
app.command()(more.bench)
