"""The facts that a component states of itself: a wrong one gives two functions one name in every cache."""

import inspect
import math

import torch
import torch.nn.functional as F  # noqa: N812 - PyTorch's own abbreviation
from torch import nn

from coeval.architecture.inference import infer
from coeval.architecture.types import Columns, Tokens
from coeval.build.network import RegionSteps, lowering
from coeval.testing.components_cases import Case, architecture_of, module_of, values_of
from coeval.testing.say import require

ROWS = 3


def check_facts(case: Case) -> None:
    """Check ``identity_when``, ``relevant``, ``commutative``, the capabilities, and that the source stands alone."""
    check_source_stands_alone(case)
    check_settings_without_effect(case)
    if any(isinstance(one, Columns | Tokens) for one in case.inputs):
        return  # the facts below are of values with features
    check_stated_identity(case)
    check_order_of_inputs(case)
    check_zeros(case)
    check_order_of_features(case)


def check_source_stands_alone(case: Case) -> None:
    """Check that the class needs nothing but torch and math: an exported network copies its text."""
    made = lowering(case.component.lowering)
    names = {"torch": torch, "nn": nn, "F": F, "math": math}
    exec(compile(inspect.getsource(made), case.component.lowering, "exec"), names)
    architecture = architecture_of(case)
    inference = infer(architecture)
    module = module_of(case).eval()
    bodies = [
        one
        for one in module.modules()
        if isinstance(one, RegionSteps) and one.region in case.regions
    ]
    arguments = case.component.arguments(inference.calls[0], inference.output)
    try:
        alone = names[made.__name__](*bodies, **arguments).eval()  # type: ignore[operator]
        alone.load_state_dict(module.state_dict())
        same = torch.equal(alone(*_values(case)), module(*_values(case)))
    except NameError as error:
        raise AssertionError(
            f"{case}: its class is no text on its own: {error}. Use torch, nn, F and math only."
        ) from error
    require(same, f"{case}: its class computes something else when its text is copied.")


def check_settings_without_effect(case: Case) -> None:
    """Check that settings which ``relevant`` leaves out change nothing."""
    if case.component.relevant is None:
        return
    matter = case.component.relevant(case.settings)
    usual = {one.name: one.default for one in case.component.settings}
    kept = {name: value if name in matter else usual[name] for name, value in case.settings.items()}
    plain = Case(case.component, case.inputs, kept, case.regions)
    require(
        torch.equal(_output(case), _output(plain)),
        f"{case}: relevant says that only {sorted(matter)} matter, but others change the output.",
    )


def check_stated_identity(case: Case) -> None:
    """Check that the input comes out unchanged where ``identity_when`` says so."""
    stated = case.component.identity_when
    if stated is not None and stated(case.settings):
        given = _values(case)
        require(
            torch.equal(module_of(case)(*given), given[0]),
            f"{case}: identity_when says that the input comes out unchanged; it does not.",
        )


def check_order_of_inputs(case: Case) -> None:
    """Check that a commutative component gives the same for its inputs in another order."""
    if case.component.commutative and len(case.inputs) > 1:
        given, module = _values(case), module_of(case).eval()
        require(
            torch.allclose(module(*given), module(*given[::-1]), atol=1e-6),
            f"{case}: commutative, but inputs in another order give something else.",
        )


def check_zeros(case: Case) -> None:
    """Check the capabilities ``zero``, ``zero_preserving`` and ``sum``."""
    facts = case.component.capabilities
    given, module = _values(case), module_of(case).eval()
    if "zero" in facts:
        require(not module(*given).any(), f"{case}: stated to be zero, but gives other numbers.")
    if "zero_preserving" in facts:
        output = module(*[torch.zeros_like(one) for one in given]).flatten(0, -2)
        require(
            torch.allclose(output, output[:1].expand_as(output), atol=1e-6),
            f"{case}: stated to preserve zeros, but they come out as more than an offset of each feature.",
        )
    if "sum" in facts and len(given) > 1:
        without = module(*given[:-1])
        require(
            torch.allclose(module(*given[:-1], torch.zeros_like(given[-1])), without, atol=1e-6),
            f"{case}: stated to be a sum, but a zero among its inputs changes it.",
        )


def check_order_of_features(case: Case) -> None:
    """Check that a component without weights that is stated to be equivariant commutes with a permutation of features."""
    module = module_of(case).eval()
    if "equivariant" not in case.component.capabilities or any(True for _ in module.parameters()):
        return
    given = _values(case)[0]
    order = torch.arange(given.shape[-1] - 1, -1, -1)
    require(
        torch.allclose(module(given[..., order]), module(given)[..., order], atol=1e-6),
        f"{case}: stated to be equivariant, but permuted features do not come out permuted.",
    )


def _values(case: Case) -> list[torch.Tensor]:
    return values_of(case.inputs, ROWS)  # type: ignore[return-value]  # tensors, or triples handed on as they are


def _output(case: Case) -> torch.Tensor:
    found: torch.Tensor = module_of(case).eval()(*_values(case))
    return found
