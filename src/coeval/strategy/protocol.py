"""The contract of every strategy: ask and tell, and the log is the state."""

from typing import Protocol

from coeval.trial import Proposal, Trial


class Strategy(Protocol):
    """Decides what to try next.

    - ``ask`` changes nothing but caches that can be derived from the log: asking twice asks the same.
    - ``tell`` only records; training never happens in a strategy.
    - A fresh object told the same log asks the same questions.
    - Randomness is addressed by (seed, trial number): the k-th proposal of an ``ask`` belongs to trial
      ``told + k``, where ``told`` counts the distinct trial numbers told so far.
    - RUNNING, DONE and FAILED trials are told; RUNNING before the evaluation starts.
    """

    def ask(self, count: int) -> list[Proposal]:
        """Return up to ``count`` proposals; fewer when it must wait for results, none also when it is finished."""
        ...

    def tell(self, trial: Trial) -> None:
        """Record a trial: RUNNING when it was numbered, DONE or FAILED when it finished."""
        ...
