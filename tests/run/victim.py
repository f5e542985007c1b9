"""A search of real trainings that says each epoch, to be killed: ``python -m tests.run.victim FOLDER TRIALS``.

As ``coeval fit`` searches, but in this process, and with a slice every few hundredths of a second.
"""

import sys
from pathlib import Path

import coeval.train.fit
from coeval.evaluate.training import TrainingEvaluator
from coeval.run.budget import Budget
from coeval.run.keeper import Keeper
from coeval.run.search import search
from coeval.run.strategies import strategy_for
from coeval.space.tabular import space_for
from coeval.store.artifacts import FileArtifacts
from coeval.store.journal import SqliteStore
from coeval.store.slices import FileSlices
from coeval.trial import Objective, State, Trial
from tests.evaluate.tasks import task_of


class Telling(TrainingEvaluator):
    """Says every epoch that is trained."""

    def evaluate(self, trials, report):
        def told(number, progress, values):
            if values:
                sys.stdout.write(f"{number} {progress}\n")
                sys.stdout.flush()
            return report(number, progress, values)

        return super().evaluate(trials, told)


def main(folder: Path, trials: int) -> None:
    coeval.train.fit.SLICE_SECONDS = 0.03
    task = task_of("digits", rows=600)
    space = space_for(task, effort=1.0)
    objective = Objective(task.metric.name, task.metric.maximise)
    artifacts, slices = FileArtifacts(folder / "weights"), FileSlices(folder / "running")
    keeper = Keeper(artifacts, objective, lambda: [])

    def record(one):
        if isinstance(one, Trial):
            keeper.record(one)
            keeper.tidy()
            if one.state is not State.RUNNING:
                slices.drop(one.number)

    store = SqliteStore(folder / "run.sqlite", space.to_json, space.from_json)
    search(
        task,
        space,
        strategy_for("evolution", space, objective, 0),
        Telling(task, space, artifacts=artifacts, slices=slices, inherit="any"),
        Budget(trials=trials),
        objective=objective,
        store=store,
        on_event=record,
    )
    store.close()


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]))
