import pytest

from coeval.component.channel import RELU
from coeval.component.library import SCALAR
from coeval.errors import SpaceError
from coeval.run.approximate_components import DEFAULT, material, parse_grid, parse_names


def names(*components, **options):
    return [one.name for one in material(components, **options).operations]


def test_names_become_operations_in_the_given_order_each_once():
    assert names("mul", "sin", "add", "mul", "select") == ["mul", "sin", "add", "select"]
    assert [one.arity for one in material(["mul", "sin", "select"]).operations] == [2, 1, 3]


def test_every_plain_scalar_component_is_an_operation():
    plain = [one.name for one in SCALAR.values() if not one.regions and one.name != "const"]
    assert names(*plain) == plain
    assert set(DEFAULT) <= set(SCALAR)


@pytest.mark.parametrize(
    ("components", "options", "numbers"),
    [
        (["add"], {"constants": "none"}, ()),
        (["add", "const"], {"constants": "none"}, (1.0,)),
        (["add", "const"], {"constants": "linear"}, (1.0,)),
        (["add"], {"constants": "grid", "grid": [2, 3, 2]}, (2.0, 3.0)),
        (["add", "const"], {"constants": "grid", "grid": [2, 3]}, (2.0, 3.0)),
    ],
)
def test_const_is_the_number_one_or_the_grids(components, options, numbers):
    assert material(components, **options).numbers == numbers


def test_an_iteration_is_bound_to_each_component_beside_it():
    assert names("sin", "mul", "sub", "primitive_recursion", steps=100)[3:] == [
        "primitive_recursion[sin]",
        *["primitive_recursion[mul]"] * 2,
        *["primitive_recursion[sub]"] * 4,
    ]
    made = material(["sin", "sub", "mu"], steps=100).operations[2:]
    assert [(one.name, one.arity) for one in made] == [
        ("mu[sin]", 0),
        ("mu[sub]", 1),
        ("mu[sub]", 1),
    ]
    assert all(dict(one.settings)["steps"] == 100 for one in made)


@pytest.mark.parametrize(
    ("components", "options", "expected"),
    [
        (["sni"], {}, "Unknown component 'sni'. Did you mean 'sin'"),
        (["linear"], {}, "linear is a layer of vectors.*coeval fit"),
        (["add", "numeric_entry"], {}, "numeric_entry is an entry of table rows"),
        ([RELU], {}, "relu has no function of scalars"),
        ([], {}, "components that compute something, got none"),
        (["const"], {}, "components that compute something, got const"),
        (
            ["add", "mu"],
            {},
            "mu iterates, so it needs a step budget of 1 or more, got none.*--steps",
        ),
        (["add", "mu"], {"steps": 0}, "got 0"),
        (["select", "mu"], {"steps": 9}, "mu iterates another component, got none"),
        (["add"], {"constants": "lienar"}, "Did you mean 'linear'"),
        (["add"], {"grid": [1]}, "needs constants=grid, got constants=linear"),
    ],
)
def test_what_cannot_be_made_is_explained(components, options, expected):
    with pytest.raises(SpaceError, match=expected):
        material(components, **options)


def test_lists_are_read_as_written():
    assert parse_names(" add, mul,,sin ") == ["add", "mul", "sin"]
    assert parse_grid("1, -2.5,3e2") == [1, -2.5, 300]
    for wrong in ("1,two", "inf", "nan"):
        with pytest.raises(SpaceError, match="finite numbers such as"):
            parse_grid(wrong)
