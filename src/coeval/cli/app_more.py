"""The commands beside the main job: audit, approximate, bench. ``cli.app`` makes commands of these functions."""

from pathlib import Path
from time import monotonic
from typing import Annotated

import typer

from coeval.cli.arguments import Json, Overwrite


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
    evaluations: Annotated[
        int | None, typer.Option(help="Trainings that a search may spend.", show_default="300")
    ] = None,
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
    budget: Annotated[
        str | None, typer.Option(help="Of evaluation: wall clock of a run.", show_default="30s")
    ] = None,
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
    from coeval.cli.words import refuse_foreign  # noqa: PLC0415

    if table == "evaluation":
        from coeval.cli import bench_evaluation as evaluation  # noqa: PLC0415

        of_tables = {
            "--strategy": strategy,
            "--evaluations": evaluations,
            "--objective": objective,
            "--limit": limit,
            "--no-cache": no_cache or None,
            "--list": list_ or None,
        }
        refuse_foreign(of_tables, "a table of published results", "coeval bench evaluation")
        where = out or Path("runs") / "bench-evaluation"
        evaluation.evaluation_command(
            evaluation.Request(
                data, target, budget or "30s", 1 if seeds is None else seeds, jobs, where, json
            )
        )
        return
    from coeval.cli.bench import Request, bench_command, list_command  # noqa: PLC0415

    if list_:
        list_command(as_json=json)
        return
    refuse_foreign({"--target": target, "--budget": budget}, "evaluation", f"coeval bench {table}")
    bench_command(
        Request(
            table=table,
            strategies=tuple(strategy or ()),
            seeds=10 if seeds is None else seeds,
            evaluations=300 if evaluations is None else evaluations,
            objectives=tuple(objective or ()),
            limits=tuple(limit or ()),
            canonical=not no_cache,
            data=data,
            out=out,
            jobs=jobs,
            json=json,
        )
    )
