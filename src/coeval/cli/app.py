"""The commands and their options. Each body imports what it needs, so that ``--help`` answers at once."""

from pathlib import Path
from time import monotonic
from typing import Annotated

import typer

from coeval import __version__

app = typer.Typer(
    name="coeval",
    help="Construct the neural architecture for a task: data and a time budget in, a trained, scored, exported model out.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    epilog="A run is a folder; start with: coeval fit data.csv --target COLUMN --budget 5m",
)

RunFolder = Annotated[Path, typer.Argument(metavar="RUN", help="The folder of a run.")]
Overwrite = Annotated[
    bool, typer.Option("--overwrite", help="Replace an earlier result in the folder.")
]
Workers = Annotated[
    int | None, typer.Option(help="Processes that train.", show_default="one a core")
]
Json = Annotated[bool, typer.Option("--json", help="Print the result as JSON, and nothing else.")]


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
        Path, typer.Argument(metavar="DATA", help="CSV, TSV, Parquet or Feather file.")
    ],
    target: Annotated[str, typer.Option(help="The column to predict.", show_default=False)],
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
        str | None, typer.Option(help="binary, multiclass or regression.", show_default="inferred")
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
    strategy: Annotated[
        str,
        typer.Option(
            help="How to search: random, local, evolution, genetic, nsga2, reference-vectors, cooperative, "
            "reinforce, q-learning, evolution-strategies, gaussian-process, bananas, bandit, portfolio, halving, "
            "hyperband, asha or bohb."
        ),
    ] = "evolution",
    max_parameters: Annotated[
        int | None, typer.Option(help="Largest network, in parameters.", show_default=False)
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
    device: Annotated[str, typer.Option(help="auto, cpu, cuda or mps.")] = "auto",
    seed: Annotated[int, typer.Option(help="Seed of every random draw.")] = 0,
    json: Json = False,
) -> None:
    """Search, train, score and export a network for a table."""
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
        strategy=strategy,
        max_parameters=max_parameters,
        workers=workers,
        memory=memory,
        early_end=early_end,
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
    data: Annotated[Path, typer.Argument(metavar="DATA", help="Rows to predict, raw columns.")],
    out: Annotated[
        Path | None, typer.Option("-o", "--out", help="CSV to write.", show_default="terminal")
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
    json: Json = False,
) -> None:
    """Show an architecture as text, and as SVG."""
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
) -> None:
    """Copy a run's verified model out of its folder."""
    from coeval.cli.model import export_command  # noqa: PLC0415

    export_command(run, format, out)


@app.command()
def audit(
    components: Annotated[
        str | None, typer.Option(help="Names joined by commas.", show_default="every space's")
    ] = None,
    run: Annotated[
        Path | None,
        typer.Option(
            help="JSON of a counter or Turing machine to run on them.", show_default=False
        ),
    ] = None,
    steps: Annotated[
        int | None, typer.Option(help="Step budget of the machine.", show_default="its own")
    ] = None,
    list_: Annotated[bool, typer.Option("--list", help="Name what can be audited.")] = False,
    json: Json = False,
) -> None:
    """Say what component sets can and cannot compute, why, and what would complete them."""
    from coeval.cli.audit import audit_command  # noqa: PLC0415

    audit_command(components, run, steps, names=list_, as_json=json)


@app.command()
def approximate(
    points: Annotated[
        Path, typer.Argument(metavar="POINTS", help="CSV, TSV, Parquet or Feather file of numbers.")
    ],
    target: Annotated[str, typer.Option(help="The column to approximate.", show_default=False)],
    components: Annotated[
        str, typer.Option(help="Scalar functions, joined by commas.")
    ] = "add,sub,mul,div,sin,cos,exp,log,const",
    length: Annotated[
        int, typer.Option(help="Most nodes of a tree; most steps of a chain or DAG.")
    ] = 9,
    exact: Annotated[
        bool, typer.Option("--exact", help="Search exactly only, as far as the budget reaches.")
    ] = False,
    ties: Annotated[
        bool,
        typer.Option(
            "--ties",
            help="With --exact: decide in exact arithmetic what float64 cannot tell apart.",
        ),
    ] = False,
    budget: Annotated[str, typer.Option(help="Wall clock: 90s, 10m, 2h.")] = "1m",
    semantics: Annotated[
        str, typer.Option(help="tree, chain or dag (results are used again).")
    ] = "tree",
    constants: Annotated[
        str, typer.Option(help="none, grid, linear (scale and offset) or nonlinear.")
    ] = "linear",
    grid: Annotated[
        str | None, typer.Option(help="Numbers of a grid: 1,2,3.14.", show_default=False)
    ] = None,
    steps: Annotated[
        int | None, typer.Option(help="Step budget of an iteration.", show_default=False)
    ] = None,
    hold_out: Annotated[float, typer.Option(help="Share of the points not fitted.")] = 0.2,
    seed: Annotated[int, typer.Option(help="Seed of every random draw.")] = 0,
    front: Annotated[bool, typer.Option("--front", help="Show the best of every length.")] = False,
    latex: Annotated[bool, typer.Option("--latex", help="Print the formula as LaTeX too.")] = False,
    out: Annotated[
        Path | None,
        typer.Option(help="Folder for result and journal of the search.", show_default=False),
    ] = None,
    overwrite: Overwrite = False,
    json: Json = False,
) -> None:
    """Find the sequence of known functions that comes closest to a table's target."""
    began = monotonic()
    from coeval.cli.approximate import Request, approximate_command  # noqa: PLC0415

    approximate_command(
        Request(
            points=points,
            target=target,
            components=components,
            length=length,
            exact=exact,
            ties=ties,
            budget=budget,
            semantics=semantics,
            constants=constants,
            grid=grid,
            steps=steps,
            hold_out=hold_out,
            seed=seed,
            front=front,
            latex=latex,
            out=out,
            overwrite=overwrite,
            json=json,
            began=began,
        )
    )


@app.command()
def bench(
    table: Annotated[
        str,
        typer.Argument(
            metavar="[TABLE]",
            help="Published training results to search; or 'evaluation', which trains for real.",
        ),
    ] = "nasbench201",
    strategy: Annotated[
        list[str] | None,
        typer.Option(help="A strategy; may be repeated.", show_default="the usual ones"),
    ] = None,
    seeds: Annotated[
        int | None,
        typer.Option(help="Searches of each strategy.", show_default="10; 1 of evaluation"),
    ] = None,
    evaluations: Annotated[int, typer.Option(help="Trainings that a search may spend.")] = 300,
    objective: Annotated[
        list[str] | None,
        typer.Option(
            help="A value to optimise, or NAME=GOAL; may be repeated.", show_default="the table's"
        ),
    ] = None,
    limit: Annotated[
        list[str] | None,
        typer.Option(help="NAME=MOST, a hard limit; may be repeated.", show_default=False),
    ] = None,
    no_cache: Annotated[
        bool,
        typer.Option(
            "--no-cache", help="Let candidates that compute the same have results of their own."
        ),
    ] = False,
    data: Annotated[
        Path | None,
        typer.Option(
            help="Folder of tables that do not ship with coeval; of evaluation, the file to train on.",
            show_default=False,
        ),
    ] = None,
    target: Annotated[
        str | None, typer.Option(help="Of evaluation: the column to predict.", show_default=False)
    ] = None,
    budget: Annotated[str, typer.Option(help="Of evaluation: wall clock of a run.")] = "30s",
    out: Annotated[
        Path | None, typer.Option(help="Folder for the plot.", show_default="runs/bench-TABLE")
    ] = None,
    jobs: Annotated[int | None, typer.Option(help="Processes.", show_default="one a core")] = None,
    list_: Annotated[bool, typer.Option("--list", help="Name tables and strategies.")] = False,
    json: Json = False,
) -> None:
    """Run strategies side by side on a table of real training results, and plot their regret.

    ``coeval bench evaluation`` runs coeval fit instead: plain, with each lever that makes evaluations cheaper, with all.
    """
    if table == "evaluation":
        from coeval.cli import bench_evaluation as evaluation  # noqa: PLC0415

        where = out or Path("runs") / "bench-evaluation"
        evaluation.evaluation_command(
            evaluation.Request(
                data, target, budget, 1 if seeds is None else seeds, jobs, where, json
            )
        )
        return
    from coeval.cli.bench import Request, bench_command, list_command  # noqa: PLC0415

    if list_:
        list_command(as_json=json)
        return
    bench_command(
        Request(
            table=table,
            strategies=tuple(strategy or ()),
            seeds=10 if seeds is None else seeds,
            evaluations=evaluations,
            objectives=tuple(objective or ()),
            limits=tuple(limit or ()),
            canonical=not no_cache,
            data=data,
            out=out,
            jobs=jobs,
            json=json,
        )
    )
