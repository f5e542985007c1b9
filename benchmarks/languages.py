"""Component sets decide what can be learnt: languages learnt from short words, tested at 16 times the length.

The table stands beside the audit's verdicts and must agree with them. Two more tables: what coevolved tests
gain over random and over all tests, and what a grid for the weights gains.

python -m benchmarks.languages [--seeds 5] [--generations 150] [--comparison-seeds 12] [--budget 40e6]
"""

import argparse
import sys
import time
from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from benchmarks.languages_audit import COMPONENTS, Verdict, verdict
from benchmarks.languages_search import UNITS, Outcome, carries, find
from benchmarks.runs import publish, table
from coeval.evaluate.language_snap import snap
from coeval.seed import generator
from coeval.space.recurrent import CELLS, RELU
from coeval.strategy.competitive_options import Competition, Opponents
from coeval.task.language import A_N_B_N, DYCK_1, LANGUAGES, Language, training_examples

FAR = 5_000
"""Symbols of the words on which a bounded state that carried to 16 times the length is found out."""
RESAMPLES = 4_000


def learnt(seeds: int, generations: int) -> tuple[str, list[str]]:
    """Return the table of cells against languages, and where it contradicts the audit."""
    rows, faults = [], []
    winners: dict[str, list[str]] = {language.name: [] for language in LANGUAGES}
    for cell in CELLS:
        row = [cell.name, ", ".join(COMPONENTS[cell.name])]
        for language in LANGUAGES:
            says = verdict(cell, language.need)
            found = [
                find(cell, language, seed, Competition(), generations=generations)
                for seed in range(seeds)
            ]
            perfect = [one for one in found if one.solved]
            general = [one for one in perfect if carries(one, language)]
            row.append(f"{says}: {len(perfect)} / **{len(general)}**")
            faults += _contradictions(cell.name, language, says, general)
            if says.says == "can" and 2 * len(general) > seeds:
                winners[language.name].append(cell.name)
            print(cell.name, language.name, row[-1], file=sys.stderr, flush=True)
        rows.append(row)
    faults += [
        f"{name}: no certified set generalises in most seeds"
        for name, w in winners.items()
        if not w
    ]
    header = ["cell", "components", *(f"{one.name} ({one.need})" for one in LANGUAGES)]
    return table(header, rows), faults


def _contradictions(
    cell: str, language: Language, says: Verdict, general: Sequence[Outcome]
) -> list[str]:
    if says.says != "cannot":
        return []
    if says.rule == "R7":  # a bounded state counts as far as its digits reach: ask beyond
        general = [one for one in general if carries(one, language, FAR)]
    return [f"{cell} on {language.name}: refuted by {says.rule}, yet it generalises"] * bool(
        general
    )


def compared(language: Language, seeds: int, budget: float) -> list[list[str]]:
    """Return a row for each kind of opponents: expected symbols to a network that is right on all training words."""
    rows = []
    costs: dict[Opponents, np.ndarray] = {}
    for opponents in (Opponents.ALL, Opponents.RANDOM, Opponents.COEVOLVED):
        options = replace(Competition(), opponents=opponents)
        found = [find(RELU, language, seed, options, symbols=budget) for seed in range(seeds)]
        costs[opponents] = np.array([[one.symbols / 1e6, one.solved] for one in found])
        general = sum(one.solved and carries(one, language) for one in found)
        seconds = sum(one.seconds for one in found)
        solved = sum(one.solved for one in found)
        rows.append(
            [
                language.name,
                str(opponents),
                f"{solved} of {seeds}",
                str(general),
                _shown(costs[opponents]),
                f"{seconds / solved:.1f}" if solved else "-",
                _ratio(costs[Opponents.RANDOM], costs[opponents])
                if opponents is Opponents.COEVOLVED
                else "",
            ]
        )
        print(*rows[-1], file=sys.stderr, flush=True)
    return rows


def expected(costs: np.ndarray) -> float:
    """Return the expected cost to a success, ``(runs, (cost, success))``; infinite without one."""
    successes = costs[:, 1].sum()
    return float(costs[:, 0].sum() / successes) if successes else float("inf")


def _resampled(costs: np.ndarray, name: str) -> np.ndarray:
    rng = generator(0, "languages", name)
    picks = rng.integers(len(costs), size=(RESAMPLES, len(costs)))
    return np.array([expected(costs[one]) for one in picks])


def _shown(costs: np.ndarray) -> str:
    low, high = np.quantile(_resampled(costs, "own"), [0.025, 0.975], method="nearest")
    return f"{expected(costs):.1f} ({low:.1f} to {high:.1f})"


def _ratio(random: np.ndarray, coevolved: np.ndarray) -> str:
    """Return how many times cheaper coevolved tests are than random ones, and whether that is significant."""
    if not coevolved[:, 1].any():
        return "no success"
    with np.errstate(invalid="ignore"):
        drawn = _resampled(random, "random") / _resampled(coevolved, "coevolved")
    low, high = np.nanquantile(drawn, [0.025, 0.975], method="nearest")
    says = "a gain" if low > 1 else "a loss" if high < 1 else "no significant gain"
    return f"{expected(random) / expected(coevolved):.1f} ({low:.1f} to {high:.1f}): {says}"


def gridded(seeds: int, generations: int) -> str:
    """Return the table of weights on halves, on a fine grid, and rounded to halves afterwards."""
    words = training_examples(A_N_B_N)
    rows = []
    for name, step in (("multiples of 1/2", 0.5), ("multiples of 1/1024", 2.0**-10)):
        found = [
            find(RELU, A_N_B_N, seed, Competition(), generations=generations, step=step)
            for seed in range(seeds)
        ]
        rows.append([name, *_tally(found)])
    snapped = [replace(one, network=snap(one.space, one.network, A_N_B_N, words)) for one in found]
    rows.append(["multiples of 1/1024, winners snapped to 1/2", *_tally(snapped)])
    return table(["weights", "right on all training words", "and at 16 times the length"], rows)


def _tally(found: Sequence[Outcome]) -> list[str]:
    perfect = [one for one in found if one.solved]
    general = [one for one in perfect if carries(one, A_N_B_N)]
    return [f"{len(perfect)} of {len(found)}", str(len(general))]


def main() -> None:
    """Measure, publish, and fail where the table contradicts the audit."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--generations", type=int, default=150)
    parser.add_argument("--comparison-seeds", type=int, default=12)
    parser.add_argument("--budget", type=float, default=40e6, help="symbols a compared search")
    given = parser.parse_args()
    began = time.process_time()
    text, faults = learnt(given.seeds, given.generations)
    grid = gridded(given.comparison_seeds, 2 * given.generations)
    header = [
        "language",
        "opponents",
        "solved",
        "generalise",
        "expected symbols to a solution, millions",
    ]
    header += ["CPU seconds a solution", "random over coevolved"]
    rows = [
        row
        for language in (A_N_B_N, DYCK_1)
        for row in compared(language, given.comparison_seeds, given.budget)
    ]
    lengths = ", ".join(f"{one.name} {one.short}" for one in LANGUAGES)
    agreement = "; ".join(faults) if faults else "the table agrees with the audit"
    publish(
        "Component sets and languages",
        f"python -m benchmarks.languages --seeds {given.seeds} --generations {given.generations} "
        f"--comparison-seeds {given.comparison_seeds} --budget {given.budget:g}",
        f"""Networks of {", ".join(f"{n} units ({name})" for name, n in UNITS.items())}, weights multiples of 1/2 in -2..2, found by competitive
coevolution (200 candidates, at most {given.generations} generations), learn from all words up to a length ({lengths}). Each cell: the
audit's verdict for what the language needs; searches of {given.seeds} that are right on all training words / **of these, right on every
tested word at 1, 2, 4, 8 and 16 times the length** (40 words near the border for each length). A verdict "can" speaks of
networks of enough units; whether a search finds one is another matter. "Cannot" by R7 speaks of counting without bound at finite
precision. Result: {agreement}.

{text}

Weights of the rectifier network on a^n b^n, {given.comparison_seeds} seeds, at most {2 * given.generations} generations:

{grid}

What a generation meets (rectifier network, {given.comparison_seeds} seeds, {given.budget / 1e6:g} million symbols a search, challenges and checks charged;
expected cost = all symbols / solutions, with a 95 % bootstrap interval over seeds):

{table(header, rows)}

{time.process_time() - began:.0f} CPU seconds in all.""",
    )
    if faults:
        sys.exit("; ".join(faults))


if __name__ == "__main__":
    main()
