"""Finished runs in folders, without a training: a capsule, and a journal of trials with scores."""

from pathlib import Path

from coeval.run.folder import create
from coeval.run.options import Options
from coeval.seed import generator
from coeval.space.for_task import space_for
from coeval.store.journal import SqliteStore
from coeval.store.protocol import Note
from coeval.trial import Measurement, Proposal, State, Trial, finish
from tests.space.pictures import picture_task


def finished_run(path, preset="darts", scores=(0.5, 0.8, 0.6), final=None, task=None):
    """Return the candidates of a run's trials; its folder is written."""
    task = task or picture_task(side=16)
    space = space_for(task, preset=preset)
    options = Options(data=Path("pictures"), target=None, out=path, preset=preset)
    folder = create(path, overwrite=False)
    metric = {"name": task.metric.name, "label": "", "maximise": task.metric.maximise}
    about = {"name": task.name, "metric": metric, "image": [16, 16, 1] if task.is_image else None}
    folder.write_capsule(
        {
            "options": options.to_json(),
            "budget": {"seconds": 60.0, "trials": None},
            "task": about,
            "seed": 0,
            "space": {},
        }
    )
    store = SqliteStore(folder.journal, space.to_json, space.from_json)
    drawn = [space.sample(generator(number)) for number in range(len(scores))]
    for number, (candidate, score) in enumerate(zip(drawn, scores, strict=True)):
        trial = Trial(number, Proposal(candidate), State.RUNNING)
        store.append([trial])
        store.append([finish(trial, Measurement({task.metric.name: score}))])
    if final is not None:
        store.append([Note("final", {"trial": final})])
    store.close()
    return drawn
