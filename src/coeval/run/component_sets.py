"""The component sets of coeval's own spaces, by name, and what the audit says of them."""

from collections.abc import Iterable, Iterator, Mapping

from coeval.architecture.component import Component
from coeval.architecture.step import Region
from coeval.architecture.types import Columns, Tokens
from coeval.component.head import CLASS_HEAD
from coeval.component.library import ENSEMBLE, ENTRIES, HEADS, IMAGE, SCALAR
from coeval.run.approximate_components import DEFAULT
from coeval.space import tokens
from coeval.space.presets import architectures
from coeval.space.tabular import TRUNK, sequence_space
from coeval.universality.audit import audit
from coeval.universality.describe import verdict_line

TABLES = tuple(dict.fromkeys((*ENTRIES, *TRUNK, *HEADS, *ENSEMBLE, *tokens.COMPONENTS)))
"""What ``coeval fit`` searches over for tables, transformers of long searches included."""
IMAGES = tuple(IMAGE.values())
"""What it searches over for images, all presets together."""
_ROW = Columns(4, (3,), (Tokens(8, 64),))


def component_sets() -> Mapping[str, tuple[Component, ...]]:
    """Return the components of each space, of each preset of the tables' space, and of the scalar spaces."""
    space = sequence_space(_ROW, CLASS_HEAD, CLASS_HEAD.complete({"classes": 3}), members=8)
    presets = {
        f"tables, preset {name}": tuple(dict.fromkeys(_used(one.body)))
        for name, one in architectures(space, small=True).items()
    }
    iterations = [one for one in SCALAR.values() if one.regions]
    return {
        "tables": TABLES,
        **presets,
        "images": IMAGES,
        "functions, default": tuple(SCALAR[name] for name in DEFAULT),
        "functions, without iteration": tuple(
            one for one in SCALAR.values() if one not in iterations
        ),
        "functions": tuple(SCALAR.values()),
    }


def recorded_verdict(components: Iterable[Component]) -> str:
    """Return the audit of a space's components in a line, for its capsule; nothing is executed."""
    return verdict_line(audit(components, execute=False))


def _used(region: Region) -> Iterator[Component]:
    for one in region.steps:
        yield one.component
        for inner in one.regions:
            yield from _used(inner)
