"""The integer gate lemma: look for a gate inside an activation, and say what proves it (reference, B.4).

A gate is ``g(n) = (phi(s k (n - h)) + r phi(-s k (n - h)) + c n + b) / a`` with ``g(1) = 1`` and ``g(n) = 0`` for
every integer ``n <= 0``. ``k``, ``h`` and ``s`` are searched for; ``b``, ``a``, ``r`` and ``c`` follow from the
values at 1, 0 and -1, and are then tested at the integers of ``TESTED``.
"""

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import lru_cache, partial
from itertools import product

import numpy as np

from coeval.universality.activation import Activation, Array, Function
from coeval.universality.witness.gate import Gate

FACTORS = (1.0, 3.0, 10.0, 40.0, 800.0)
OFFSETS = (0.0, 0.5, 1.0)
TESTED: Array = np.concatenate(
    ([1.0], -np.arange(2001.0), -np.exp2(np.arange(11.0, 53.0)), -np.exp2([100.0, 500.0, 1000.0]))
)
"""1, then 0 to -2000, the powers of two to -2^52, and three beyond."""
_FEW = TESTED[:7]


@dataclass(frozen=True, slots=True)
class Template:
    """The numbers of ``g(n) = (phi(s k (n - h)) + r phi(-s k (n - h)) + c n + b) / a``."""

    k: float
    h: float
    s: float
    b: float
    a: float
    r: float = 0.0
    c: float = 0.0

    def formula(self, name: str) -> str:
        """Return the gate as text in ``n``."""
        inner = _scaled(self.s * self.k, self.h)
        other = _scaled(-self.s * self.k, self.h)
        terms = f"{name}({inner})"
        for factor, what in ((self.r, f"{name}({other})"), (self.c, "n"), (self.b, "")):
            terms += _term(factor, what)
        single = not (self.r or self.c or self.b)
        if self.a == 1:
            return terms
        return f"{terms if single else f'({terms})'} / {self.a:.10g}"


def _scaled(factor: float, offset: float) -> str:
    if factor == 1:
        return f"n - {offset:g}" if offset else "n"
    what = f"(n - {offset:g})" if offset else "n"
    return f"-{what}" if factor == -1 else f"{factor:g} {what}"


def _term(factor: float, what: str) -> str:
    if not factor:
        return ""
    size = f"{abs(factor):.10g}"
    shown = what if size == "1" and what else f"{size} {what}".strip()
    return f" {'+' if factor > 0 else '-'} {shown}"


@dataclass(frozen=True, slots=True)
class Probe:
    """A gate that was found, and what supports it.

    Attributes:
        gate: The gate; ``gate.exact`` when a stated property proves it in exact arithmetic.
        template: Its numbers.
        proved: A stated property proves it for all integers, in exact arithmetic or else in float64.
        reason: What proves it, or that it was only tested.
    """

    gate: Gate
    template: Template
    proved: bool
    reason: str

    @property
    def linear(self) -> bool:
        """Whether the gate needs its argument beside the activation."""
        return self.template.c != 0


def apply_template(phi: Function, template: Template, values: Array) -> Array:
    """Return the template's gate at the values (any shape), in float64."""
    inner = template.s * template.k * (values - template.h)
    total = phi(inner)
    if template.r:
        total = total + template.r * phi(-inner)
    if template.c:
        total = total + template.c * values
    return (total + template.b) / template.a


@lru_cache(maxsize=256)
def probe(activation: Activation) -> Probe | None:
    """Return the first gate that the activation gives at all tested integers, or ``None``.

    Plain templates come first, then the two-copy form, then the linear term (which needs a skip
    connection): the first that holds asks least of the other components.

    Args:
        activation: The function and what is stated of it. Equal activations (same name, same
            properties) share one answer.
    """
    with np.errstate(all="ignore"):
        for fit in (_plain, _two_copies, _with_line):
            found = _search(activation.apply, fit)
            if found is not None:
                return _judged(activation, found)
    return None


def _search(
    phi: Function, fit: Callable[[Function, float, float, float], Template | None]
) -> Template | None:
    for k, s, h in product(FACTORS, (1.0, -1.0), OFFSETS):
        template = fit(phi, k, h, s)
        if template is not None and _holds(phi, template, _FEW) and _holds(phi, template, TESTED):
            return template
    return None


def _holds(phi: Function, template: Template, integers: Array) -> bool:
    return bool(np.array_equal(apply_template(phi, template, integers), integers == 1))


def _values(phi: Function, k: float, h: float, s: float) -> tuple[float, float, float]:
    at = phi(s * k * (np.array([1.0, 0.0, -1.0]) - h))
    return float(at[0]), float(at[1]), float(at[2])


def _usable(*numbers: float) -> bool:
    return all(map(math.isfinite, numbers)) and numbers[-1] != 0


def _plain(phi: Function, k: float, h: float, s: float) -> Template | None:
    one, zero, _ = _values(phi, k, h, s)
    b, a = -zero or 0.0, one - zero
    return Template(k, h, s, b, a) if _usable(b, a) else None


def _two_copies(phi: Function, k: float, h: float, s: float) -> Template | None:
    one, zero, minus = _values(phi, k, h, s)
    if h or zero or not one:  # the two copies mirror each other at 0
        return None
    r = -minus / one
    a = one + r * minus
    return Template(k, h, s, 0.0, a, r=r) if _usable(r, a) else None


def _with_line(phi: Function, k: float, h: float, s: float) -> Template | None:
    one, zero, minus = _values(phi, k, h, s)
    b = -zero or 0.0
    c = minus + b
    a = one + b + c
    return Template(k, h, s, b, a, c=c) if _usable(b, c, a) else None


def _judged(activation: Activation, template: Template) -> Probe:
    reason = _exact_reason(activation, template)
    exact = bool(reason)
    if not exact:
        reason = _float64_reason(activation, template)
    proved = bool(reason)
    gate = Gate(
        name=activation.name,
        macro=template.formula(activation.name),
        apply=partial(_gate, activation.apply, template),
        exact=exact,
    )
    return Probe(gate, template, proved, reason or f"tested at {len(TESTED):,} integers only")


def _gate(phi: Function, template: Template, values: Array) -> Array:
    with np.errstate(all="ignore"):
        return apply_template(phi, template, values)


def _from_minus_one(template: Template) -> float:
    """The activation's argument at ``n = -1``: ``n = 0`` was looked at by itself, and all others lie beyond."""
    return -template.s * template.k * (1.0 + template.h)


def _exact_reason(activation: Activation, template: Template) -> str:
    if activation.slopes is not None and template.h == 0 and template.b == 0:
        # phi(n) + r phi(-n) + c n with phi two-sloped is two-sloped, and 0 on one side is 0 on all of it
        return "a unit of two slopes, stated"
    if template.r or template.c:
        return ""
    constant = activation.constant_below
    if constant is None and activation.ramp is not None:
        constant = activation.ramp[0]
    if constant is not None and template.s > 0 and _from_minus_one(template) <= constant:
        return f"constant below {constant:g}, stated"
    return ""


def _float64_reason(activation: Activation, template: Template) -> str:
    if template.r or template.c or activation.monotone_below is None:
        return ""
    if template.s > 0 and _from_minus_one(template) <= activation.monotone_below:
        return "monotone there, stated, and equal at both ends of the tested range"
    if template.s < 0 and activation.monotone_below == math.inf:
        return "monotone, stated, and equal at both ends of the tested range"
    return ""


def refuted_degrees(activation: Activation, highest: int = 8) -> Iterator[int]:
    """Yield each degree ``d`` up to ``highest`` for which values refute "a polynomial of degree at most d".

    The ``d + 1``-th finite difference of such a polynomial is 0, but for rounding. It can refute; it
    proves nothing, and no theorem of the audit leans on it.

    Args:
        activation: The function; its values at the multiples of 1/2 in -8..8 are looked at.
        highest: The last degree.
    """
    with np.errstate(all="ignore"):
        values = activation.apply(np.arange(-8.0, 8.5, 0.5))
    if not np.isfinite(values).all():
        return
    for degree in range(highest + 1):
        differences = np.diff(values, n=degree + 1)
        rounding = 2.0 ** (degree + 1) * 16 * np.finfo(np.float64).eps * float(np.abs(values).max())
        if float(np.abs(differences).max()) > rounding:
            yield degree
