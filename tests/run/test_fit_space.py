from pathlib import Path

import pytest

from coeval.errors import SpaceError
from coeval.run.fit_space import limits_of, space_of
from coeval.run.options import Options
from coeval.space import images
from tests.space.pictures import picture_task
from tests.space.test_tabular import task as table_task

HERE = Path("nowhere")


def options(**given):
    return Options(data=HERE, target="y", out=HERE, **given)


def test_a_preset_is_the_space_of_a_run():
    space = space_of(options(preset="nasbench201"), picture_task(), HERE, 1.0)
    assert list(space.parts) == ["preparation", "cell", "recipe"]


def test_a_preset_for_a_table_is_refused():
    with pytest.raises(SpaceError, match="is for images"):
        space_of(options(preset="stages"), table_task(), HERE, 1.0)


def test_the_users_limit_replaces_the_tasks():
    assert limits_of(options(), picture_task()) == images.LIMITS
    assert limits_of(options(max_parameters=9), picture_task()).parameters == 9
    assert limits_of(options(max_parameters=9), table_task()).parameters == 9
