"""What a user asks of one run, as plain values that the capsule keeps."""

import dataclasses
import shlex
from dataclasses import dataclass
from pathlib import Path
from typing import Any


@dataclass(frozen=True, slots=True)
class Options:
    """The options of ``coeval fit``; see ``coeval fit --help`` for each."""

    data: Path
    target: str
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
    strategy: str = "evolution"
    max_parameters: int | None = None
    workers: int | None = None
    device: str = "auto"
    seed: int = 0

    def command(self) -> str:
        """Return the command line that repeats this run."""
        words = ["coeval fit", shlex.quote(str(self.data)), f"--target {shlex.quote(self.target)}"]
        for field in dataclasses.fields(self):
            value = getattr(self, field.name)
            if field.name in ("data", "target") or value in (None, False, field.default):
                continue
            flag = "--" + field.name.replace("_", "-")
            words.append(flag if value is True else f"{flag} {shlex.quote(str(value))}")
        return " ".join(words)

    def to_json(self) -> dict[str, Any]:
        """Return plain JSON values."""
        values = dataclasses.asdict(self)
        return {name: str(v) if isinstance(v, Path) else v for name, v in values.items()}

    @classmethod
    def from_json(cls, values: dict[str, Any]) -> "Options":
        """Return the options that ``to_json`` wrote."""
        paths = {"data": Path(values["data"]), "out": Path(values["out"])}
        return cls(**{**values, **paths})
