"""Coeval beside AutoGluon, FLAML, TPOT, AutoKeras, Optuna + MLP, RealMLP, TabM and boosted trees: same rows, same seconds.

    make peers
    python -m benchmarks.peers [--tools coeval flaml] [--tables phoneme] [--seeds 3] [--seconds 60] [--cores 2] [--minutes 10] [--report]

Table by table all tools, so that an interrupted measurement has whole tables. One core a run unless told otherwise (pin it with
taskset); a tool gets its time limit, and is stopped after twice as long and half a minute. Finished runs are kept in runs/peers.jsonl and
not made again. A full round of 24 tables, 3 seeds and 12 tools at 60 s takes about 14 hours on one core.
"""

import argparse
import time
from functools import cache
from pathlib import Path

from benchmarks.peers.install import absent
from benchmarks.peers.measure import as_json, measure
from benchmarks.peers.report import report, scores
from benchmarks.peers.rows import RUNS, TEXTS, names, rows
from benchmarks.peers.tools import BY_NAME, TOOLS
from benchmarks.peers.unseen import SOURCES
from benchmarks.runs import kept, publish

KEPT = RUNS / "peers.jsonl"
KEY = ("tool", "table", "seed", "budget", "cores")
FIRST = ("credit_g", "phoneme", "wine_quality", "splice")
FIRST += ("satimage", "abalone", "california_houses", "adult")
"""Small and large, numbers and categories, classes and values: the tables that an unfinished measurement has first."""

NOTE = """\
A quarter of the rows is the test part, by coeval's own split; every tool gets the same two files. No
accelerator. Score: log loss for classes, RMSE for values, on the test part, computed here from each tool's predictions; less is better.
Of coeval, `--models neural` is ranked among the networks, its default among all models. A tool's limit is the given seconds: for coeval of the whole command, from the start of the process to the exported model; for the others of their `fit`, imports apart. coeval has LightGBM installed (the extra `trees`). AutoGluon 1.6.3 (no
preset given) and FLAML 2.7.0 have their defaults; LightGBM 4.7.0 and HistGradientBoosting (scikit-learn 1.9.1) too, and end when they end; RealMLP and TabM have pytabkit's defaults, ended at the limit; AutoKeras is ended by a callback. `CPU seconds` are of the whole process: imports,
fitting, predicting. *Share of the best gain*: (constant - score) / (constant - best of the group), where the constant answer is the training rows' class shares or mean; 0 for a run that failed or is worse than it.
Ranks are means over seeds, then tables; a failed run is last. Bold: the best of those that ran. *letter*, *sleep*, *connect_4*, *magic*, *california_houses* and *beijing_pm25* were looked at, test
rows too, while coeval was made."""

TEXTS_NOTE = """\
Sentences, with the split that they came with (train and dev to learn from); tools and score as above, run on one core. SST-2 and TREC-6, from `shared/data/text`."""
UNSEEN_NOTE = """\
Real tables of R packages that nobody had looked at, chosen by their columns alone before anything was trained on them (`benchmarks/peers/unseen.py` says which, and what is left out of each); rows, tools and scores as above."""
GROUPS = {"texts": TEXTS, "unseen tables": SOURCES}
NOTES = {"": NOTE, "texts": TEXTS_NOTE, "unseen tables": UNSEEN_NOTE}


def main() -> None:
    known = names()
    parser = argparse.ArgumentParser()
    parser.add_argument(
        "--tools", nargs="*", default=[tool.name for tool in TOOLS], choices=BY_NAME
    )
    parser.add_argument("--tables", nargs="*", choices=[*known, *TEXTS, *SOURCES])
    parser.add_argument("--seeds", type=int, default=1)
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--cores", type=int, default=1, help="of each run")
    parser.add_argument("--minutes", type=float, default=1e9, help="begin no run after so long")
    parser.add_argument("--report", action="store_true", help="only write the page")
    parser.add_argument("--no-page", action="store_true", help="only measure")
    given = parser.parse_args()
    tables = given.tables or [*FIRST, *(one for one in known if one not in FIRST)]
    if not given.report:
        _measure(given, tables)
    lines = [] if given.no_page else kept(KEPT)
    for section in sorted({_section(one) for one in lines}):
        group, budget, cores = section
        command = f"python -m benchmarks.peers --seconds {budget:g}"
        title = f"Beside other tools at {budget:g} s"
        if group:
            command, title = f"{command} --tables {' '.join(GROUPS[group])}", f"{title}, {group}"
        if cores > 1:
            command, title = f"{command} --cores {cores}", f"{title} on {cores} cores"
        chosen = [one for one in lines if _section(one) == section]
        found = scores(chosen) if group == "texts" else report(chosen)
        publish(title, command, f"{NOTES[group]}\n\n{found}")


def _section(line: dict) -> tuple[str, float, int]:
    """Return which section of the page a run belongs to: the group of its table, its budget and its cores."""
    groups = (group for group, tables in GROUPS.items() if line["table"] in tables)
    return next(groups, ""), line["budget"], line["cores"]


def _measure(given: argparse.Namespace, tables: list[str]) -> None:
    """Make the runs that are missing, and keep each as soon as it has ended."""
    began = time.monotonic()
    KEPT.parent.mkdir(exist_ok=True)
    drawn = cache(rows)  # once for all tools
    wanted = [(t, s, tool) for s in range(given.seeds) for t in tables for tool in given.tools]
    for name, seed, tool in wanted:
        done = {tuple(one[key] for key in KEY) for one in kept(KEPT)}
        chosen = BY_NAME[tool]
        if (tool, name, seed, given.seconds, given.cores) in done:
            continue
        if chosen.environment and (reason := absent(chosen.environment)):
            print(f"{tool} left out: {reason}")
            continue
        if time.monotonic() - began > 60 * given.minutes:
            return
        line = as_json(measure(chosen, drawn(name, seed), given.seconds, given.cores))
        with Path(KEPT).open("a") as file:
            file.write(line + "\n")
        print(line, flush=True)


if __name__ == "__main__":
    main()
