import ast
import subprocess
import sys
from pathlib import Path

import pytest

from coeval.architecture.component import Call, Rejection
from coeval.architecture.types import Columns, Grid, Sequence, Set, Vector, positions
from coeval.component.channel import RELU
from coeval.component.library import ACTIVATIONS, NORMS, TABULAR, component_set
from coeval.errors import SpaceError

EVERY = pytest.mark.parametrize("component", TABULAR.values(), ids=str)
CHANNEL = [
    *ACTIVATIONS,
    *NORMS,
    *(TABULAR[name] for name in ("identity", "linear", "scale", "glu_gate", "dropout")),
]


def call(component, *inputs, **settings):
    return Call(inputs, dict(component.complete(settings)))


def test_the_set_holds_what_tables_need_under_their_own_names():
    assert all(name == one.name for name, one in TABULAR.items())
    assert set(TABULAR) == {
        "numeric_entry",
        "category_entry",
        "text_entry",
        "linear",
        "relu",
        "gelu",
        "silu",
        "tanh",
        "sigmoid",
        "hard_sigmoid",
        "identity",
        "batch_norm",
        "layer_norm",
        "rms_norm",
        "dropout",
        "scale",
        "glu_gate",
        "add",
        "multiply",
        "concatenate",
        "residual",
        "repeat",
        "binary_head",
        "class_head",
        "value_head",
        "members",
        "member_linear",
        "vote",
        "token_entry",
    }


@EVERY
def test_a_component_says_what_it_does_and_which_facts_hold(component):
    assert component.summary.endswith(".")
    assert component.capabilities
    module, _, name = component.lowering.partition(":")
    assert module.startswith("coeval.build.modules.")
    assert name.isidentifier()


@EVERY
def test_defaults_are_allowed_and_choices_lie_within_the_bounds(component):
    assert dict(component.complete({})) == {one.name: one.default for one in component.settings}
    for one in component.settings:
        assert one.allows(one.default)
        if one.bounds:
            low, high = one.bounds
            assert all(low <= value <= high for value in one.choices)
            assert list(one.choices) == sorted(one.choices)


@EVERY
def test_values_outside_a_setting_are_refused(component):
    for one in component.settings:
        for wrong in ("no such choice", -7, 10**9, float("nan"), float("inf")):
            with pytest.raises(SpaceError, match=f"{component.name}.{one.name} must be one of"):
                component.complete({one.name: wrong})


@pytest.mark.parametrize("component", CHANNEL, ids=str)
@pytest.mark.parametrize("value", [Vector(6), Sequence(5, 6), Grid(2, 3, 6), Set(7, 6)], ids=str)
def test_channel_components_keep_the_domain_and_cost_macs_at_every_position(component, value):
    on_domain, on_vector = call(component, value), call(component, Vector(6))
    output = component.type_rule(on_domain)
    assert type(output) is type(value)
    assert positions(output) == positions(value)
    cost = component.cost_rule(on_domain, output)
    alone = component.cost_rule(on_vector, component.type_rule(on_vector))
    assert cost.parameters == alone.parameters
    assert cost.macs == positions(value) * alone.macs
    assert cost.activations == positions(value) * alone.activations


@pytest.mark.parametrize("component", CHANNEL, ids=str)
def test_channel_components_refuse_a_table_row(component):
    with pytest.raises(Rejection, match="Put an entry component in front"):
        component.type_rule(call(component, Columns(3)))


def test_a_head_takes_a_vector_only():
    head = TABULAR["value_head"]
    with pytest.raises(Rejection, match=r"expected a Vector, got Sequence\(5, 6\)"):
        head.type_rule(call(head, Sequence(5, 6)))


def test_constructor_arguments_are_plain_values():
    plain = (bool, int, float, str, tuple)
    row = Columns(3, (4, 9))
    for name in ("numeric_entry", "category_entry"):
        one = call(TABULAR[name], row)
        arguments = TABULAR[name].arguments(one, TABULAR[name].type_rule(one))
        assert all(isinstance(value, plain) for value in arguments.values())
    linear = call(TABULAR["linear"], Vector(6), width=3, bias=False)
    assert TABULAR["linear"].arguments(linear, Vector(3)) == {
        "features": 6,
        "width": 3,
        "bias": False,
    }


def test_two_components_of_one_name_make_no_set():
    with pytest.raises(SpaceError, match="'relu' twice"):
        component_set([RELU, RELU])


def test_rooms_below_build_import_no_torch():
    code = (
        "import sys, coeval.component.library, coeval.architecture.svg, coeval.architecture.digest;"
        "print([one for one in ('torch', 'sklearn', 'pandas', 'numpy') if one in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ast.literal_eval(done.stdout) == []


def test_every_component_module_documents_its_lowerings():
    folder = Path(sys.modules["coeval.component.library"].__file__).parent
    for component in TABULAR.values():
        module, _, name = component.lowering.partition(":")
        text = (folder / f"{module.rpartition('.')[2]}.py").read_text()
        docstring = ast.get_docstring(ast.parse(text))
        assert docstring is not None
        assert name in docstring
