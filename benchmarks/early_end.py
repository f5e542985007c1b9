"""What an early end would have cost and saved: searches to their budget, and where their logs say "enough".

    python -m benchmarks.early_end [--seconds 60] [--jobs 2] [--seeds 20]

Each log is read as a run reads it (``strategy.early_end``). Lost is what the best gained after the early end, in noise
floors as known at that moment: on real tables on validation; on NAS-Bench-201, whose accuracies get a seed's noise here
for every training anew (0.2 points, about what the table's own three seeds differ by), in accuracies free of it.
"""

import argparse
import tempfile
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from pathlib import Path

import numpy as np

from benchmarks.runs import DATA, publish, table
from coeval.evaluate.protocol import never_stop
from coeval.evaluate.table_catalogue import load_benchmark
from coeval.evaluate.table_evaluator import TableEvaluator
from coeval.evaluate.training import TrainingEvaluator
from coeval.run.budget import Budget
from coeval.run.forkserver import context, prestart
from coeval.run.run import Run
from coeval.run.search import search
from coeval.run.strategies import strategy_for
from coeval.seed import generator
from coeval.space.tabular import space_for
from coeval.store.artifacts import FileArtifacts
from coeval.strategy.early_end import EarlyEnd
from coeval.strategy.evolution import RegularisedEvolution
from coeval.strategy.noise import noise_floor
from coeval.strategy.random import RandomSearch
from coeval.strategy.repeats import Repeats
from coeval.task import memory
from coeval.task.read import read
from coeval.trial import Measurement, Objective, State, Trial, best, finish

TABLES = {
    "auto_mpg": "mpg",
    "pima_diabetes": "class",
    "titanic": "survived",
    "credit_g": "class",
    "wine_quality": "quality",
    "phoneme": "target",
}
TRIALS = 600
NOISE = 0.2
EFFORT = 0.3  # short schedules, so that a minute holds a hundred trials


def searched(name: str, seconds: float) -> tuple[Run, list[Trial]]:
    """Search one table; return the run and its finished trials in order."""
    finished: list[Trial] = []

    def note(record: object) -> None:
        if isinstance(record, Trial) and record.state is not State.RUNNING:
            finished.append(record)

    with tempfile.TemporaryDirectory() as made:
        folder = Path(made)
        memory.save(read(DATA / f"{name}.parquet", target=TABLES[name]), folder)
        task = memory.load(folder)
        space = space_for(task, models="neural", source=folder, effort=EFFORT)
        objective = Objective(task.metric.name, task.metric.maximise)
        evaluator = TrainingEvaluator(folder, space, artifacts=FileArtifacts(folder / "weights"))
        strategy = strategy_for("evolution", space, objective, 0)
        run = search(task, space, strategy, evaluator, Budget(seconds=seconds), on_event=note)
    return run, finished


def measure(seconds: float, name: str) -> list[str]:
    """Return a table's line."""
    run, finished = searched(name, seconds)
    early = EarlyEnd(run.objective)
    whole, until = 0, []
    for trial in finished:
        early.record(trial)
        whole += trial.is_comparable
        until.append(trial)
        if early.ending is not None:
            break
    floor = noise_floor(finished, run.objective)
    said = "-" if floor is None else f"{floor.standard_deviation:.2g}"
    last = best(finished, run.objective)
    first = best(until, run.objective)
    if early.ending is None or first is None or last is None:
        return [name, str(len(finished)), str(whole), said, "no", "-", "-"]
    lost = run.objective.cost(first) - run.objective.cost(last)
    share = len(until) / len(finished)
    unit = lost / early.ending.floor.standard_deviation
    return [
        name,
        str(len(finished)),
        str(whole),
        said,
        f"after {share:.0%}",
        f"{lost:.2g}",
        f"{unit:.2f}",
    ]


def table_search(name: str, seed: int) -> tuple[float, float | None]:
    """Search NAS-Bench-201 with noise; return the share of the trials that were needed, and what was lost in floors."""
    known = load_benchmark("nasbench201")
    objective = known.table.objective
    evaluator = TableEvaluator(known.table)
    inner = {"random": RandomSearch, "evolution": RegularisedEvolution}[name]
    first = (known.space, seed) if name == "random" else (known.space, objective, seed)
    strategy, early = Repeats(inner(*first), objective), EarlyEnd(objective)
    truth: dict[int, float] = {}
    log: list[Trial] = []
    for number in range(TRIALS):
        trial = Trial(number, strategy.ask(1)[0])
        strategy.tell(trial)
        ((_, measured),) = evaluator.evaluate([trial], never_stop)
        truth[number] = measured.values[objective.name]
        noise = NOISE * generator(seed, "noise", number).normal()
        done = finish(trial, Measurement({objective.name: truth[number] + noise}))
        strategy.tell(done)
        early.record(done)
        log.append(done)
    if early.ending is None:
        return 1.0, None
    count = early.ending.trial + 1
    found = [best(part, objective) for part in (log[:count], log)]
    one, other = (truth[trial.number] for trial in found if trial is not None)
    return count / TRIALS, (other - one) / early.ending.floor.standard_deviation


def table_line(name: str, seeds: int) -> list[str]:
    """Return the line of many searches of a table."""
    found = [table_search(name, seed) for seed in range(seeds)]
    ended = [(share, lost) for share, lost in found if lost is not None]
    if not ended:
        return [f"NAS-Bench-201, {name}", str(seeds), "0", "-", "-", "-"]
    shares, lost = (np.array(column) for column in zip(*ended, strict=True))
    return [
        f"NAS-Bench-201, {name}",
        str(seeds),
        str(len(ended)),
        f"{np.median(shares):.0%}",
        f"{np.mean(lost):+.2f}",
        f"{np.max(lost):+.2f}",
    ]


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--seeds", type=int, default=20)
    given = parser.parse_args()
    prestart()
    with ProcessPoolExecutor(given.jobs, mp_context=context()) as pool:
        rows = list(pool.map(partial(measure, given.seconds), TABLES))
    header = [
        "table",
        "trials",
        "whole",
        "noise floor",
        "ended early",
        "lost on validation",
        "in floors",
    ]
    text = table(header, rows)
    lines = [table_line(name, given.seeds) for name in ("random", "evolution")]
    header = ["searches", "seeds", "ended early", "after, median", "lost in floors, mean", "most"]
    text += f"\n\nOf {TRIALS:,} trials on the table:\n\n{table(header, lines)}"
    publish("An early end", "python -m benchmarks.early_end", text)


if __name__ == "__main__":
    main()
