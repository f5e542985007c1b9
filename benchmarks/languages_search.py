"""One competitive search for a network that decides a language, and how far its rule carries."""

import time
from dataclasses import dataclass

from coeval.architecture.component import Settings
from coeval.evaluate.language import LanguageEvaluator
from coeval.evaluate.language_snap import errors
from coeval.evaluate.protocol import never_stop
from coeval.space.product import ProductSpace
from coeval.space.recurrent import Cell, RecurrentSpace
from coeval.strategy.competitive import CompetitiveCoevolution
from coeval.strategy.competitive_options import Competition
from coeval.task.language import (
    Language,
    distant_examples,
    distant_lengths,
    training_examples,
)
from coeval.trial import Trial, finish

UNITS = {"parity": 2, "a^n b^n": 2, "Dyck-1": 2, "binary addition": 3}
"""Units of every cell, by language: enough for the known constructions with rectifiers."""
PART = "network"


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a search found.

    Attributes:
        space: Whose member the network is.
        network: The champion.
        solved: Whether it decides every training word, checked on all of them.
        symbols: Read in all, checks and challenges included.
        trials: Made in all.
        seconds: Processor time.
    """

    space: RecurrentSpace
    network: Settings
    solved: bool
    symbols: float
    trials: int
    seconds: float


def find(
    cell: Cell,
    language: Language,
    seed: int,
    options: Competition,
    *,
    generations: int = 10**9,
    symbols: float = float("inf"),
    step: float = 0.5,
) -> Outcome:
    """Search until a network decides every training word, or a budget ends."""
    began = time.process_time()
    net = RecurrentSpace(cell, len(language.channels[0]), UNITS[language.name], step)
    words = training_examples(language)
    judge = LanguageEvaluator(language, words, net)
    strategy = CompetitiveCoevolution(ProductSpace({PART: net}), len(words.words), seed, options)
    told, spent = 0, 0.0
    while len(strategy.generations) < generations and spent < symbols:
        asked = strategy.ask(10**6)
        if not asked:
            break
        trials = [Trial(told + place, one) for place, one in enumerate(asked)]
        told += len(trials)
        for trial in trials:
            strategy.tell(trial)
        measured = dict(judge.evaluate(trials, never_stop))
        for trial in trials:
            spent += measured[trial.number].cost.get("symbols", 0.0)
            strategy.tell(finish(trial, measured[trial.number]))
    network = strategy.champion.part(PART)
    solved = errors(net, [network], language, words) == [0]
    return Outcome(net, network, solved, spent, told, time.process_time() - began)


def carries(found: Outcome, language: Language, length: int | None = None) -> bool:
    """Return whether the network decides every distant word, up to 16 times the training length or of one length."""
    lengths = distant_lengths(language) if length is None else (length,)
    return all(
        errors(found.space, [found.network], language, distant_examples(language, one)) == [0]
        for one in lengths
    )
