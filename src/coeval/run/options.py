"""What a user asks of one run, as plain values that the capsule keeps."""

import dataclasses
import shlex
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from coeval.errors import RunError, did_you_mean


class Asked(Protocol):
    """What a user asks of networks and of the search, on the command line or as parameters of an estimator."""

    @property
    def strategy(self) -> str:
        """Return how to search."""

    @property
    def models(self) -> str:
        """Return which kinds of models compete on a table."""

    @property
    def preset(self) -> str | None:
        """Return the space of networks for images."""

    @property
    def policies(self) -> int:
        """Return the sub-policies of a searched augmentation policy."""

    @property
    def objective(self) -> str:
        """Return what is optimised."""

    @property
    def max_latency(self) -> str | None:
        """Return the longest time for one row, with its unit."""

    @property
    def max_parameters(self) -> str | int | None:
        """Return the most parameters."""

    @property
    def max_macs(self) -> str | int | None:
        """Return the most multiply-accumulates of a row."""

    @property
    def max_memory(self) -> str | None:
        """Return the most memory of a network at work, with its unit."""


@dataclass(frozen=True, slots=True)
class Options:
    """The options of ``coeval fit``; see ``coeval fit --help`` for each."""

    data: Path
    target: str | None
    out: Path
    budget: str = "5m"
    trials: int | None = None
    overwrite: bool = False
    metric: str | None = None
    problem: str | None = None
    kinds: str | None = None
    group: str | None = None
    time: str | None = None
    test: str = "split"
    preset: str | None = None
    cells_from: Path | None = None
    policies: int = 0
    models: str = "all"
    strategy: str = "evolution"
    objective: str = "score"
    max_latency: str | None = None
    max_parameters: str | int | None = None
    max_macs: str | int | None = None
    max_memory: str | None = None
    workers: int | None = None
    memory: str | None = None
    early_end: bool = True
    ensemble: bool = True
    device: str = "auto"
    seed: int = 0

    def command(self) -> str:
        """Return the command line that repeats this run; never with ``--overwrite``, which would delete the first."""
        words = ["coeval fit", shlex.quote(str(self.data))]
        if self.target is not None:
            words.append(f"--target {shlex.quote(self.target)}")
        for field in dataclasses.fields(self):
            value = getattr(self, field.name)
            if field.name in ("data", "target", "overwrite") or value in (None, field.default):
                continue
            name = field.name.replace("_", "-")
            if isinstance(value, bool):
                words.append(f"--{name}" if value else f"--no-{name}")
            else:
                words.append(f"--{name} {shlex.quote(str(value))}")
        return " ".join(words)

    def to_json(self) -> dict[str, Any]:
        """Return plain JSON values."""
        values = dataclasses.asdict(self)
        return {name: str(v) if isinstance(v, Path) else v for name, v in values.items()}

    @classmethod
    def from_json(cls, values: dict[str, Any]) -> "Options":
        """Return the options that ``to_json`` wrote.

        Raises:
            RunError: One is unknown or missing, or a path is none.
        """
        fields = {one.name: one for one in dataclasses.fields(cls)}
        unknown = sorted(values.keys() - fields.keys())
        if unknown:
            raise RunError(
                f"The capsule's options must be those of coeval fit, got {unknown[0]!r}."
                f"{did_you_mean(unknown[0], fields)} Restore capsule.json from a copy, or use the coeval that wrote it."
            )
        for name in ("data", "target", "out"):
            is_left_out = name == "target" and values.get(name) is None
            if not isinstance(values.get(name), str) and not is_left_out:
                raise RunError(
                    f"The capsule's options must hold {name!r} as text, got {values.get(name)!r}. Restore "
                    "capsule.json from a copy, or start again with --overwrite."
                )
        paths = {"data": Path(values["data"]), "out": Path(values["out"])}
        if values.get("cells_from") is not None:
            paths["cells_from"] = Path(values["cells_from"])
        return cls(**{**values, **paths})
