import pytest

from coeval.errors import SpaceError
from coeval.space import images
from coeval.space.for_task import limits_for, space_for
from coeval.space.limits import Limits
from tests.space.pictures import picture_task
from tests.space.test_tabular import task as table_task


def test_tables_get_the_space_of_tables():
    space = space_for(table_task())
    assert list(space.parts) == ["preparation", "architecture", "recipe"]
    assert limits_for(table_task()) == Limits()


def test_images_get_stages_unless_another_space_is_named():
    assert list(space_for(picture_task()).parts) == ["preparation", "architecture", "recipe"]
    assert "cell" in space_for(picture_task(), preset="nasbench201").parts
    assert limits_for(picture_task()) == images.LIMITS


def test_a_space_for_images_is_refused_for_a_table():
    with pytest.raises(SpaceError, match="'nasbench201' is for images"):
        space_for(table_task(), preset="nasbench201")


def test_limits_are_handed_on():
    with pytest.raises(SpaceError, match="exceed"):
        space_for(picture_task(), limits=Limits(parameters=3))


def test_a_policy_of_augmentation_is_decided_with_the_recipe_where_it_is_asked_for():
    without, with_two = (
        {
            one.name: one
            for one in space_for(picture_task(), policies=count).parts["recipe"].settings
        }
        for count in (0, 2)
    )
    assert not any(name.startswith("policy") for name in without)
    assert "policy" in with_two["augmentation"].choices
    assert "policy_2b_magnitude" in with_two


def test_a_policy_of_augmentation_is_refused_for_a_table():
    with pytest.raises(SpaceError, match="Leave --policies out"):
        space_for(table_task(), policies=1)
