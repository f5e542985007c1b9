"""Cooperative coevolution with learnt credit: species are parts of the candidate, and who works with whom is learnt.

Potter & De Jong 2000 (doi:10.1162/106365600568086) evolve a population a species and judge a member in a team with the
best members of the others. At budgets of hundreds that wastes most evaluations: a team tells of one member only, and
collaborators are evaluated again and again. Here every team gives credit to all its members, alone and in pairs and
larger groups (``coevolution_credit``); a team is assembled from members whose credit promises an improvement on the best
team, its collaborators being those of the best teams. What the credit says of members and pairs can be read.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from coeval.seed import generator
from coeval.space.protocol import Candidate, Space
from coeval.strategy.acquisition import expected_improvement, normal_share
from coeval.strategy.coevolution_archive import Encoder, Floats, Served, TeamArchive
from coeval.strategy.coevolution_credit import Credit, learn, normal_scores
from coeval.strategy.coevolution_pool import RANDOM, pool
from coeval.strategy.coevolution_rungs import RungArchive
from coeval.strategy.coevolution_species import Decomposition, Team, teams_of
from coeval.strategy.log import REDRAWS, Log
from coeval.strategy.objectives import Objectives
from coeval.trial import Fidelity, Objective, Proposal, State, Trial

LEAST = 3
"""Judged teams below which there is no credit to speak of."""


@dataclass(frozen=True, slots=True)
class _Knowledge:
    """What the judged teams teach, until the next one is."""

    served: list[Served]  # best first
    teams: list[Team]
    scores: Floats
    credit: Credit
    feasible: Credit | None


class Coevolution:
    """Assembles teams by what their members were worth in other teams.

    Until ``warm_up`` trials were told, teams are drawn at random. Then teams near the ``elites`` best ones, with one to
    three members replaced, and random teams are compared by the improvement that the credit of their
    members promises; the first that is legal and was not tried is proposed. Running teams count as if they had
    scored what is expected of them. Where limits are broken, feasibility is learnt apart, from all teams.

    Args:
        space: A product of parts, or one part of slots or settings.
        objective: What is optimised; several for a Pareto front.
        seed: Below which every draw has its address.
        teams: How candidates are taken apart, such as ``teams_of(space, blocks)``; by default each part, or each slot
            of a single part, is a species.
        warm_up: Random teams at first, those of others included.
        elites: Best teams whose members collaborate with new ones.
        assembled: Teams that are compared for a proposal.
        memory: Teams that credit is learnt from: the best and the latest.
        random: Share of the compared teams that are random.
        rungs: Shares of the epochs at which trials are learnt from, rising, the last 1; with several, each trial may be
            told at each (``ModelOfAllRungs``).

    Raises:
        ValueError: A number is out of its range, or there are rungs and several objectives.
        SpaceError: The space cannot be taken apart.
    """

    def __init__(
        self,
        space: Space[Candidate],
        objective: Objective | Sequence[Objective],
        seed: int = 0,
        *,
        teams: Decomposition | None = None,
        warm_up: int = 10,
        elites: int = 3,
        assembled: int = 300,
        memory: int = 256,
        random: float = RANDOM,
        rungs: Sequence[float] = (1.0,),
    ) -> None:
        least = {"warm_up": LEAST, "elites": 1, "assembled": 1, "memory": 8}
        given = {
            "warm_up": warm_up, "elites": elites, "assembled": assembled, "memory": memory
        }  # fmt: skip
        for name, number in given.items():
            if number < least[name]:
                raise ValueError(f"{name} must be at least {least[name]}, got {number}.")
        if not 0 <= random <= 1:
            raise ValueError(f"random is a share of the compared teams in 0..1, got {random}.")
        self.space = space
        self.seed = seed
        self.random = random
        self.warm_up, self.elites, self.assembled = warm_up, elites, assembled
        self.teams: Decomposition = teams_of(space) if teams is None else teams
        self._encoder = Encoder(self.teams.species)
        self._log = Log()
        objectives = Objectives(objective)
        self._archive: TeamArchive | RungArchive = (
            RungArchive(objectives, memory, rungs)
            if len(rungs) > 1
            else TeamArchive(objectives, memory)
        )
        self._running: dict[int, Team] = {}
        self._finished: set[tuple[int, Fidelity]] = set()
        self._knowledge: _Knowledge | None = None

    def ask(self, count: int) -> list[Proposal]:
        """Return ``count`` proposals."""
        pending = list(self._running.values())

        def propose(number: int, taken: set[str]) -> Proposal:
            proposal = self._propose(number, taken, pending)
            team = self.teams.team(proposal.candidate)
            if team is not None:
                pending.append(team)
            return proposal

        return self._log.ask(count, propose)

    def tell(self, trial: Trial) -> None:
        """Record a trial; a judged one gives credit to its members."""
        self._log.tell(trial)
        candidate = trial.proposal.candidate
        if not self.space.contains(candidate):
            return
        team = self.teams.team(candidate)
        told = trial.number, trial.proposal.fidelity
        if team is None or told in self._finished:
            return
        if trial.state is State.RUNNING:
            self._running[trial.number] = team
            return
        self._finished.add(told)
        self._running.pop(trial.number, None)
        if self._archive.takes(trial):
            self._archive.add(trial, team)
            self._knowledge = None

    def credits(self) -> list[tuple[str, object, float]]:
        """Return (species, member, credit) of every member that served, in standard deviations of the scores.

        The best first; empty before there is credit.
        """
        known = self._learn()
        if known is None:
            return []
        found = []
        for place, species in enumerate(self.teams.species):
            members = list(dict.fromkeys(team[place] for team in known.teams))
            rows = self._rows(place, members, known)
            worth = known.credit.alone(place, rows).tolist()
            found += [(species.name, one, value) for one, value in zip(members, worth, strict=True)]
        return sorted(found, key=lambda one: -one[2])

    def partners(self, first: str, second: str) -> list[tuple[object, object, float]]:
        """Return (member, other's member, synergy): what pairs of two species add beyond what each adds alone.

        The best first; empty before there is credit.

        Raises:
            ValueError: There is no such species.
        """
        names = [one.name for one in self.teams.species]
        for name in (first, second):
            if name not in names:
                raise ValueError(f"The species are {names}, got {name!r}.")
        known = self._learn()
        if known is None:
            return []
        here, there = names.index(first), names.index(second)
        mine = list(dict.fromkeys(team[here] for team in known.teams))
        theirs = list(dict.fromkeys(team[there] for team in known.teams))
        both = known.credit.together(
            here, there, self._rows(here, mine, known), self._rows(there, theirs, known)
        )
        pairs = [
            (a, b, float(both[i, j])) for i, a in enumerate(mine) for j, b in enumerate(theirs)
        ]
        return sorted(pairs, key=lambda pair: -pair[2])

    def _rows(self, place: int, members: Sequence[object], known: _Knowledge) -> Floats:
        """Return members of one species as the credit sees them."""
        like = known.teams[0]
        teams = [(*like[:place], one, *like[place + 1 :]) for one in members]
        return self._encoder.encode(teams, known.teams)[place]

    def _propose(self, number: int, taken: set[str], pending: Sequence[Team]) -> Proposal:
        known = self._learn() if number >= self.warm_up else None
        if known is not None:
            found = self._assembled(number, known, taken, pending)
            if found is not None:
                return found
        rngs = (
            generator(self.seed, "coevolution", number, redraw) for redraw in range(1 + REDRAWS)
        )
        samples = (Proposal(self.teams.sample(rng), origin="coevolution:random") for rng in rngs)
        return self._log.fresh(samples, taken)

    def _assembled(
        self, number: int, known: _Knowledge, taken: set[str], pending: Sequence[Team]
    ) -> Proposal | None:
        """Return the most promising team that is legal and new; ``None`` if none of those compared is."""
        rng = generator(self.seed, "coevolution", number, "assembly")
        parents = known.served[: self.elites]
        offers = pool(
            self.teams.species,
            [one.team for one in parents],
            known.teams,
            self.assembled,
            rng,
            self.random,
        )
        rows = self._encoder.encode([one.team for one in offers], known.teams)
        promise = self._promise(rows, known, pending)
        for place in np.argsort(-promise, kind="stable").tolist():
            offer = offers[place]
            candidate = self.teams.candidate(offer.team)
            if candidate is None or self._log.knows(candidate, taken):
                continue
            if not self.space.contains(candidate):
                continue
            parent = None if offer.parent is None else parents[offer.parent].trial.number
            return Proposal(candidate, parent=parent, origin=f"coevolution:{offer.origin}")
        return None

    def _promise(
        self, rows: Sequence[Floats], known: _Knowledge, pending: Sequence[Team]
    ) -> Floats:
        credit = known.credit
        best = float(known.scores.max())
        if pending:
            credit = self._with_pending(known, pending)
        mean, deviation = credit.predict(rows)
        promise = expected_improvement(mean, deviation, best)
        if known.feasible is not None:
            mean, deviation = known.feasible.predict(rows)
            promise = promise * normal_share(mean / deviation)
        return promise

    def _with_pending(self, known: _Knowledge, pending: Sequence[Team]) -> Credit:
        """Return the credit as if running teams had scored what is expected (Ginsbourger et al. 2010's believer)."""
        rows = self._encoder.encode(pending, known.teams)
        expected, _ = known.credit.predict(rows)
        joined = [np.concatenate(pair) for pair in zip(known.credit.members, rows, strict=True)]
        return learn(joined, np.concatenate([known.scores, expected]), known.credit.sharpness)

    def _learn(self) -> _Knowledge | None:
        """Return what the judged teams teach; ``None`` while they are too few."""
        if self._knowledge is None and len(self._archive) >= LEAST:
            served, places = self._archive.learnable()
            teams = [one.team for one in served]
            scores = normal_scores(places)
            credit = learn(self._encoder.encode(teams, teams), scores)
            labels, feasible = self._archive.feasibility(), None
            if labels is not None:
                everyone = [one.team for one in self._archive.ranked()]
                feasible = learn(self._encoder.encode(everyone, teams), labels)
            self._knowledge = _Knowledge(served, teams, scores, credit, feasible)
        return self._knowledge
