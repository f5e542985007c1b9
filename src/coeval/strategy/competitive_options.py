"""What a competitive search is told: whom its candidates meet, and what being best means."""

from dataclasses import dataclass
from enum import StrEnum


class Opponents(StrEnum):
    """Which tests a generation meets; the last two are controls."""

    COEVOLVED = "coevolved"
    RANDOM = "random"
    ALL = "all"


class Concept(StrEnum):
    """The solution concept: what the champion is best at. Without one, coevolution promises nothing."""

    WORST = "worst case over all tests"
    ERROR_RATE = "error rate over all tests"


@dataclass(frozen=True, slots=True)
class Competition:
    """How candidates and tests meet.

    Attributes:
        opponents: Coevolved, random or all tests each generation.
        concept: What the champion is best at.
        population: Candidates a generation.
        opponents_each: Tests a generation meets, unless all.
        random_share: Of these, the share drawn at random; a quarter to a half keeps the tests from
            specialising on the candidates at hand.
        tournament: Members that compete for being a parent.
        crossover: Probability that a child has two parents.
        elite: Best members that stay in the next generation; the champion stays too.
        check_every: After so many generations the best member meets all tests, whatever its opponents were.
        restart_every: After so many generations the population is drawn anew; 0: never.
        kind: What ``Proposal.cases`` calls the tests.

    Raises:
        ValueError: A number is out of its range.
    """

    opponents: Opponents = Opponents.COEVOLVED
    concept: Concept = Concept.WORST
    population: int = 200
    opponents_each: int = 40
    random_share: float = 0.4
    tournament: int = 5
    crossover: float = 0.3
    elite: int = 5
    check_every: int = 10
    restart_every: int = 0
    kind: str = "strings"

    def __post_init__(self) -> None:
        at_least = {"population": 2, "opponents_each": 1, "elite": 0, "check_every": 1}
        for name, least in {**at_least, "restart_every": 0}.items():
            if getattr(self, name) < least:
                raise ValueError(f"{name} must be at least {least}, got {getattr(self, name)}.")
        if not 1 <= self.tournament <= self.population:
            raise ValueError(
                f"tournament must lie in 1..population={self.population}, got {self.tournament}. "
                "Lower tournament or raise population."
            )
        if not self.elite < self.population:
            raise ValueError(
                f"elite must be below population={self.population}, got {self.elite}: somebody must be new."
            )
        for name in ("random_share", "crossover"):
            if not 0 <= getattr(self, name) <= 1:
                raise ValueError(f"{name} must lie in 0..1, got {getattr(self, name)}.")
