"""An independent softmax for each decision: NATS-Bench's REINFORCE policy (Dong et al. 2021, arXiv:2009.00437).

It knows nothing of how decisions depend on each other, and so has little to learn: what the recurrent policy is to
be compared with.
"""

from collections.abc import Sequence

import numpy as np

from coeval.strategy.policy import (
    Choice,
    Decisions,
    Floats,
    Path,
    Slot,
    choice_loss,
    drawn,
    softmax,
)
from coeval.strategy.policy_adam import Adam


class IndependentPolicy:
    """Logits by slot, all zero at first.

    Args:
        decisions: Of the space.
        lr: Step size of Adam.
    """

    def __init__(self, decisions: Decisions, lr: float) -> None:
        self._decisions = decisions
        self._adam: Adam[Slot] = Adam(lr)
        self._logits: dict[Slot, Floats] = {}

    def draw(self, rng: np.random.Generator) -> Path:
        """Return a complete path drawn from the policy."""
        return self._decisions.walk(lambda slot: drawn(softmax(self._at(slot)), rng))

    def learn(self, choices: Sequence[Choice], advantage: float, entropy: float) -> None:
        """Make choices likelier, as far as the advantage is positive, and options more even."""
        gradients = {
            one.slot: choice_loss(self._at(one.slot), one.index, advantage, entropy)[1]
            for one in choices
        }
        self._adam.step(self._logits, gradients)

    def _at(self, slot: Slot) -> Floats:
        return self._logits.setdefault(slot, np.zeros(len(slot.options)))
