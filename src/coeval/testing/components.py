"""The contract of components, as checks that an outsider can run on his own.

Example:
    >>> from coeval.component.channel import RELU
    >>> check_component(RELU)
"""

import itertools
from collections.abc import Iterator, Mapping, Sequence

import torch
from torch.utils.flop_counter import FlopCounterMode

from coeval.architecture.component import Component, Cost, Value
from coeval.architecture.digest import digest
from coeval.architecture.inference import infer
from coeval.architecture.normal import normalise
from coeval.architecture.serial import from_json, to_json
from coeval.architecture.step import Region, sequence, step
from coeval.architecture.types import (
    Columns,
    Grid,
    Scalar,
    Set,
    Tokens,
    ValueType,
    Vector,
    describe,
    shape,
)
from coeval.architecture.types import Sequence as Line
from coeval.component.channel import LINEAR
from coeval.component.rules import FEATURED
from coeval.testing.components_cases import Case, architecture_of, module_of, rejection, values_of
from coeval.testing.components_facts import check_facts
from coeval.testing.say import plain_json, require

Inputs = tuple[ValueType, ...]
FEATURES = 6
TOKENS = Tokens(5, 11)
DOMAINS: tuple[ValueType, ...] = (
    Vector(FEATURES),
    Line(4, FEATURES),
    Grid(8, 8, FEATURES),
    Set(4, FEATURES),
    Columns(3, (4, 7), (TOKENS,)),
    TOKENS,
    Scalar(),
)
"""What a component is tried on; it must take one of them, or say what it takes."""
ROWS = 3


def check_component(
    component: Component, inputs: Sequence[Inputs] = (), *, regions: Sequence[Region] = ()
) -> None:
    """Check everything a component promises: its rules against its module, its facts, its way through JSON.

    Every setting's choices are tried one at a time, the others at their defaults.

    Args:
        component: A neural one: with a ``lowering``.
        inputs: Input types that it takes; those among ``DOMAINS`` that it does not reject if not given.
        regions: Its nested regions; a linear map each if not given.

    Raises:
        AssertionError: A promise is broken; the message says which, and for which inputs and settings.
        ValueError: The component has no lowering.
    """
    if not component.lowering:
        raise ValueError(
            f"check_component needs a component with a lowering, {component.name!r} has none."
        )
    check_settings(component)
    check_unknown_types_are_rejected(component)
    cases = list(_cases(component, inputs, tuple(regions) or _linear_regions(component)))
    require(
        bool(cases),
        f"{component.name} takes none of {', '.join(map(describe, DOMAINS))}. Pass inputs=[(type, …)] that it takes.",
    )
    for case in cases:
        check_cost(case)
        check_forward(case)
        check_gradients(case)
        check_identity(case)
        check_facts(case)


def check_settings(component: Component) -> None:
    """Check names and defaults, and that the choices of numbers lie within their bounds."""
    names = [one.name for one in component.settings]
    require(
        len(set(names)) == len(names), f"{component.name} has two settings of one name: {names}."
    )
    require(component.name.isidentifier(), f"{component.name!r} is no lower_case name.")
    for one in component.settings:
        for value in (one.default, *one.choices):
            require(
                one.allows(value),
                f"{component.name}.{one.name} does not allow {value!r}, its own default or choice.",
            )


def check_unknown_types_are_rejected(component: Component) -> None:
    """Check that a type rule answers or rejects, whatever it is given, and always the same."""
    regions = _linear_regions(component)
    for domain, count in itertools.product(DOMAINS, _counts(component)):
        case = Case(component, (domain,) * count, dict(component.complete({})), regions)
        try:
            first, second = _answer(case), _answer(case)
        except Exception as error:
            raise AssertionError(
                f"{case}: the type rule raised {error!r}. Raise Rejection with the reason."
            ) from error
        require(first == second, f"{case}: the type rule changes its mind: {first}, then {second}.")


def check_cost(case: Case) -> None:
    """Check the cost rule against torch's count of parameters and of multiply-accumulates."""
    cost = infer(architecture_of(case)).cost
    for name in ("parameters", "macs", "activations"):
        value = getattr(cost, name)
        require(
            isinstance(value, int) and value >= 0,
            f"{case}: {name} must be a whole number of at least 0, got {value!r}.",
        )
    module = module_of(case).eval()
    with FlopCounterMode(display=False) as counter, torch.no_grad():
        module(*values_of(case.inputs, 1))
    built = sum(one.numel() for one in module.parameters() if one.requires_grad)
    counted = Cost(built, counter.get_total_flops() // 2)
    require(
        (cost.parameters, cost.macs) == (counted.parameters, counted.macs),
        f"{case}: the cost rule says {cost.parameters} parameters and {cost.macs} macs, torch counts "
        f"{counted.parameters} and {counted.macs}.",
    )


def check_forward(case: Case) -> None:
    """Check shape and dtype of the output, that rows do not mix at evaluation, and that nothing is drawn unsaid."""
    module = module_of(case)
    given = values_of(case.inputs, ROWS)
    output = infer(architecture_of(case)).output
    require(
        isinstance(output, FEATURED),
        f"{case}: the output must be a value with features, got {describe(output)}.",
    )
    trained = module(*given)
    wanted = (ROWS, *shape(output))  # type: ignore[arg-type]  # just required
    require(
        tuple(trained.shape) == wanted,
        f"{case}: the type rule says {wanted} for {ROWS} rows, the module gave {tuple(trained.shape)}.",
    )
    require(trained.dtype == torch.float32, f"{case}: expected float32, got {trained.dtype}.")
    if "stochastic" not in case.component.capabilities:
        require(
            torch.equal(trained, module(*given)),
            f"{case}: the same rows gave something else in training. Add the capability 'stochastic'.",
        )
    module.eval()
    whole = module(*given)
    alone = torch.cat([module(*_rows(given, row)) for row in range(ROWS)])
    require(
        torch.allclose(whole, alone, atol=1e-5, rtol=1e-4),
        f"{case}: at evaluation a row's output depends on the other rows.",
    )


def check_gradients(case: Case) -> None:
    """Check that outputs and gradients of all parameters are finite, for ordinary and for large values."""
    for size in (1.0, 1e3):
        module = module_of(case)
        output = module(*values_of(case.inputs, ROWS, size=size))
        require(
            bool(output.isfinite().all()), f"{case}: inputs of size {size:g} give no finite output."
        )
        if output.requires_grad:
            output.square().mean().backward()
        for name, one in module.named_parameters():
            require(
                one.grad is None or bool(one.grad.isfinite().all()),
                f"{case}: inputs of size {size:g} give no finite gradient of {name}.",
            )
            require(
                one.grad is not None or not one.requires_grad,
                f"{case}: the parameter {name} has no gradient: nothing depends on it.",
            )


def check_identity(case: Case) -> None:
    """Check the way through JSON, and that the normal form is legal, final, and of the same types."""
    architecture = architecture_of(case)
    components = {case.component.name: case.component, **_nested(case.regions)}
    read = from_json(plain_json(to_json(architecture)), components)
    require(read == architecture, f"{case}: JSON gives back another architecture.")
    normal = normalise(architecture)
    require(normalise(normal) == normal, f"{case}: the normal form has another normal form.")
    require(digest(normal) == digest(architecture), f"{case}: the normal form has another digest.")
    require(
        infer(normal).output == infer(architecture).output,
        f"{case}: the normal form has another output type.",
    )


def _cases(
    component: Component, inputs: Sequence[Inputs], regions: tuple[Region, ...]
) -> Iterator[Case]:
    counts = _counts(component)
    tried = inputs or [(domain,) * count for domain in DOMAINS for count in counts]
    for taken in tried:
        refused = rejection(Case(component, taken, dict(component.complete({})), regions))
        require(
            refused is None or not inputs,
            f"{component.name} rejects the given inputs {', '.join(map(describe, taken))}: {refused}",
        )
        if refused is None:
            for settings in _variants(component):
                case = Case(component, taken, settings, regions)
                if rejection(case) is None:
                    yield case


def _answer(case: Case) -> str:
    """Return the output type, or why there is none."""
    return rejection(case) or describe(infer(architecture_of(case)).output)


def _variants(component: Component) -> Iterator[Mapping[str, Value]]:
    yield dict(component.complete({}))
    for one in component.settings:
        for value in one.choices:
            if value != one.default:
                yield dict(component.complete({one.name: value}))


def _counts(component: Component) -> tuple[int, ...]:
    least, most = component.arity
    return (least,) if most == least else (least, least + 1)


def _linear_regions(component: Component) -> tuple[Region, ...]:
    count = 2 if component.regions is None else component.regions
    return (sequence(1, [step(LINEAR, 0, width=FEATURES)]),) * count


def _nested(regions: tuple[Region, ...]) -> dict[str, Component]:
    found: dict[str, Component] = {}
    for region in regions:
        for one in region.steps:
            found[one.component.name] = one.component
            found |= _nested(one.regions)
    return found


def _rows(given: Sequence[object], row: int) -> list[object]:
    """Return one row of every value; a table row is a triple of tensors."""
    return [
        tuple(part[row : row + 1] for part in one) if isinstance(one, tuple) else one[row : row + 1]  # type: ignore[index]
        for one in given
    ]
