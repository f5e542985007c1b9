"""A plan as a vector of fixed length, for predictors."""

import numpy as np

from coeval.architecture.component import Cost
from coeval.space.grammar import Grammar
from coeval.space.plan import Frame, Nodes, Plan

DEPTHS = 3
"""Component counts are kept apart for the trunk, its regions, and everything deeper."""


def encode_plan(frame: Frame, grammar: Grammar, plan: Plan, stem: int, cost: Cost) -> np.ndarray:
    """Return a plan's features.

    Args:
        frame: What the task fixes.
        grammar: Gives the vocabulary.
        plan: What is encoded.
        stem: Width of the trunk's input.
        cost: Of the assembled architecture.

    Returns:
        float64: counts by depth and component (and of numeric settings, their sum), log2 widths of the
        trunk (stem, mean, least, most, last), trunk length, references over more than one step, entry
        settings (numbers as they are, names one-hot), and log10 of parameters, MACs and activations.
    """
    words = grammar.words
    names = [
        one.name
        for group in (words.setters, words.keepers, words.merges, words.joins, words.regions)
        for one in group
    ]
    counts = np.zeros((DEPTHS, len(names)))
    extra = _collect(plan.trunk, 0, counts, {name: i for i, name in enumerate(names)})
    widths = np.log2(np.array(grammar.widths(plan.trunk, stem), dtype=np.float64))
    shape = [widths[0], widths.mean(), widths.min(), widths.max(), widths[-1], len(plan.trunk)]
    numbers = [cost.parameters, cost.macs, cost.activations]
    return np.concatenate(
        [counts.ravel(), shape, extra, _entries(frame, plan), np.log10(1.0 + np.array(numbers))]
    )


def _collect(nodes: Nodes, depth: int, counts: np.ndarray, places: dict[str, int]) -> np.ndarray:
    """Count components into ``counts``; return (summed dropout rates, times, tied bodies, reach of merges)."""
    extra = np.zeros(4)
    for number, node in enumerate(nodes):
        counts[min(depth, DEPTHS - 1), places[node.component.name]] += 1
        given = dict(node.settings)
        extra += [
            float(given.get("rate", 0.0)),
            float(given.get("times", 0.0)),
            float(given.get("tied", False)),
            0.0 if node.source is None else number - node.source,
        ]
        extra += _collect(node.body, depth + 1, counts, places)
    return extra


def _entries(frame: Frame, plan: Plan) -> np.ndarray:
    numbers: list[float] = []
    for component, settings in zip(frame.slots, plan.entries, strict=True):
        for setting, (_, value) in zip(component.settings, settings, strict=True):
            if isinstance(value, str):
                numbers += [float(choice == value) for choice in setting.choices]
            else:
                numbers.append(float(value))
    return np.array(numbers, dtype=np.float64)
