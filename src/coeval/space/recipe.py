"""The training recipe: how a network is trained, as named choices."""

from collections.abc import Mapping
from dataclasses import dataclass

from coeval.architecture.component import Setting, Value

RECIPE: tuple[Setting, ...] = (
    Setting("optimizer", ("adamw", "nadamw", "sgd"), "adamw"),
    Setting(
        "lr",
        (1e-4, 3e-4, 5e-4, 1e-3, 2e-3, 4e-3, 8e-3, 1.6e-2, 4e-2),
        2e-3,
        bounds=(1e-6, 1.0),
    ),
    Setting("schedule", ("constant", "cosine", "flat_cosine"), "cosine"),
    Setting("weight_decay", (0.0, 1e-4, 1e-3, 1e-2, 3e-2, 1e-1), 1e-2, bounds=(0.0, 1.0)),
    Setting("batch_size", (32, 64, 128, 256, 512, 1024), 256, bounds=(1, 65536)),
    Setting("epochs", (8, 16, 32, 64, 128, 256), 64, bounds=(1, 10000)),
    Setting("label_smoothing", (0.0, 0.05, 0.1), 0.0, bounds=(0.0, 0.5)),
)


@dataclass(frozen=True, slots=True)
class Recipe:
    """A recipe's settings by name; ``epochs`` is the most that training may take, early stopping may take less."""

    optimizer: str = "adamw"
    lr: float = 2e-3
    schedule: str = "cosine"
    weight_decay: float = 1e-2
    batch_size: int = 256
    epochs: int = 64
    label_smoothing: float = 0.0

    @classmethod
    def of(cls, settings: Mapping[str, Value]) -> "Recipe":
        """Return the recipe of a genotype's settings."""
        return cls(**settings)  # type: ignore[arg-type]
