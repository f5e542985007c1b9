"""How well networks decide a formal language: a whole batch of candidates in one pass over the words.

A trial may be judged on a few words only: ``cases`` then names them, ``"strings:3,17"``. Its measurement
says which were decided rightly, one bit a word, so that a strategy can see which words tell candidates apart.
"""

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from coeval.architecture.component import Settings
from coeval.errors import SpaceError
from coeval.evaluate.protocol import STOPPED, Report
from coeval.evaluate.recurrent import Reading, answers, arrange, networks
from coeval.space.recurrent import RecurrentSpace
from coeval.task.language import Examples, Language
from coeval.trial import Failure, Measurement, Proposal, Reason, Trial

KIND = "strings"
"""What ``cases`` begins with."""
_OVERFLOW = Failure(Reason.REFUSED, "A state is not finite at the end of some word.")
_KEPT = 8  # arranged subsets kept; a strategy shows one to a whole generation


@dataclass(frozen=True, slots=True, eq=False)
class LanguageEvaluator:
    """Counts the words that a network decides wrongly.

    Values: ``error_rate``, the share of words decided wrongly; ``balanced_error``, the mean of both classes'
    shares; ``worst``, 1 where any word is, else 0. Cost: ``symbols``, the words' lengths together.
    Data: ``passed``, one bit a word in the order of the cases, packed (first word highest) and in hexadecimal.

    Attributes:
        language: Gives the symbols' channels.
        examples: The words.
        space: What the part ``space.part`` of candidates means.

    Raises:
        SpaceError: The space reads another number of channels than the language has.
        DataError: There are no words.
    """

    language: Language
    examples: Examples
    space: RecurrentSpace
    _readings: dict[str | None, tuple[list[int], Reading]] = field(
        default_factory=dict, init=False, repr=False
    )

    def __post_init__(self) -> None:
        channels = len(self.language.channels[0])
        if self.space.channels != channels:
            raise SpaceError(
                f"{self.language.name} has {channels} channels, got a space for {self.space.channels}. "
                f"Make it with channels={channels}."
            )

    def evaluate(
        self, trials: Sequence[Trial], report: Report
    ) -> Iterator[tuple[int, Measurement]]:
        """Yield each trial's measurement; trials of equal cases are read together."""
        groups: dict[str | None, list[Trial]] = {}
        for trial in trials:
            groups.setdefault(trial.proposal.cases, []).append(trial)
        for cases, group in groups.items():
            try:
                chosen, reading = self._reading(cases)
                genotypes = [_genotype(one, self.space.part) for one in group]
            except SpaceError as error:
                wrong = Measurement(failure=Failure(Reason.ERROR, str(error)))
                yield from ((trial.number, wrong) for trial in group)
                continue
            began = time.perf_counter()
            answer = answers(self.space, networks(self.space, genotypes), reading)
            seconds = (time.perf_counter() - began) / len(group)
            yield from self._measure(group, chosen, answer, seconds, report)

    def bucket(self, proposal: Proposal) -> str:
        """Return the cases: candidates judged on the same words are read together."""
        return proposal.cases or "all"

    def _measure(
        self,
        trials: Sequence[Trial],
        chosen: list[int],
        answer: npt.NDArray[np.float64],
        seconds: float,
        report: Report,
    ) -> Iterator[tuple[int, Measurement]]:
        labels = np.array([self.examples.labels[place] for place in chosen])
        passed = (answer > 0) == labels
        finite = np.asarray(np.isfinite(answer).all(axis=1))
        symbols = float(sum(len(self.examples.words[place]) for place in chosen))
        cost = {"symbols": symbols, "seconds": seconds}
        packed = np.packbits(passed, axis=1)
        rates = 1.0 - passed.mean(axis=1)
        balanced = _balanced_errors(passed, labels)
        for place, trial in enumerate(trials):
            rate = float(rates[place])
            values = {
                "error_rate": rate,
                "balanced_error": float(balanced[place]),
                "worst": float(rate > 0),
            }
            if not finite[place]:
                yield trial.number, Measurement(cost=cost, failure=_OVERFLOW)
            elif not report(trial.number, 1, values):
                yield trial.number, Measurement(cost=cost, failure=STOPPED)
            else:
                data = {"passed": packed[place].tobytes().hex()}
                yield trial.number, Measurement(values, cost=cost, data=data)

    def _reading(self, cases: str | None) -> tuple[list[int], Reading]:
        if cases not in self._readings:
            chosen = chosen_cases(cases, len(self.examples.words), KIND)
            words = [self.examples.words[place] for place in chosen]
            if len(self._readings) >= _KEPT:
                self._readings.pop(next(iter(self._readings)))
            self._readings[cases] = (chosen, arrange(words, self.language.channels))
        return self._readings[cases]


def chosen_cases(cases: str | None, count: int, kind: str) -> list[int]:
    """Return the places that a proposal's cases name; all where there are none.

    Args:
        cases: Such as ``"strings:3,17"``.
        count: How many there are in all.
        kind: What the text must begin with.

    Raises:
        SpaceError: The text is of another form, or names a place that does not exist.
    """
    if cases is None:
        return list(range(count))
    start, _, places = cases.partition(":")
    try:
        chosen = [int(one) for one in places.split(",")]
    except ValueError:
        chosen = []
    if start != kind or not chosen or not 0 <= min(chosen) <= max(chosen) < count:
        raise SpaceError(
            f"Expected cases such as '{kind}:0,{count - 1}' with places in 0..{count - 1}, got {cases!r}."
        )
    return chosen


def _genotype(trial: Trial, part: str) -> Settings:
    genotype = trial.proposal.candidate.part(part)
    if not isinstance(genotype, tuple):
        raise SpaceError(f"Expected weights in the part {part!r}, got {type(genotype).__name__}.")
    return genotype


def _balanced_errors(
    passed: npt.NDArray[np.bool_], labels: npt.NDArray[np.bool_]
) -> npt.NDArray[np.float64]:
    shares = [passed[:, labels == one].mean(axis=1) for one in (True, False) if one in labels]
    balanced: npt.NDArray[np.float64] = 1.0 - np.mean(shares, axis=0)
    return balanced
