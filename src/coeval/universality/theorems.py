"""The theorems that certify, as data (reference, B.1)."""

from coeval.universality.capability import Arithmetic
from coeval.universality.capability import Capability as Has
from coeval.universality.rules import (
    ALL,
    EXACT,
    FLOAT64,
    INTEGERS,
    SATURATING,
    About,
    Theorem,
    Verdict,
)


def _turing(
    rule: str,
    needs: set[Has],
    arithmetics: frozenset[Arithmetic],
    gives: str,
    citation: str,
    *,
    assumes: str = "",
    witness: str | None = None,
    strength: Verdict = Verdict.THEOREM,
) -> Theorem:
    return Theorem(
        rule,
        About.TURING,
        frozenset(needs),
        arithmetics,
        strength,
        gives,
        assumes,
        citation,
        witness,
    )


_COUNTERS = "Minsky 1967 (recalled); integer gate lemma derived here"
TURING = (
    _turing(
        "T6",
        {Has.INTEGER_AFFINE, Has.GATE, Has.LINEAR_STATE, Has.UNBOUNDED_ITERATION},
        INTEGERS,
        "simulates every counter machine",
        _COUNTERS,
        assumes="counters are integers of any size",
        witness="counter",
    ),
    _turing(
        "T6",
        {Has.INTEGER_AFFINE, Has.SATURATING_GATE, Has.LINEAR_STATE, Has.UNBOUNDED_ITERATION},
        SATURATING,
        "simulates every counter machine",
        _COUNTERS,
        assumes="the activation is rounded to float64, where it saturates; counters are integers of any size",
        witness="counter",
    ),
    _turing(
        "T6",
        {Has.GATED_MEMORY, Has.UNBOUNDED_ITERATION},
        SATURATING,
        "an LSTM cell simulates every counter machine",
        "Minsky 1967 (recalled); gating construction derived here",
        assumes="logistic and tanh are rounded to float64, where they saturate; counters are integers of any size",
        witness="lstm",
    ),
    _turing(
        "T1",
        {Has.AFFINE, Has.SATURATED_LINEAR, Has.UNBOUNDED_ITERATION},
        EXACT,
        "simulates every multi-stack Turing machine in real time",
        "Siegelmann & Sontag 1995 (abstract read)",
        assumes="rational numbers of any size",
        witness="stack",
    ),
    _turing(
        "T2",
        {Has.LOGISTIC_LAYER, Has.UNBOUNDED_ITERATION},
        EXACT,
        "a universal network of logistic units exists",
        "Kilian & Siegelmann 1993 (abstract read)",
        assumes="noiseless real arithmetic",
        strength=Verdict.IDEAL,
    ),
    _turing(
        "T3",
        {
            *(Has.HARD_ATTENTION, Has.POSITIONS, Has.SKIP, Has.AFFINE, Has.RECTIFIER),
            Has.UNBOUNDED_ITERATION,
        },
        EXACT,
        "a Transformer that decodes without bound is Turing complete",
        "Pérez, Marinković & Barceló 2019 (abstract read, details recalled)",
        assumes="numbers of any precision",
    ),
    _turing(
        "T4",
        {Has.AFFINE, Has.SATURATED_LINEAR, Has.UNBOUNDED_ITERATION, Has.STACK},
        ALL,
        "a recurrent network of bounded precision with growing memory simulates a universal machine",
        "Chung & Siegelmann 2021 (abstract read)",
        assumes="the memory may grow",
    ),
    _turing(
        "T7",
        {
            *(Has.ZERO, Has.SUCCESSOR, Has.GATE, Has.LINEAR_STATE),
            *(Has.UNBOUNDED_ITERATION, Has.HALT),
        },
        EXACT,
        "runs every WHILE program: sequence, selection, unbounded loop, integer variables",
        "Böhm & Jacopini 1966, WHILE programs (recalled)",
        assumes="variables are integers of any size",
    ),
    _turing(
        "T8",
        {Has.ZERO, Has.SUCCESSOR, Has.PROJECTION, Has.PRIMITIVE_RECURSION, Has.MINIMISATION},
        EXACT,
        "defines every partial recursive function",
        "Kleene 1936 (recalled)",
        assumes="natural numbers of any size; a search need not end",
    ),
    _turing(
        "T9",
        {Has.COMBINATOR_S, Has.COMBINATOR_K, Has.APPLICATION},
        ALL,
        "combinatory logic defines every computable function",
        "Schönfinkel 1924, Curry (recalled)",
        assumes="terms of any size",
    ),
    _turing(
        "T10",
        {Has.CONTROL, Has.TAPE},
        ALL,
        "a finite control with an unbounded tape is a Turing machine",
        "Turing 1936 (recalled)",
        assumes="the tape may grow",
    ),
    _turing(
        "T10",
        {Has.CONTROL, Has.STACK},
        ALL,
        "a finite control with two unbounded stacks is a Turing machine",
        "Minsky 1967 (recalled)",
        assumes="the stacks may grow; an architecture may hold two",
    ),
    _turing(
        "T10",
        {Has.CONTROL, Has.CONVOLUTION, Has.ZERO_PADDING, Has.GROWTH},
        ALL,
        "a convolution that grows into its zero padding is a Turing machine's tape",
        "Turing 1936 (recalled); convolutional construction derived here",
        assumes="the sequence may grow by one cell a side and step",
        witness="convolution",
    ),
    _turing(
        "T10",
        {Has.FLOAT64_CONTROL, Has.TAPE},
        FLOAT64 | SATURATING,
        "a finite control with an unbounded tape is a Turing machine",
        "Turing 1936 (recalled)",
        assumes="the tape may grow; the activation is rounded to float64, where it saturates",
    ),
    _turing(
        "T10",
        {Has.FLOAT64_CONTROL, Has.STACK},
        FLOAT64 | SATURATING,
        "a finite control with two unbounded stacks is a Turing machine",
        "Minsky 1967 (recalled)",
        assumes="the stacks may grow; the activation is rounded to float64, where it saturates",
    ),
    _turing(
        "T10",
        {Has.FLOAT64_CONTROL, Has.CONVOLUTION, Has.ZERO_PADDING, Has.GROWTH},
        FLOAT64 | SATURATING,
        "a convolution that grows into its zero padding is a Turing machine's tape",
        "Turing 1936 (recalled); convolutional construction derived here",
        assumes="the sequence may grow; the activation is rounded to float64, where it saturates",
        witness="convolution",
    ),
    _turing(
        "T11",
        {Has.RULE_110, Has.PERIODIC_BACKGROUND},
        ALL,
        "rule 110 is weakly universal",
        "Cook 2004 (recalled)",
        assumes="an infinite periodic background",
        strength=Verdict.WEAK,
    ),
)
"""What certifies Turing equivalence, the forms that are executed first."""


def _other(
    rule: str, about: About, needs: set[Has], gives: str, citation: str, assumes: str = ""
) -> Theorem:
    return Theorem(rule, about, frozenset(needs), EXACT, Verdict.UNKNOWN, gives, assumes, citation)


_DENSE = "dense in the continuous functions on a compact set"
APPROXIMATION = (
    _other(
        "U1",
        About.APPROXIMATION,
        {Has.AFFINE, Has.NONPOLYNOMIAL},
        _DENSE,
        "Leshno et al. 1993 (secondary source); Cybenko 1989 (abstract read); Hornik 1991 (secondary source)",
        "one hidden layer of any width",
    ),
    _other(
        "U2",
        About.APPROXIMATION,
        {Has.AFFINE, Has.NONAFFINE},
        _DENSE,
        "Kidger & Lyons 2020 (abstract read)",
        "any depth, width inputs + outputs + 2",
    ),
    _other(
        "U3",
        About.APPROXIMATION,
        {Has.CONVOLUTION, Has.ZERO_PADDING, Has.RECTIFIER},
        _DENSE,
        "Zhou 2020 (details recalled)",
        "one-dimensional convolutions of any depth",
    ),
    _other(
        "U4",
        About.APPROXIMATION,
        {Has.CONVOLUTION, Has.ZERO_PADDING, Has.RECTIFIER},
        "dense in the continuous maps between tensors of one size",
        "Hwang & Kang 2022 (abstract read)",
        "same size, zero padding, any depth",
    ),
    _other(
        "U5",
        About.APPROXIMATION,
        {Has.ATTENTION, Has.POSITIONS, Has.SKIP, Has.AFFINE, Has.RECTIFIER},
        "dense in the continuous maps from sequences to sequences of one length",
        "Yun et al. 2020 (abstract read)",
        "any depth, compact domain",
    ),
    _other(
        "U6",
        About.APPROXIMATION,
        {Has.SUM, Has.PRODUCT, Has.CONSTANT, Has.PROJECTION},
        _DENSE,
        "Stone-Weierstrass (recalled)",
        "polynomials of any length",
    ),
)
"""What certifies universal approximation, which is another thing than Turing equivalence."""

COUNTING = (
    _other(
        "T5",
        About.LIMIT,
        {Has.GATED_MEMORY},
        "counts while it reads its input",
        "Weiss, Goldberg & Yahav 2018 (abstract read)",
    ),
    _other(
        "T5",
        About.LIMIT,
        {Has.RECTIFIER, Has.INTEGER_AFFINE, Has.INPUT_ITERATION},
        "counts while it reads its input",
        "Weiss, Goldberg & Yahav 2018 (abstract read)",
    ),
)
"""What says that a set can count."""
