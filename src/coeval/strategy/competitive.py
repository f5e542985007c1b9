"""Competitive coevolution: candidates against tests that are chosen for telling candidates apart.

A generation of candidates meets a small set of tests; both sides are then renewed (Hillis 1990,
doi:10.1016/0167-2789(90)90076-2; Rosin & Belew 1997, doi:10.1162/evco.1997.5.1.1). The answer is never
selected on those tests alone: the generation's best challenges the champion on the others, in killer
order, up to the first loss.
"""

from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from coeval.seed import generator
from coeval.space.protocol import Candidate, Space
from coeval.strategy.competitive_bank import Bank
from coeval.strategy.competitive_breeding import Member, children, samples
from coeval.strategy.competitive_champion import (
    History,
    expected_failure,
    expected_rate,
    killer_order,
    no_history,
)
from coeval.strategy.competitive_options import Competition, Concept
from coeval.strategy.competitive_tests import shared_fitness
from coeval.strategy.log import Log
from coeval.trial import Proposal, State, Trial

_CHUNK = 8  # tests of a challenge's first trial; each further trial asks twice as many


@dataclass(frozen=True, slots=True)
class Generation:
    """What is reported of a generation, for the known failures of coevolution.

    Attributes:
        pass_rate: Share of (candidate, test) pairs that were passed.
        engaged: Share of its tests whose pass rate lies in 0.1..0.9; near 0 both sides have disengaged.
        forgotten: Share of its tests from the hall of fame that its best candidate fails; where it
            stays high, the search runs in circles.
        champion_failures: Tests that the champion is known to fail.
        champion_untested: Tests that the champion has not met.
    """

    pass_rate: float
    engaged: float
    forgotten: float
    champion_failures: int
    champion_untested: int


@dataclass(slots=True, eq=False)
class _Round:
    """Trials that are waited for together: a generation, a step of a challenge, or a check on all tests."""

    stage: str
    members: list[Member]
    tests: list[int]
    proposals: list[Proposal]
    places: dict[int, int] = field(default_factory=dict)  # trial number -> place
    results: dict[int, npt.NDArray[np.bool_]] = field(default_factory=dict)


class CompetitiveCoevolution:
    """Searches for a candidate that passes every test, or as many as possible.

    The evaluator's ``data["passed"]`` must hold one bit a test in the order of the cases, packed, the
    first test highest, and in hexadecimal, as ``LanguageEvaluator`` gives it. A failed trial passed
    nothing. The search is finished, and asks no more, once a candidate has passed all tests.

    Attributes:
        champion: The candidate to return, by the solution concept, from incomplete knowledge.
        generations: What is reported of each.

    Args:
        space: Where to sample, mutate and cross.
        tests: How many tests there are.
        seed: Below which every draw has its address: the number of the next trial.
        options: How candidates and tests meet.

    Raises:
        ValueError: There are no tests.
    """

    def __init__(
        self,
        space: Space[Candidate],
        tests: int,
        seed: int = 0,
        options: Competition = Competition(),  # noqa: B008 - an immutable value
    ) -> None:
        if tests < 1:
            raise ValueError(f"tests must be at least 1, got {tests}.")
        self.space, self.tests, self.seed, self.options = space, tests, seed, options
        self.champion: Candidate | None = None
        self.generations: list[Generation] = []
        self._log = Log()
        self._bank = Bank(tests, options)
        self._histories: dict[Candidate, History] = {}
        self._carried: list[Member] = []  # in the population without being judged again
        self._ranked: list[Member] = []  # the last generation, best first
        self._fitness = np.zeros(0)  # in the same order
        self._guests: list[Member] = []
        self._finished = False
        self._round = self._fresh()

    @property
    def history(self) -> History:
        """Return what is known of the champion; nothing before the first generation."""
        if self.champion is None:
            return no_history(self.tests)
        return self._histories[self.champion]

    def ask(self, count: int) -> list[Proposal]:
        """Return what is left of this round; nothing while results are awaited, nor at the end."""
        if self._finished:
            return []
        first = len(self._round.places)
        return self._round.proposals[first : first + count]

    def tell(self, trial: Trial) -> None:
        """Record a trial; with its last result a round makes way for the next.

        Raises:
            ValueError: The measurement lacks the bits of its tests.
        """
        here = self._round
        place = len(here.places)
        if self._log.tell(trial) and here.proposals[place : place + 1] == [trial.proposal]:
            here.places[trial.number] = place
        if trial.state is State.RUNNING:
            return
        mine = here.places.get(trial.number)
        if mine is None:
            self._welcome(trial)
        elif mine not in here.results:
            here.results[mine] = _bits(trial, len(here.tests))
            if len(here.results) == len(here.proposals) and not self._finished:
                self._advance(here)

    def _welcome(self, trial: Trial) -> None:
        """Keep a candidate that others proposed (a seed, say) and that met all tests."""
        if trial.is_comparable:
            candidate = trial.proposal.candidate
            passed = _bits(trial, self.tests)
            self._histories[candidate] = no_history(self.tests).updated(range(self.tests), passed)
            self._guests.append(Member(candidate, "guest", trial.number))
            self._crown(candidate)
            self._finished = self._finished or bool(passed.all())

    def _advance(self, done: _Round) -> None:
        numbers = {place: number for number, place in done.places.items()}
        members = [
            Member(one.candidate, one.origin, numbers[place])
            for place, one in enumerate(done.members)
        ]
        if done.stage == "generation":
            self._after_generation(members, done)
            return
        leader, passed = members[0], done.results[0]
        history = self._histories[leader.candidate].updated(done.tests, passed)
        self._histories[leader.candidate] = history
        self._bank.met(done.tests, passed)
        self._crown(leader.candidate)
        if done.stage == "check":
            self._finished = not history.failures
            self._round = done if self._finished else self._breed()
        elif history.untested and history.failures <= self._limit():
            self._round = self._challenge(leader, 2 * len(done.tests))
        elif not history.untested and not history.failures:
            self._round = self._check(leader)  # as one trial on all tests, which others can compare
        else:
            self._round = self._close(leader)

    def _after_generation(self, judged: list[Member], done: _Round) -> None:
        members = [*self._carried, *judged]
        rows = [self._histories[one.candidate].passed[done.tests] for one in self._carried]
        passed = np.array([*rows, *(done.results[place] for place in range(len(judged)))])
        fitness = shared_fitness(passed)
        order = np.lexsort((-fitness, -passed.sum(axis=1)))
        self._ranked = [members[place] for place in order]
        self._fitness = fitness[order]
        blank = no_history(self.tests)
        known = {one: self._histories[one] for one in self._kept()}
        for one, row in zip(members, passed, strict=True):
            known[one.candidate] = known.get(one.candidate, blank).updated(done.tests, row)
        self._histories = known
        self._bank.observe(done.tests, passed[order])
        leader = self._ranked[0]
        self._crown(leader.candidate)
        self._report(done.tests, passed[order])
        history = self._histories[leader.candidate]
        if len(done.tests) == self.tests:
            self._finished = not history.failures
            self._round = done if self._finished else self._breed()
        elif history.untested and history.failures <= self._limit():
            self._round = self._challenge(leader, _CHUNK)
        else:
            self._round = self._close(leader)

    def _close(self, leader: Member) -> _Round:
        """Return a check on all tests where one is due, else the next generation."""
        due = len(self.generations) % self.options.check_every == 0
        if due and self._histories[leader.candidate].untested:
            return self._check(leader)
        return self._breed()

    def _limit(self) -> int:
        """Return how many tests a challenger may fail before it has lost."""
        if self.options.concept is Concept.WORST:
            return 0
        return self.tests if self.history.untested else self.history.failures

    def _crown(self, candidate: Candidate) -> None:
        """Make a candidate the champion if it is expected to be better."""
        if self.champion is None or self._expected(candidate) < self._expected(self.champion):
            self.champion = candidate

    def _expected(self, candidate: Candidate) -> tuple[float, float]:
        history, failing = self._histories[candidate], self._bank.failing
        rate = expected_rate(history, failing)
        if self.options.concept is Concept.ERROR_RATE:
            return rate, 0.0
        return expected_failure(history, failing), rate

    def _kept(self) -> set[Candidate]:
        """Return whose histories outlive a generation."""
        kept = {one.candidate for one in (*self._carried, *self._ranked, *self._guests)}
        kept |= {self.champion} if self.champion is not None else set()
        return kept & self._histories.keys()

    def _challenge(self, leader: Member, size: int) -> _Round:
        order = killer_order(self._bank.kills, self._histories[leader.candidate])
        return self._judge("challenge", [leader], order[:size])

    def _check(self, leader: Member) -> _Round:
        return self._judge("check", [leader], list(range(self.tests)))

    def _judge(self, stage: str, members: list[Member], tests: list[int]) -> _Round:
        cases = f"{self.options.kind}:{','.join(map(str, tests))}"
        whole = len(tests) == self.tests
        proposals = [
            Proposal(
                one.candidate,
                parent=one.parent,
                moves=one.moves,
                cases=None if whole else cases,
                origin=f"competitive:{one.origin if stage == 'generation' else stage}",
            )
            for one in members
        ]
        return _Round(stage, members, tests, proposals)

    def _fresh(self) -> _Round:
        """Return a generation of samples."""
        rng = generator(self.seed, "competitive", self._log.told)
        self._carried = []
        members = samples(self.space, self.options.population, rng, self._log)
        return self._judge("generation", members, self._bank.draw(rng))

    def _breed(self) -> _Round:
        """Return the next generation: the best, the champion, guests, and children of tournaments."""
        every = self.options.restart_every
        if every and len(self.generations) % every == 0:
            return self._fresh()
        rng = generator(self.seed, "competitive", self._log.told)
        stay = self._stay()
        count = max(1, self.options.population - len(stay))
        new = children(self.space, self._ranked, self._fitness, count, self.options, rng, self._log)
        tests = self._bank.draw(rng)
        known = len(tests) == self.tests  # whoever stays has met them all
        self._carried = stay if known else []
        return self._judge("generation", new if known else [*stay, *new], tests)

    def _stay(self) -> list[Member]:
        found = {one.candidate: one for one in (*self._ranked[: self.options.elite], *self._guests)}
        if self.champion is not None and self.options.elite:
            found.setdefault(self.champion, Member(self.champion, "elite"))
        self._guests = []
        return [Member(one.candidate, "elite", one.number, one.number) for one in found.values()]

    def _report(self, tests: list[int], passed: npt.NDArray[np.bool_]) -> None:
        hall = set(self._bank.hall)
        known = [place for place, test in enumerate(tests) if test in hall]
        self.generations.append(
            Generation(
                pass_rate=float(passed.mean()),
                engaged=self._bank.engaged,
                forgotten=float(1.0 - passed[0, known].mean()) if known else 0.0,
                champion_failures=self.history.failures,
                champion_untested=self.history.untested,
            )
        )


def _bits(trial: Trial, count: int) -> npt.NDArray[np.bool_]:
    """Return which of so many tests a finished trial passed; none if it failed."""
    measurement = trial.measurement
    if trial.state is State.FAILED or measurement is None:
        return np.zeros(count, dtype=bool)
    packed = measurement.data.get("passed")
    if not isinstance(packed, str) or len(packed) != 2 * -(-count // 8):
        raise ValueError(
            f"A competitive search needs data['passed'] of {count} bits, packed and in hexadecimal, from the "
            f"evaluator; trial {trial.number} has {packed!r}. Use one that gives it, such as LanguageEvaluator."
        )
    bits = np.frombuffer(bytes.fromhex(packed), dtype=np.uint8)
    return np.unpackbits(bits, count=count).astype(bool)
