"""Exhaustive search: every member of the space in its own order, each normal form once, with a certificate."""

import math
from collections import Counter, deque
from collections.abc import Iterator, Sequence

from coeval.errors import SpaceError
from coeval.space.digest import candidate_digest
from coeval.space.protocol import Candidate, Space
from coeval.strategy.archive import Archive
from coeval.strategy.certificate import Certificate
from coeval.strategy.log import Log
from coeval.strategy.objectives import Objectives, violation
from coeval.trial import Objective, Proposal, State, Trial

MOST = 1_000_000
"""Members that are enumerated unless the caller wants more: a day, at a tenth of a second each."""
UNITS = (("years", 31_557_600), ("days", 86_400), ("hours", 3_600), ("minutes", 60), ("seconds", 1))


class Exhaustive:
    """Proposes what was not tried yet, in the space's order, and nothing more at the end.

    A candidate whose normal form was told, by whomever, is skipped; a failed one is not tried again. Every member
    is enumerated once in the life of an object, a resumed one included: telling takes constant time, and the
    first ``ask`` after a resume passes over the told ones in one sweep.

    Args:
        space: Enumerable, of at most ``most`` members.
        objective: What is optimised; several for the exact front.
        seed: Not used, as nothing is drawn; here as in every strategy.
        most: Members that it dares to enumerate.
        seconds: What one evaluation takes, if known: for the error that says how long all would take.

    Raises:
        SpaceError: The space is not enumerable, or too large.
    """

    def __init__(
        self,
        space: Space[Candidate],
        objective: Objective | Sequence[Objective],
        seed: int = 0,
        *,
        most: int = MOST,
        seconds: float | None = None,
    ) -> None:
        self.size = space.size()
        if self.size > most:
            raise SpaceError(_too_large(self.size, most, seconds))
        self.space, self.seed = space, seed
        self._objectives = Objectives(objective)
        self._log = Log()
        self._measured: set[str] = set()
        self._archive = Archive(self._objectives)
        self._failed: set[str] = set()
        self._running: set[str] = set()
        self._members: Iterator[Candidate] = iter(space)
        self._passed: Counter[str] = Counter()
        self._ahead: deque[Candidate] = deque()
        self._enumerated = 0
        self._is_complete = False

    def ask(self, count: int) -> list[Proposal]:
        """Return the next ``count`` candidates of new normal forms; fewer at the end."""
        self._pass()
        proposals: list[Proposal] = []
        taken: set[str] = set()
        place = 0
        while len(proposals) < count and (place < len(self._ahead) or self._look_ahead()):
            candidate = self._ahead[place]
            place += 1
            if not self._log.knows(candidate, taken):
                taken.add(candidate_digest(candidate))
                proposals.append(Proposal(candidate, origin="exhaustive"))
        return proposals

    def tell(self, trial: Trial) -> None:
        """Record a trial under its normal form."""
        is_new = self._log.tell(trial)
        digest = candidate_digest(trial.proposal.candidate)
        if trial.state is State.RUNNING:
            if is_new:
                self._running.add(digest)
        else:
            self._running.discard(digest)
            self._finish(trial, digest)
        if is_new:
            self._pass()

    def certificate(self) -> Certificate:
        """Return what is known of the space by now; a fresh object told the same log returns the same."""
        self._pass()
        classes = set(self._passed)
        measured = classes & self._measured
        running = (classes & self._running) - measured
        failed = (classes & self._failed) - measured - running
        known = sum(self._passed[digest] for digest in measured)
        best = [one for one in self._archive.trials if violation(one) == 0]
        return Certificate(
            size=self.size,
            enumerated=self._enumerated,
            complete=self._is_complete,
            classes=len(classes),
            measured=len(measured),
            failed=len(failed),
            running=len(running),
            partial=len(classes - measured - running - failed),
            share=known / max(1, self._enumerated if self._is_complete else self.size),
            best=tuple([one.number for one in best]),
            values=tuple([self._values(one) for one in best]),
        )

    def _finish(self, trial: Trial, digest: str) -> None:
        if trial.state is State.FAILED:
            self._failed.add(digest)
        elif self._objectives.is_judged(trial) and digest not in self._measured:
            self._measured.add(digest)
            self._archive.add(trial)

    def _values(self, trial: Trial) -> tuple[tuple[str, float], ...]:
        values = trial.measurement.values if trial.measurement is not None else {}
        return tuple([(one.name, values[one.name]) for one in self._objectives.all])

    def _look_ahead(self) -> bool:
        """Take one more member from the space; return whether there was one."""
        for candidate in self._members:
            self._ahead.append(candidate)
            return True
        self._is_complete = not self._ahead
        return False

    def _pass(self) -> None:
        """Pass the members whose normal form was told, up to the first that was not.

        It keeps step with the log, so that the digest of a member that was just told is still cached.
        """
        while self._ahead or self._look_ahead():
            if not self._log.knows(self._ahead[0], set()):
                return
            self._passed[candidate_digest(self._ahead.popleft())] += 1
            self._enumerated += 1


def _too_large(size: int, most: int, seconds: float | None) -> str:
    each = 1.0 if seconds is None else seconds
    total = math.log10(size) + math.log10(max(each, 1e-9))
    rate = f"at {each:g} s an evaluation" + ("" if seconds is not None else ", say,")
    return (
        f"Exhaustive search enumerates at most {most:,} members, this space has {_count(size)}: {rate} "
        f"that would take {_duration(total)}. Restrict the space, raise most, or use a strategy that samples."
    )


def _count(size: int) -> str:
    """Return a number in full, or its power of ten where nobody would read it."""
    return f"{size:,}" if size < 10**15 else f"about 10^{int(math.log10(size))}"


def _duration(power: float) -> str:
    """Return 10 to ``power`` seconds in a unit that a person can grasp."""
    unit, seconds = next(
        ((name, length) for name, length in UNITS if power >= math.log10(length)), UNITS[-1]
    )
    power -= math.log10(seconds)
    if power > 9:
        return f"about 10^{int(power)} {unit}"
    return f"{10**power:,.0f} {unit}" if power >= 2 else f"{10**power:.3g} {unit}"
