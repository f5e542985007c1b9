"""Which candidates a surrogate looks at: those around the best, and samples from anywhere."""

from collections.abc import Callable, Container, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice

import numpy as np
import numpy.typing as npt

from coeval.seed import generator
from coeval.space.digest import candidate_digest
from coeval.space.features import Features, features
from coeval.space.protocol import Candidate, CandidateSpace, Child, Move
from coeval.strategy.signals import Signal, Signals, place_of
from coeval.trial import Trial

Floats = npt.NDArray[np.float64]

CHILDREN = 48
"""A neighbourhood up to this size is listed in full; of a larger one, so many mutations are drawn."""
SAMPLES = 200
FRESH = 2
"""Samples that make way for new ones with each trial: old ones cost nothing to look at again."""
WIDE, PICKED = 1000, 100
"""Further samples that signals which are believed are asked about, and how many of these join."""


@dataclass(frozen=True, slots=True, eq=False)
class Entry:
    """A candidate that may be proposed.

    Attributes:
        candidate: It.
        digest: Its name.
        features: What the model sees of it.
        scores: ``(signals,)`` what the signals say of it.
        parent: Number of the trial that it is near to, if any.
        moves: What leads there.
    """

    candidate: Candidate
    digest: str
    features: Features
    scores: Floats
    parent: int | None = None
    moves: tuple[Move, ...] = ()


class Pool:
    """Candidates to choose from, with their features; what it remembers can be made again from the log.

    Args:
        space: Whose neighbours, mutations and samples they are.
        seed: Below which every draw has its address.
        signals: What else is said about candidates.

    Raises:
        SpaceError: The space has no neighbours to offer; it says why.
    """

    def __init__(self, space: CandidateSpace, seed: int, signals: Mapping[str, Signal]) -> None:
        self._space = space
        self._seed = seed
        probe = space.sample(generator(seed, "surrogate", "probe"))
        around = sum(1 for _ in islice(space.neighbours(probe), CHILDREN + 1))
        self._is_listed = 0 < around <= CHILDREN
        self._children: dict[int, list[Entry]] = {}
        self._samples: dict[int, Entry] = {}
        self._wide: list[tuple[Candidate, Floats]] = []
        self._picked: dict[int, Entry] = {}
        reference = [self._drawn("pool", index) for index in range(SAMPLES)] if signals else []
        self.signals = Signals(signals, reference, seed)

    def entry(self, candidate: Candidate) -> Entry:
        """Return an entry for any candidate."""
        return self._entry(Child(candidate, ()), None)

    def around(self, centres: Sequence[Trial], number: int) -> list[Entry]:
        """Return what may be proposed as a trial of this number: first what is near the centres, in their order."""
        self._children = {
            one.number: self._children.get(one.number) or self._near(one) for one in centres
        }
        near = [entry for one in centres for entry in self._children[one.number]]
        window = range(FRESH * number, FRESH * number + SAMPLES)
        self._samples = {index: self._samples.get(index) or self._sample(index) for index in window}
        return [*near, *self._samples.values()]

    def best_said(self, gain: Callable[[Floats], Floats | None]) -> list[Entry]:
        """Return the samples that signals favour most, among many; none where they are not believed.

        Args:
            gain: From ``(candidates, signals)`` scores to what is expected of them.
        """
        if gain(np.zeros((1, len(self.signals)))) is None:
            return []
        if not self._wide:
            drawn = [self._drawn("wide", index) for index in range(WIDE)]
            self._wide = [(one, self.signals.scores(one)) for one in drawn]
        expected = gain(np.array([scores for _, scores in self._wide]))
        assert expected is not None
        places = [int(place) for place in np.argsort(-expected, kind="stable")[:PICKED]]
        for place in places:
            if place not in self._picked:
                self._picked[place] = self.entry(self._wide[place][0])
        return [self._picked[place] for place in places]

    def spread(self, rank: float, digests: Container[str]) -> Entry:
        """Return the sample at a share of the signals' range, the least being 0, among those not in ``digests``."""
        self.around([], 0)
        free = [one for one in self._samples.values() if one.digest not in digests]
        entries = free or list(self._samples.values())
        return entries[place_of(rank, np.array([one.scores for one in entries]))]

    def _near(self, centre: Trial) -> list[Entry]:
        candidate = centre.proposal.candidate
        children: Iterable[Child[Candidate]]
        if self._is_listed:
            children = self._space.neighbours(candidate)
        else:
            rng = generator(self._seed, "surrogate", "children", centre.number)
            children = [self._space.mutate(candidate, rng) for _ in range(CHILDREN)]
        return [self._entry(child, centre.number) for child in children if child.moves]

    def _sample(self, index: int) -> Entry:
        return self.entry(self._drawn("pool", index))

    def _drawn(self, use: str, index: int) -> Candidate:
        return self._space.sample(generator(self._seed, "surrogate", use, index))

    def _entry(self, child: Child[Candidate], parent: int | None) -> Entry:
        candidate = child.genotype
        digest = candidate_digest(candidate)
        return Entry(
            candidate,
            digest,
            features(self._space, candidate),
            self.signals.scores(candidate),
            parent,
            child.moves,
        )
