"""The contract of spaces, as checks that an outsider can run on his own.

Example:
    >>> from coeval.testing.fakes import ladder_space
    >>> check_space(ladder_space(settings=2, choices=3), leaves=100)
"""

import itertools
from typing import Any

import numpy as np

from coeval.errors import SpaceError
from coeval.seed import generator
from coeval.space.protocol import CandidateSpace, Child, Space
from coeval.testing.say import plain_json, refusing, require


def check_space(space: Space[Any], *, samples: int = 40, leaves: int = 0) -> None:
    """Check everything a space promises.

    Args:
        space: Under test.
        samples: How many genotypes the checks draw.
        leaves: Up to which size the decision tree is walked whole and compared with ``size``; 0: never.

    Raises:
        AssertionError: A promise is broken; the message says which.
    """
    drawn = check_samples(space, samples)
    check_moves(space, drawn)
    check_neighbours(space, drawn[: max(2, samples // 8)])
    check_json(space, drawn)
    check_encoding(space, drawn)
    check_decisions(space, min(samples, 10))
    check_order(space)
    if 0 < space.size() <= leaves:
        check_size(space)


def check_candidate_space(space: CandidateSpace, *, samples: int = 40) -> None:
    """Check a space of candidates: as ``check_space``, and its seeds and parts."""
    check_space(space, samples=samples)
    for name, candidate in space.seeds().items():
        require(space.contains(candidate), f"Seed {name!r} is no member of the space.")
    for candidate in check_samples(space, samples):
        names = [name for name, _ in candidate.parts]
        require(
            names == list(space.parts), f"A sample has the parts {names}, not {list(space.parts)}."
        )


def check_samples(space: Space[Any], samples: int) -> list[Any]:
    """Check that samples are members, equal where their seeds are, and hashable; return them."""
    drawn = [space.sample(generator(0, "sample", index)) for index in range(samples)]
    for index, genotype in enumerate(drawn):
        require(space.contains(genotype), f"Sample {index} is no member: {genotype}.")
        again = space.sample(generator(0, "sample", index))
        require(
            again == genotype, f"Sample {index} differs when it is drawn again from the same seed."
        )
        require(
            hash(again) == hash(genotype), f"Sample {index} is equal to another of another hash."
        )
    require(space.size() >= len(set(drawn)), "A space of fewer genotypes than its samples.")
    return drawn


def check_moves(space: Space[Any], drawn: list[Any]) -> None:
    """Check that mutation and crossover stay inside, say what they did, and depend on nothing but their seed."""
    for index, (genotype, other) in enumerate(itertools.pairwise(drawn)):
        child = space.mutate(genotype, generator(0, "mutate", index))
        _check_child(space, genotype, child, f"mutation {index}")
        again = space.mutate(genotype, generator(0, "mutate", index))
        require(
            again == child, f"Mutation {index} differs when it is made again from the same seed."
        )
        crossed = space.cross(genotype, other, generator(0, "cross", index))
        _check_child(space, genotype, crossed, f"crossover {index}")
        again = space.cross(genotype, other, generator(0, "cross", index))
        require(
            again == crossed, f"Crossover {index} differs when it is made again from the same seed."
        )
        twin = space.cross(genotype, genotype, generator(0, "twin", index))
        require(
            space.contains(twin.genotype), f"A crossover of {index} with itself left the space."
        )
    genotype = drawn[0]
    for index in range(len(drawn)):
        genotype = space.mutate(genotype, generator(0, "walk", index)).genotype
        require(space.contains(genotype), f"Step {index} of a random walk left the space.")


def check_neighbours(space: Space[Any], drawn: list[Any]) -> None:
    """Check that neighbours are members, other than the genotype, different, and in a fixed order."""
    for index, genotype in enumerate(drawn):
        found = list(itertools.islice(space.neighbours(genotype), 80))
        again = list(itertools.islice(space.neighbours(genotype), 80))
        require(
            found == again,
            f"The neighbours of sample {index} come in another order the second time.",
        )
        for child in found:
            require(child.genotype != genotype, f"Sample {index} is its own neighbour.")
            _check_child(space, genotype, child, f"neighbour of sample {index}")
        require(
            len({child.genotype for child in found}) == len(found),
            f"Sample {index} has a neighbour twice.",
        )


def check_json(space: Space[Any], drawn: list[Any]) -> None:
    """Check that genotypes survive a trip through JSON text, and that nonsense is refused."""
    for index, genotype in enumerate(drawn):
        value = plain_json(space.to_json(genotype))
        require(
            space.from_json(value) == genotype,
            f"Sample {index} is another after a trip through JSON.",
        )
    nonsense: Any
    for nonsense in (None, 3, "x", [], {"no such": 1}):
        with refusing(SpaceError, f"from_json took {nonsense!r} for a genotype."):
            space.from_json(nonsense)


def check_encoding(space: Space[Any], drawn: list[Any]) -> None:
    """Check that encodings are float64 vectors of one length, finite, and equal for equal genotypes."""
    length = len(space.encode(drawn[0]))
    for index, genotype in enumerate(drawn):
        vector = space.encode(genotype)
        require(
            vector.dtype == np.float64,
            f"The encoding of sample {index} is {vector.dtype}, not float64.",
        )
        require(
            vector.shape == (length,), f"The encoding of sample {index} has shape {vector.shape}."
        )
        require(
            bool(np.isfinite(vector).all()),
            f"The encoding of sample {index} holds NaN or infinity.",
        )
        require(
            bool((vector == space.encode(genotype)).all()), f"Sample {index} encodes in two ways."
        )


def check_decisions(space: Space[Any], walks: int, limit: int = 10_000) -> None:
    """Check on random walks that decisions end, that ``decide`` takes complete prefixes only, and gives members.

    A complete prefix may break a cost limit; ``decide`` must refuse it then.
    """
    for walk in range(walks):
        rng = generator(0, "decisions", walk)
        prefix: tuple[int, ...] = ()
        while options := space.decisions(prefix):
            require(
                len(set(options)) == len(options), f"Options occur twice after {prefix}: {options}."
            )
            require(len(prefix) < limit, f"More than {limit} decisions: they must end.")
            if len(prefix) < 3:
                with refusing(SpaceError, f"decide took the incomplete prefix {prefix}."):
                    space.decide(prefix)
                with refusing(
                    SpaceError, f"decide took an option that does not exist after {prefix}."
                ):
                    space.decide((*prefix, len(options)))
            prefix = (*prefix, int(rng.integers(len(options))))
        try:
            genotype = space.decide(prefix)
        except SpaceError:
            continue
        require(space.contains(genotype), f"The prefix {prefix} leads to {genotype}, no member.")


def check_order(space: Space[Any], count: int = 20) -> None:
    """Check that iteration yields different members, the same each time."""
    first = list(itertools.islice(iter(space), count))
    require(
        first == list(itertools.islice(iter(space), count)), "Iteration differs the second time."
    )
    require(len(set(first)) == len(first), "Iteration yields a genotype twice.")
    for genotype in first:
        require(space.contains(genotype), f"Iteration yields {genotype}, no member.")


def check_size(space: Space[Any]) -> None:
    """Check that ``size`` is the number of leaves of the decision tree, all different; walks the whole tree."""
    found = []
    refused = 0
    open_prefixes: list[tuple[int, ...]] = [()]
    while open_prefixes:
        prefix = open_prefixes.pop()
        options = space.decisions(prefix)
        if options:
            open_prefixes += [(*prefix, index) for index in reversed(range(len(options)))]
            continue
        try:
            found.append(space.decide(prefix))
        except SpaceError:
            refused += 1
    require(
        space.size() == len(found) + refused,
        f"size() says {space.size()}, the decisions lead to {len(found) + refused} genotypes.",
    )
    require(len(set(found)) == len(found), "Two prefixes lead to one genotype.")
    require(
        list(space) == found,
        "Iteration yields other genotypes than the decisions, or in another order.",
    )


def _check_child(space: Space[Any], parent: Any, child: Child[Any], what: str) -> None:
    require(space.contains(child.genotype), f"The {what} left the space: {child.genotype}.")
    if child.genotype == parent:
        return
    require(bool(child.moves), f"The {what} changed the genotype and names no move.")
    for move in child.moves:
        require(bool(move.name), f"A move of the {what} has no name.")
