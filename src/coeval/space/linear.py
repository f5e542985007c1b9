"""The linear model of a table as a space: one step in which nothing is to be decided."""

from coeval.architecture.step import Architecture, sequence, step
from coeval.architecture.types import Columns
from coeval.component.linear_model import LINEAR_MODEL
from coeval.space.choices import ChoiceSpace, by_default
from coeval.space.fixed import FixedSpace
from coeval.space.protocol import Candidate
from coeval.task.task import Task


def linear_space(task: Task, columns: Columns) -> FixedSpace:
    """Return the space of the linear model alone; what is searched is how columns are prepared.

    Args:
        task: Decides how many outputs there are.
        columns: Of the default preparation.
    """
    one = step(LINEAR_MODEL, 0, outputs=task.outputs)
    return FixedSpace(Architecture((columns,), sequence(1, [one])))


def linear_seed(
    linear: FixedSpace, preparation: ChoiceSpace, recipe: ChoiceSpace
) -> dict[str, Candidate]:
    """Return the linear model on columns prepared as by default."""
    return {"linear_model": by_default(preparation, linear.member, recipe)}
