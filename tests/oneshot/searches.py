"""A small space of cells with preparation and recipe, a small task of images, and ticks on them."""

from coeval.evaluate.training import TrainingEvaluator
from coeval.oneshot.evaluator import OneShotEvaluator
from coeval.oneshot.tick import Kind, Tick
from coeval.space.choices import ChoiceSpace
from coeval.space.nasbench201 import cell_space
from coeval.space.open import open_space
from coeval.space.product import ProductSpace
from coeval.space.recipe import recipe_for
from coeval.trial import Trial, finish
from tests.oneshot.spaces import cells
from tests.task.pictures import picture_task

TASK = picture_task(300, features=3)
NONE, SKIP, CONV1, CONV3, POOL = range(5)


def _typed(candidate):
    return cells(candidate.part("cell"))


def space():
    recipe = recipe_for(165, classes=True, effort=0.05)
    parts = {
        "preparation": ChoiceSpace((), "preparation"),
        "cell": cell_space(),
        "recipe": ChoiceSpace(recipe, "recipe"),
    }
    return ProductSpace(parts, typing=_typed)


SPACE = space()
OPEN = open_space(SPACE)


def evaluator(artifacts=None, **options):
    inner = TrainingEvaluator(TASK, SPACE, artifacts=artifacts, signals=False)
    return OneShotEvaluator(inner, TASK, SPACE, artifacts=artifacts, **options)


def ticked(judge, tick, *, number=0, before=None):
    """Return the finished trial of a tick."""
    proposal = tick.proposal(OPEN.base, None if before is None else before.number)
    kin = {} if before is None else {before.number: before}
    trial = Trial(number, proposal, kin=kin)
    ((_, measurement),) = judge.evaluate([trial], lambda *_: True)
    assert measurement.failure is None, measurement.failure
    return finish(trial, measurement)


def slices(judge, method, *, total, cuts):
    """Return the ticks of a search that is cut into slices."""
    found, first = [], 0
    for number, last in enumerate((*cuts, total)):
        tick = Tick(method, Kind.TRAIN, first, last, total)
        found.append(ticked(judge, tick, number=number, before=found[-1] if found else None))
        first = last
    return found
