"""``coeval predict``, ``report``, ``show`` and ``export``: what is done with a finished run."""

import json
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

from coeval.architecture.serial import from_json, to_json
from coeval.architecture.step import Architecture
from coeval.architecture.svg import svg as draw
from coeval.architecture.text import one_line, outline
from coeval.cli.words import say
from coeval.component.library import TABULAR
from coeval.errors import DataError, ExportError, RunError, did_you_mean
from coeval.export.folder import CARD, MANIFEST, ONNX, SOURCE, WEIGHTS, check_files, read_manifest

if TYPE_CHECKING:
    import pandas as pd

FORMATS = {"onnx": (ONNX,), "torch": (WEIGHTS, SOURCE, MANIFEST), "source": (SOURCE,)}


def model_folder(run: Path) -> Path:
    """Return the model folder of a run, or the folder itself if it is one.

    Raises:
        RunError: There is no model.
    """
    if (run / MANIFEST).is_file():
        return run
    if (run / "model" / MANIFEST).is_file():
        return run / "model"
    if (run / "capsule.json").is_file():
        raise RunError(f"{run} holds no finished model yet. Continue it with: coeval resume {run}")
    what = "a file" if run.is_file() else "nothing" if not run.exists() else "no run"
    raise RunError(
        f"Expected a run's folder at {run}, found {what}. Name the --out of 'coeval fit'."
    )


def predict_command(run: Path, data: Path, out: Path | None) -> None:
    """Predict the rows of a file."""
    from coeval.export.predictor import Predictor  # noqa: PLC0415 - loads ONNX Runtime

    found = Predictor(model_folder(run)).predict(data)
    if out is None:
        say(found.to_csv(index=False).rstrip("\n"))
        return
    _write_csv(found, out)
    say(f"{out}: {len(found):,} predictions")


def _write_csv(found: "pd.DataFrame", out: Path) -> None:
    try:
        found.to_csv(out, index=False)
    except OSError as error:
        raise DataError(
            f"Cannot write {out}: {error.strerror or error}. Name another file with -o."
        ) from error


def report_command(run: Path) -> None:
    """Write the report anew."""
    from coeval.report.page import write  # noqa: PLC0415

    say(str(write(run)))


def show_command(run: Path, trial: int | None, svg: Path | None, *, as_json: bool) -> None:
    """Show an architecture."""
    architecture, facts = _model(run) if trial is None else _trial(run, trial)
    if svg is not None:
        svg.write_text(draw(architecture), encoding="utf-8")
    if as_json:
        say(json.dumps(to_json(architecture)))
        return
    say("\n".join([one_line(architecture), "", outline(architecture), *facts]))
    if svg is not None:
        say(f"\ndrawing: {svg}")


def _model(run: Path) -> tuple[Architecture, list[str]]:
    folder = model_folder(run)
    manifest = read_manifest(folder)
    return from_json(manifest["architecture"], TABULAR), []


def _trial(run: Path, number: int) -> tuple[Architecture, list[str]]:
    from coeval.report.page import gather  # noqa: PLC0415

    facts = gather(run)
    found = {one.trial.number: one.trial for one in facts.trials}
    if number not in found:
        raise RunError(
            f"{run} has trials 0..{max(found, default=-1)}, got {number}. The report lists them all."
        )
    chosen = found[number]
    candidate = chosen.proposal.candidate
    lines = [
        "",
        f"trial {number}: {chosen.state}, proposed by {chosen.proposal.origin or 'unknown'}",
    ]
    for part in ("preparation", "recipe"):
        said = ", ".join(f"{name} {value}" for name, value in candidate.settings(part).items())
        lines.append(f"{part}: {said}")
    if chosen.measurement is not None:
        lines += [f"{name}: {value:.6g}" for name, value in chosen.measurement.values.items()]
        if chosen.measurement.failure is not None:
            failure = chosen.measurement.failure
            lines.append(f"failed: {failure.reason}: {failure.detail}")
    return candidate.architecture, lines


def export_command(run: Path, format: str, out: Path | None) -> None:
    """Copy verified files out of a run."""
    if format not in FORMATS:
        raise ExportError(
            f"--format must be one of {', '.join(FORMATS)}, got {format!r}.{did_you_mean(format, FORMATS)}"
        )
    folder = model_folder(run)
    check_files(folder, read_manifest(folder))
    names = FORMATS[format]
    target = out or Path.cwd()
    is_file = len(names) == 1 and target.suffix != "" and not target.is_dir()
    try:
        (target.parent if is_file else target).mkdir(parents=True, exist_ok=True)
        for name in (*names, *(() if is_file else (CARD,))):
            copy = target if is_file else target / name
            shutil.copyfile(folder / name, copy)
            say(str(copy))
    except OSError as error:
        raise ExportError(
            f"Cannot write to {target}: {error.strerror or error}. Name another place with -o."
        ) from error
