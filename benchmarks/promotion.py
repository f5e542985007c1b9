"""Promotion by early values and zero-cost scores that were borne out: how good the best is that goes on from a rung.

    python -m benchmarks.promotion [--draws 60]

The candidates that ``benchmarks.proxies`` trained whole on four tables, with their zero-cost scores, noise in their place, or
their negatives. Of each table some candidates, drawn, are told as trained whole; the others stand on a rung after a ninth
of their epochs, and a third of them goes on. Counted are the places between the best of all and the best that went on, and
the share of the best sixth that went on.
"""

import argparse
from collections.abc import Sequence

import numpy as np

from benchmarks.proxies import KEPT as TRAINED
from benchmarks.runs import kept, publish, table
from coeval.seed import generator
from coeval.space.protocol import Candidate
from coeval.statistics import mean_ranks
from coeval.strategy.promotion import PromotionOrder
from coeval.trial import Fidelity, Measurement, Objective, Proposal, Trial, finish

SCORE = Objective("score", maximise=True)
SHARE = 1 / 9
KINDS = ("none", "true", "noise", "flipped")


def worlds() -> dict[str, list[dict]]:
    """Return by table the candidates that were trained whole, with their signals, more score is better."""
    lines = kept(TRAINED)
    said = {(one["table"], one["candidate"]): one for one in lines if one["training"] == "signals"}
    found: dict[str, list[dict]] = {}
    for one in lines:
        place = one["table"], one["candidate"]
        if one["training"] == "whole" and one["score"] is not None and place in said:
            sign = 1 if one["maximise"] else -1
            row = {"candidate": one["candidate"], "schedule": one["schedule"]}
            row |= {"score": sign * one["score"], "curve": [sign * value for value in one["curve"]]}
            found.setdefault(one["table"], []).append(row | {"signals": said[place]["signals"]})
    return found


def trial(number: int, row: dict, kind: str, seed: int, *, whole: bool) -> Trial:
    """Return a candidate's training, whole or to the rung."""
    signals = dict(row["signals"]) if kind != "none" else {}
    for name, value in signals.items():
        noise = float(generator(seed, name, row["candidate"]).random())
        signals[name] = {"noise": noise, "flipped": -value}.get(kind, value)
    curve = row["curve"] if whole else row["curve"][: max(round(SHARE * row["schedule"]), 1)]
    found = Measurement(
        {"score": row["score"] if whole else max(curve)},
        curve={"score": tuple(curve)},
        data={"schedule_epochs": row["schedule"], "signals": signals},
    )
    fidelity = Fidelity() if whole else Fidelity(epochs=SHARE)
    return finish(Trial(number, Proposal(Candidate(()), fidelity)), found)


def draw(rows: Sequence[dict], kind: str, learnt: int, seed: int) -> tuple[float, float, float]:
    """Return places lost, the share of the best that went on, and how much say signals had beside the early value."""
    order = PromotionOrder(SCORE, seed)
    drawn = [int(one) for one in generator(seed, "drawn").permutation(len(rows))]
    for number, place in enumerate(drawn[:learnt]):
        order.tell(trial(number, rows[place], kind, seed, whole=True))
    left = drawn[learnt:]
    rung = [trial(learnt + place, rows[place], kind, seed, whole=False) for place in left]
    ranks = mean_ranks(-np.array([rows[place]["score"] for place in left]))
    on = {one.number - learnt for one in order.order(rung)[: len(rung) // 3]}
    went = np.array([place in on for place in left])
    best = ranks <= max(2, len(rung) // 6)
    say = sum(order.weights(SHARE).values())
    return float(ranks[went].min() - 1), float(went[best].mean()), say


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--draws", type=int, default=60)
    given = parser.parse_args()
    rows = []
    found = worlds()
    for learnt in (12, 20, 28):
        for kind in KINDS:
            drawn = [
                draw(world, kind, learnt, seed)
                for world in found.values()
                for seed in range(given.draws)
            ]
            lost, kept_best, say = np.mean(drawn, axis=0)
            rows.append([str(learnt), kind, f"{lost:.2f}", f"{kept_best:.3f}", f"{say:.2f}"])
    header = ["trained whole", "signals", "places lost", "best that went on", "say of signals"]
    title = "Promotion by early values and signals"
    publish(title, "python -m benchmarks.promotion", table(header, rows))


if __name__ == "__main__":
    main()
