"""ENAS's controller: the recurrent policy of REINFORCE, taught by shared weights (Pham et al. 2018, arXiv:1802.03268).

Of the published settings (section 3.2) the aggregation of samples, the entropy's weight and the moving baseline are kept;
the logits are not squashed, as the policy's small weights already begin near the uniform distribution.
"""

from collections.abc import Callable, Mapping

import numpy as np

from coeval.oneshot.members import Members, Picks
from coeval.space.product import ProductSpace
from coeval.space.slots import SlotSpace
from coeval.strategy.policy import Decisions, Path
from coeval.strategy.reinforce_network import RecurrentPolicy

SAMPLES = 10
"""Paths whose gradients are averaged in one step."""
ENTROPY = 1e-4
BASELINE = 0.95
"""Decay of the moving average of rewards (0.99 over the published 45,000 samples)."""


class Controller:
    """Draws paths, and learns which do well on the shared weights.

    Args:
        members: Of the opened space.
        seed: Below which its weights have their addresses.
        lr: Step size of Adam.
    """

    def __init__(self, members: Members, seed: int, lr: float) -> None:
        parts = members.open.space.parts.items()
        slotted = {name: one for name, one in parts if isinstance(one, SlotSpace)}
        self._members = members
        self._space = ProductSpace(slotted)
        self._decisions = Decisions(self._space)
        self._policy = RecurrentPolicy(self._decisions, seed, lr)
        self._baseline: float | None = None

    def draw(self, rng: np.random.Generator) -> Picks:
        """Return a member drawn from the policy."""
        return self._picks(self._policy.draw(rng))

    def learn(self, reward: Callable[[Picks, int], float], rng: np.random.Generator) -> None:
        """Draw ``SAMPLES`` paths and follow the mean of their policy gradients by one step.

        Args:
            reward: From a path and the number of its draw to how good it is.
            rng: Of the draws.
        """
        paths = [self._policy.draw(rng) for _ in range(SAMPLES)]
        rewards = [reward(self._picks(path), number) for number, path in enumerate(paths)]
        mean = float(np.mean(rewards))
        # The samples' own mean enters afterwards: a baseline must not know what it is compared with.
        known = mean if self._baseline is None else self._baseline
        lessons = [
            (self._decisions.choices(path), reward - known)
            for path, reward in zip(paths, rewards, strict=True)
        ]
        self._policy.learn_all(lessons, ENTROPY)
        self._baseline = BASELINE * known + (1 - BASELINE) * mean

    def state(self) -> dict[str, np.ndarray]:
        """Return all that the next draw and the next step depend on."""
        baseline = np.nan if self._baseline is None else self._baseline
        return {**self._policy.state(), "baseline": np.array(baseline)}

    def load(self, state: Mapping[str, np.ndarray]) -> None:
        """Go on from what ``state`` returned."""
        self._policy.load(state)
        baseline = float(state["baseline"])
        self._baseline = None if np.isnan(baseline) else baseline

    def _picks(self, path: Path) -> Picks:
        return self._members.picks(self._space.decide(path))
