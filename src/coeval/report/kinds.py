"""Networks, trees or a linear model: of what kind a run's model is, and how the best of each kind did that was tried."""

from coeval.architecture.step import Architecture
from coeval.component.solved import FORESTS, LINEAR, NETWORK, TREES, kind_of
from coeval.report import words
from coeval.report.facts import Facts, dig
from coeval.report.networks import networks
from coeval.trial import Trial

_SEVERAL = {
    NETWORK: "networks",
    TREES: TREES,
    FORESTS: "forests of randomised trees",
    LINEAR: "linear models",
}


def made_of(facts: Facts) -> tuple[str, ...]:
    """Return the kinds that the final model consists of, the heaviest first; before there is one, the incumbent's."""
    trials = {one.trial.number: one.trial for one in facts.trials}
    members = [(one["trial"], one["weight"]) for one in dig(facts.final, "members") or ()]
    alone = [] if facts.winner is None else [(facts.winner.number, 1.0)]
    shares: dict[str, float] = {}
    for number, weight in members or alone:
        if number in trials:
            kind = _kind(trials[number])
            shares[kind] = shares.get(kind, 0.0) + weight
    return tuple(sorted(shares, key=lambda kind: -shares[kind]))


def named(facts: Facts) -> str:
    """Return what the model consists of where it is not networks alone, for people; empty where it is."""
    kinds = made_of(facts)
    if set(kinds) <= {NETWORK}:
        return ""
    if len(kinds) > 1:
        return f"{words.listing([_SEVERAL[one] for one in kinds])} together"
    return TREES if kinds[0] == TREES else f"a {kinds[0]}"


def compared(facts: Facts) -> str:
    """Return a sentence on how the best of each kind scored on validation, the best first; empty where there was one kind."""
    best: dict[str, float] = {}
    for one in facts.done:
        value, kind = facts.value(one.trial), _kind(one.trial)
        if value is None or not one.trial.is_comparable:
            continue
        if kind not in best or facts.better(value, best[kind]):
            best[kind] = value
    if len(best) < 2:
        return ""
    ranked = sorted(best, key=lambda kind: best[kind], reverse=facts.objective.maximise)
    said = [f"{_SEVERAL[kind]} {words.score(best[kind])}" for kind in ranked]
    return f"The best of each kind on validation: {', '.join(said)}."


def is_network(architecture: Architecture | None) -> bool:
    """Return whether an architecture is a network; what is not known is taken for one."""
    return architecture is None or kind_of(architecture) == NETWORK


def _kind(trial: Trial) -> str:
    """Return the kind of a trial's model: that of its only architecture, else a network of several parts."""
    found = list(networks(trial.proposal.candidate).values())
    return kind_of(found[0]) if len(found) == 1 else NETWORK
