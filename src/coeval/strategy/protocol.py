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
    - RUNNING, DONE and FAILED trials are told; RUNNING before the evaluation starts, unless each trial ends before
      the next ``ask``. A trial is told as RUNNING again without effect; it ends once, as DONE or as FAILED.
    - Any result may follow: a failure, a DONE trial without the objective's value or with one that is not finite,
      an infeasible one, also every time. None of them ends the search or is a parent, infeasible ones apart.
    - Trials that others proposed are told too, of any fidelity, cases and repeat. A strategy that proposes
      whole evaluations learns from those only (``Objectives.is_judged``).
    """

    def ask(self, count: int) -> list[Proposal]:
        """Return up to ``count`` proposals; fewer when it must wait for results, none also when it is finished."""
        ...

    def tell(self, trial: Trial) -> None:
        """Record a trial: RUNNING when it was numbered, DONE or FAILED when it finished."""
        ...
