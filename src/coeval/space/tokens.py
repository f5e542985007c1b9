"""The space of transformers over a table's columns: so many blocks of attention and a small MLP, and their sizes.

FT-Transformer (Gorishniy et al. 2021, arXiv:2106.11959, section 3.3), but for its extra token: the mean of all tokens is read instead.
"""

import itertools
from dataclasses import dataclass

from coeval.architecture.component import Component, Settings
from coeval.architecture.inference import infer
from coeval.architecture.step import Architecture, Step, sequence, step
from coeval.architecture.types import Columns
from coeval.component.attention import ATTENTION
from coeval.component.channel import DROPOUT, LINEAR, RELU
from coeval.component.grid import GLOBAL_AVERAGE_POOL
from coeval.component.norm import LAYER_NORM
from coeval.component.region import RESIDUAL
from coeval.component.tokens import TOKEN_ENTRY
from coeval.space.choices import ChoiceSpace
from coeval.space.limits import Limits
from coeval.space.protocol import Candidate
from coeval.space.slots import Slot, SlotSpace

HEADS = 4
WIDTHS, BLOCKS, WIDER, RATES = (16, 32, 64, 96), (1, 2, 3), (1, 2, 4), (0.0, 0.1, 0.2)
_SLOTS = (
    Slot("width", tuple(str(one) for one in WIDTHS)),
    Slot("blocks", tuple(str(one) for one in BLOCKS)),
    Slot("wider", tuple(str(one) for one in WIDER)),
    Slot("dropout", tuple(str(one) for one in RATES)),
)
_WANTED = tuple(
    (width, blocks, "2", "0.1") for width in ("64", "32", "16") for blocks in ("2", "1")
)
COMPONENTS = (
    *(TOKEN_ENTRY, RESIDUAL, LAYER_NORM, ATTENTION, DROPOUT, LINEAR, RELU, GLOBAL_AVERAGE_POOL),
)
"""Of these transformers, heads aside."""


@dataclass(frozen=True, slots=True)
class Transformers:
    """From one choice for each slot to the architecture, and back.

    Attributes:
        columns: Of the default preparation.
        head: The head of the task's problem.
        head_settings: Its settings.
    """

    columns: Columns
    head: Component
    head_settings: Settings

    def assemble(self, picks: tuple[int, ...]) -> Architecture:
        """Return the architecture of these choices."""
        width, blocks = WIDTHS[picks[0]], BLOCKS[picks[1]]
        wider, rate = WIDER[picks[2]], RATES[picks[3]]
        looking = [step(LAYER_NORM, 0), step(ATTENTION, 1, heads=HEADS), *_dropout(rate, 2)]
        thinking = [
            step(LAYER_NORM, 0),
            step(LINEAR, 1, width=wider * width),
            step(RELU, 2),
            *_dropout(rate, 3),
        ]
        thinking.append(step(LINEAR, len(thinking), width=width))
        steps = [step(TOKEN_ENTRY, 0, width=width)]
        for _ in range(blocks):
            steps.append(step(RESIDUAL, len(steps), sequence(1, looking)))
            steps.append(step(RESIDUAL, len(steps), sequence(1, thinking)))
        for one in (GLOBAL_AVERAGE_POOL, LAYER_NORM, RELU):
            steps.append(step(one, len(steps)))
        steps.append(Step(self.head, self.head_settings, (len(steps),)))
        return Architecture((self.columns,), sequence(1, steps))

    def parse(self, architecture: Architecture) -> tuple[int, ...] | None:
        """Return the choices that an architecture seems to be made of."""
        steps = architecture.body.steps
        if steps[0].component != TOKEN_ENTRY or len(steps) < 3 or not steps[2].regions:
            return None
        body = steps[2].regions[0].steps
        if len(body) not in (4, 5) or body[1].component != LINEAR:
            return None
        width, wide = int(steps[0].setting("width")), int(body[1].setting("width"))
        rate = float(body[3].setting("rate")) if len(body) == 5 else 0.0
        blocks = sum(one.component == RESIDUAL for one in steps) // 2
        try:
            return (
                WIDTHS.index(width),
                BLOCKS.index(blocks),
                WIDER.index(wide // width),
                RATES.index(rate),
            )
        except ValueError:
            return None


def tokens_space(
    columns: Columns, head: Component, head_settings: Settings, limits: Limits
) -> SlotSpace | None:
    """Return the transformers that fit the limits; ``None`` where a table has texts, or none of them fits.

    Args:
        columns: Of the default preparation.
        head: The head of the task's problem.
        head_settings: Its settings.
        limits: Of a network's cost.
    """
    if columns.texts or not (columns.numeric or columns.categories):
        return None
    assembly = Transformers(columns, head, head_settings)
    every = itertools.product(*(range(len(slot.options)) for slot in _SLOTS))
    fitting = tuple(
        picks for picks in every if not limits.excess(infer(assembly.assemble(picks)).cost)
    )
    if not fitting:
        return None
    known = tuple({one.name: one for one in (*COMPONENTS, head)}.values())
    return SlotSpace(_SLOTS, assembly, "architecture", fitting, known)


def token_seeds(
    tokens: SlotSpace, preparation: ChoiceSpace, recipe: ChoiceSpace
) -> dict[str, Candidate]:
    """Return the transformer that an expert would start with, as large as fits.

    Args:
        tokens: The space of the part ``architecture``.
        preparation: The space of the part ``preparation``; its defaults are taken.
        recipe: The space of the part ``recipe``.
    """
    for wanted in _WANTED:
        picks = tuple(slot.options.index(one) for slot, one in zip(_SLOTS, wanted, strict=True))
        if picks in (tokens.only or ()):
            lr = {one.name: one for one in recipe.settings}["lr"]
            tuned = {"lr": 1e-3} if 1e-3 in lr.choices else {}
            found = Candidate(
                (
                    ("preparation", preparation.default()),
                    ("architecture", tokens.assemble(wanted)),
                    ("recipe", recipe.default(**tuned)),
                )
            )
            return {"ft_transformer": found}
    return {}


def _dropout(rate: float, value: int) -> list[Step]:
    return [step(DROPOUT, value, rate=rate)] if rate else []
