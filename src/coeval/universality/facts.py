"""From what a component declares to what the audit may lean on."""

from coeval.architecture.component import Component
from coeval.universality.activation import Activation
from coeval.universality.capability import Capability as Has
from coeval.universality.capability import Facts
from coeval.universality.capability import Guarantee as Keeps
from coeval.universality.probe import probe

POINTWISE = frozenset({Keeps.HALTS, Keeps.FIXED_MEMORY, Keeps.POSITIONWISE})
"""What every function of one position's numbers gives."""

_GRANTS = {
    "constant": Has.CONSTANT,
    "successor": Has.SUCCESSOR,
    "product": Has.PRODUCT,
    "division": Has.DIVISION,
    "comparison": Has.COMPARISON,
    "selection": Has.SELECTION,
    "maxmin": Has.EXTREMUM,
    "skip": Has.SKIP,
    "joining": Has.CONCATENATION,
    "input_iteration": Has.INPUT_ITERATION,
    "halting": Has.HALT,
    "primitive_recursion": Has.PRIMITIVE_RECURSION,
    "minimisation": Has.MINIMISATION,
}
_DESCRIBING = frozenset(
    {*_GRANTS, "affine", "nonpolynomial", "polynomial", "piecewise_linear", "gating", "normalising"}
    | {"bounded_iteration", "unbounded_iteration", "entry", "head", "pooling", "voting"}
)
"""Strings that say what a component computes, so that it is total unless it iterates without bound."""
_WORDS = _DESCRIBING | {
    *("saturating", "bounded", "projection", "identity", "associative", "stochastic"),
    *("equivariant", "merging", "sum", "zero", "zero_preserving", "convolution"),
}
"""Every string that the audit knows."""
_NOT_AFFINE = frozenset(
    {"nonpolynomial", "polynomial", "product", "division", "comparison", "selection", "maxmin"}
    | {"gating", "piecewise_linear", "unbounded_iteration", "primitive_recursion", "minimisation"}
    | {"entry", "pooling", "voting"}
)


def activation_facts(activation: Activation, summary: str = "") -> Facts:
    """Return what an activation brings, from its stated properties and the probe for an integer gate.

    Args:
        activation: The function and what is stated of it.
        summary: One line for listings.
    """
    grants, note = _gates(activation)
    if activation.nonpolynomial:
        grants.add(Has.NONPOLYNOMIAL)
    if activation.nonaffine and activation.continuous and activation.sloped:
        grants.add(Has.NONAFFINE)
    if activation.logistic:
        grants.add(Has.LOGISTIC)
    if activation.ramp is not None:
        grants.add(Has.RAMP)
    if activation.degree == 2:
        grants.add(Has.SQUARE)
    return Facts(
        activation.name,
        summary,
        frozenset(grants | _slopes(activation)),
        POINTWISE | _classes(activation),
        activation,
        note,
    )


def _gates(activation: Activation) -> tuple[set[Has], str]:
    found = probe(activation)
    if found is None:
        return set(), ""
    if not found.proved:
        note = (
            f"g(n) = {found.gate.macro} is an integer gate at the tested integers, but nothing that is stated "
            f"of {activation.name} proves it for all: state constant_below, slopes or monotone_below."
        )
        return set(), note
    if found.gate.exact:
        return {Has.LINEAR_TEMPLATE_GATE if found.linear else Has.TEMPLATE_GATE}, ""
    return {Has.SATURATING_TEMPLATE}, ""


def _slopes(activation: Activation) -> set[Has]:
    if activation.slopes is None:
        return set()
    below, above = activation.slopes
    if (below, above) == (0, 1):
        return {Has.RECTIFIER}
    if abs(below) != abs(above):
        return {Has.TWO_SLOPE}
    return {Has.ABSOLUTE} if below != above else set()


def _classes(activation: Activation) -> set[Keeps]:
    classes = set()
    if activation.increasing:
        classes.add(Keeps.MONOTONE)
    if activation.bounded:
        classes.add(Keeps.BOUNDED_STATE)
    if activation.degree is not None:
        classes.add(Keeps.POLYNOMIAL)
    if activation.degree is not None and activation.degree <= 1:
        classes.add(Keeps.AFFINE)
    return classes


def component_facts(component: Component) -> Facts:
    """Return what a component's own capability strings say, and nothing more.

    A component whose strings do not say what it computes, or say something that the audit does not
    know, gets no guarantee at all: no negative verdict can be given on a set that holds it.

    Args:
        component: Any component, of the library or not.
    """
    strings = component.capabilities
    grants = {_GRANTS[one] for one in strings if one in _GRANTS}
    strange = sorted(strings - _WORDS)
    opaque = bool(strange) or not strings & _DESCRIBING
    if {"affine", "projection"} <= strings and not strings & {"head", "gating"}:
        grants.add(Has.AFFINE)
    if {"affine", "merging"} <= strings and "joining" not in strings:
        grants.add(Has.SUM)
    if {"gating", "polynomial", "merging"} <= strings:
        grants.add(Has.PRODUCT)
    if _is_activation(component):
        grants.add(Has.NONPOLYNOMIAL)
    note = ""
    if strange:
        note = f"the audit does not know what {', '.join(strange)} means"
    elif opaque:
        note = "its capabilities do not say what it computes"
    return Facts(
        component.name,
        component.summary,
        frozenset(grants | _iterations(strings)),
        frozenset() if opaque else frozenset(_declared_classes(strings)),
        note=note,
    )


def _is_activation(component: Component) -> bool:
    others = {"normalising", "gating", "entry", "pooling", "head", "division"}
    return (
        "nonpolynomial" in component.capabilities
        and not component.capabilities & others
        and component.arity == (1, 1)
        and component.regions == 0
    )


def _iterations(strings: frozenset[str]) -> set[Has]:
    found = set()
    if "bounded_iteration" in strings:
        by_value = "primitive_recursion" in strings
        found.add(Has.VALUE_ITERATION if by_value else Has.FIXED_ITERATION)
    if "unbounded_iteration" in strings and "minimisation" not in strings:
        found.add(Has.UNBOUNDED_ITERATION)
    return found


def _declared_classes(strings: frozenset[str]) -> set[Keeps]:
    unbounded = "unbounded_iteration" in strings
    classes = {Keeps.FIXED_MEMORY}
    if not unbounded:
        classes.add(Keeps.HALTS)
    if strings & _NOT_AFFINE:
        return classes
    repeats = "bounded_iteration" in strings
    if repeats or strings & {"affine", "constant", "skip"}:
        classes |= {Keeps.AFFINE, Keeps.POLYNOMIAL}
    if repeats or strings & {"constant", "skip"}:
        classes.add(Keeps.MONOTONE)
    return classes
