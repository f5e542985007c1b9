"""The negative rules, as data (reference, B.2): the only ones that may say "not"."""

from coeval.universality.capability import Capability as Has
from coeval.universality.capability import Guarantee
from coeval.universality.rules import ALL, FLOAT64, About, Refutation, Verdict

_DERIVED = "derived"
REFUTATIONS = (
    Refutation(
        "R1",
        About.TURING,
        frozenset({Guarantee.HALTS}),
        ALL,
        "every component is total and none iterates beyond a bound known on entry, so every sequence halts",
        _DERIVED,
        Verdict.NOT,
    ),
    Refutation(
        "R2",
        About.TURING,
        frozenset({Guarantee.FIXED_MEMORY}),
        FLOAT64,
        "the number of cells is fixed and each is finite: a finite automaton, which cannot decide a^n b^n",
        _DERIVED,
        Verdict.FINITE,
    ),
    Refutation(
        "R2",
        About.TURING,
        frozenset({Guarantee.FIXED_MEMORY, Guarantee.DISCRETE}),
        ALL,
        "the number of cells is fixed and each holds one of finitely many values: a finite automaton",
        _DERIVED,
        Verdict.FINITE,
    ),
    Refutation(
        "R3",
        About.APPROXIMATION,
        frozenset({Guarantee.AFFINE}),
        ALL,
        "compositions of affine maps are affine: no |x|, no XOR",
        _DERIVED,
    ),
    Refutation(
        "R4",
        About.APPROXIMATION,
        frozenset({Guarantee.MONOTONE}),
        ALL,
        "compositions of non-decreasing maps are non-decreasing: no -x, no XOR",
        _DERIVED,
    ),
    Refutation(
        "R5",
        About.APPROXIMATION,
        frozenset({Guarantee.POLYNOMIAL}),
        ALL,
        "one hidden layer of polynomial units gives polynomials of bounded degree only",
        "Leshno et al. 1993 (secondary source)",
        one_layer=True,
    ),
    Refutation(
        "R6",
        About.LIMIT,
        frozenset({Guarantee.POSITIONWISE}),
        ALL,
        "on sequences only permutation-equivariant maps: nothing knows the order. Add positions",
        "Yun et al. 2020 (abstract read)",
        some=frozenset({Has.ATTENTION, Has.HARD_ATTENTION}),
    ),
    Refutation(
        "R7",
        About.LIMIT,
        frozenset({Guarantee.BOUNDED_STATE}),
        FLOAT64,
        "the state stays within fixed bounds, so at finite precision it cannot count without bound",
        "Weiss, Goldberg & Yahav 2018 (abstract read)",
        some=frozenset({Has.INPUT_ITERATION, Has.UNBOUNDED_ITERATION}),
    ),
)
"""The only rules that may say "not"."""
