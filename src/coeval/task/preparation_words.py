"""Target encoding of texts: a text becomes what its words say of the target.

A ridge regression (Hoerl & Kennard 1970, doi:10.1080/00401706.1970.10488634) of the target on the counts of hashed words, and of pairs of
neighbours where asked for, each row's divided by the root of their number; one for each output. Trees, which cannot read tokens, and networks,
which learn a table of words slowly, get its answer as a number. As of categories (``preparation_target``) a row that is learnt from must not see
its own target: its number comes from the other folds.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from coeval.task.groups import Groups
from coeval.task.preparation_target import (
    LARGEST,
    Effects,
    Mask,
    answers_of,
    from_others,
    spread_of,
)
from coeval.task.preparation_text import Ids, TextHash
from coeval.task.table import Column, Kind
from coeval.task.task import Index, Target

BUCKETS = 2**15
"""Of words. Of 2**10, 2**12 and 2**14 the answer alone had a log loss of .58, .49 and .44 on the test rows of SST-2, .63, .48 and .42 on those of TREC-6."""
WORDS = 64
"""Of a text that are read, the first ones."""
PENALTY = 1.0
"""Of the squared weights, which no unit changes: with .3 and 3 it was within 10 % of that on these two, with 10 15 and 30 % worse."""
STEPS = 50
"""Of the solver at most (LSQR, Paige & Saunders 1982, doi:10.1145/355984.355989)."""
MOST_ROWS = 50_000
"""That effects are learnt from: more would take gigabytes, and say little more."""
CHUNK = 4096
"""Texts whose words are added up at once."""


@dataclass(frozen=True, slots=True, eq=False)
class WordEffects:
    """How one text column becomes numbers that speak of the target.

    Attributes:
        text: From the text to ids.
        effects: ``(ids, outputs)`` by how much a word raises the target, in units of its spread; 0 of padding.
    """

    text: TextHash
    effects: Effects

    @property
    def name(self) -> str:
        """Return the column's name."""
        return self.text.name

    @property
    def kind(self) -> Kind:
        """Return what the column holds."""
        return Kind.TEXT

    def transform(self, column: Column) -> Effects:
        """Return ``(rows, outputs)`` for rows to be predicted; 0 of a text without words."""
        return _added(self.text.of_levels(column), column.values, self.effects)

    def out_of_fold(
        self, column: Column, rows: Index, target: Target, groups: Groups | None = None
    ) -> Effects:
        """Return ``(rows, outputs)`` for the very rows to learn from, see ``from_others``."""
        ids, texts = self.text.of_levels(column), column.values[rows]
        answers = answers_of(target, rows)

        def encoded(own: Mask) -> Effects:
            effects = _effects(ids, texts[~own], answers[~own], len(self.effects))
            return _added(ids, texts[own], effects)

        return from_others(encoded, answers, groups)


def words_of(name: str, *, bigrams: bool) -> TextHash:
    """Return how a text column is read to be encoded."""
    return TextHash(name, BUCKETS, WORDS, bigrams)


def fit_words(text: TextHash, column: Column, rows: Index, target: Target) -> WordEffects:
    """Learn the effect of each word from the given rows.

    Args:
        text: As ``words_of`` gives it.
        column: All rows.
        rows: Indices of the rows to learn from.
        target: Of all rows.
    """
    ids, answers = text.of_levels(column), answers_of(target, rows)
    return WordEffects(text, _effects(ids, column.values[rows], answers, text.tokens.vocabulary))


def _added(ids: Ids, texts: npt.NDArray[Any], effects: Effects) -> Effects:
    """Return ``(texts, outputs)`` the sum of each text's effects, divided by the root of how many ids it has."""
    found = np.zeros((len(texts), effects.shape[1]), dtype=np.float32)
    for start in range(0, len(texts), CHUNK):
        own = ids[texts[start : start + CHUNK]]
        total = effects[own].sum(axis=1, dtype=np.float64)
        found[start : start + CHUNK] = total / _roots(own)[:, None]
    return found


def _effects(
    ids: Ids, texts: npt.NDArray[Any], answers: npt.NDArray[np.float64], size: int
) -> Effects:
    """Return ``(size, outputs)`` weights of the ridge regression on texts' ids, in units of the answers' spread."""
    # The driver imports this file, and need not wait for them.
    from scipy import sparse  # type: ignore[import-untyped]  # noqa: PLC0415
    from scipy.sparse.linalg import lsqr  # type: ignore[import-untyped]  # noqa: PLC0415

    step = max(1, -(-len(texts) // MOST_ROWS))
    ids, answers = ids[texts[::step]], answers[::step]
    row, place = np.nonzero(ids)
    counts = sparse.csr_matrix(
        (1.0 / _roots(ids)[row], (row, ids[row, place])), shape=(len(ids), size)
    )
    centred = answers - answers.mean(axis=0)
    each = [lsqr(counts, one, damp=PENALTY**0.5, iter_lim=STEPS)[0] for one in centred.T]
    effects = np.stack(each, axis=1) / spread_of(centred)
    return np.asarray(np.clip(effects, -LARGEST, LARGEST), dtype=np.float32)


def _roots(ids: Ids) -> npt.NDArray[np.float64]:
    """Return ``(rows,)`` the root of how many ids each row has, 1 where there are none."""
    return np.asarray(np.sqrt(np.maximum(np.count_nonzero(ids, axis=1), 1)))
