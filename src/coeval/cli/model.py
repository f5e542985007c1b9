"""``coeval predict``, ``report``, ``show`` and ``export``: what is done with a run, mostly with a finished one."""

import filecmp
import json
import shutil
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from coeval.architecture.serial import from_json, to_json
from coeval.architecture.step import Architecture
from coeval.architecture.svg import svg as draw
from coeval.architecture.text import one_line, outline
from coeval.cli.explain import why
from coeval.cli.words import say
from coeval.component.library import NEURAL
from coeval.errors import DataError, ExportError, RunError, typed, unknown
from coeval.export.folder import CARD, MANIFEST, ONNX, SOURCE, WEIGHTS, check_files, read_manifest
from coeval.trial import Trial

if TYPE_CHECKING:
    import pandas as pd

    from coeval.report.facts import Facts
    from coeval.task.table import Schema

FORMATS = {"onnx": (ONNX,), "torch": (WEIGHTS, SOURCE, MANIFEST), "source": (SOURCE,)}
_MOST_NAMES = 10
_TABLES = {
    "": "to_csv",
    ".csv": "to_csv",
    ".tsv": "to_csv",
    ".txt": "to_csv",
    ".parquet": "to_parquet",
    ".feather": "to_feather",
}
"""How predictions are written to files of each suffix."""


def model_folder(run: Path) -> Path:
    """Return the model folder of a run, or the folder itself if it is one.

    Raises:
        RunError: There is no model.
    """
    if found := _finished(run):
        return found
    if (run / "capsule.json").is_file():
        raise RunError(
            f"{run} holds no finished model yet. Continue it with: coeval resume {typed(run)}"
        )
    what = "a file" if run.is_file() else "nothing" if not run.exists() else "no run"
    raise RunError(
        f"Expected a run's folder at {run}, found {what}. Name the --out of 'coeval fit'."
    )


def _finished(run: Path) -> Path | None:
    return next((one for one in (run, run / "model") if (one / MANIFEST).is_file()), None)


def predict_command(run: Path, data: Path, out: Path | None) -> None:
    """Predict the rows of a file."""
    from coeval.export.predictor import Predictor  # noqa: PLC0415 - loads ONNX Runtime

    if out is not None:
        _check_out(out, data)
    predictor = Predictor(model_folder(run))
    found = predictor.predict(data)
    if predictor.description.image is None:
        _tell_ignored(data, predictor.description.schema)
    for note in predictor.notes:
        _warn(f"note: {note}.")
    if out is None:
        say(found.to_csv(index=False).rstrip("\n"))
        return
    _write_table(found, out)
    say(f"{out}: {len(found):,} predictions")


def _tell_ignored(data: Path, schema: "Schema") -> None:
    """Say which columns of the file the model does not know."""
    from coeval.task.files import read_file  # noqa: PLC0415 - loads PyArrow
    from coeval.task.frame import extra_columns  # noqa: PLC0415

    ignored = extra_columns(read_file(data).table.column_names, schema)
    if ignored:
        shown = ", ".join(repr(one) for one in ignored[:_MOST_NAMES])
        more = f" and {len(ignored) - _MOST_NAMES} more" if len(ignored) > _MOST_NAMES else ""
        _warn(f"Not among the model's columns, so ignored: {shown}{more}.")


def _warn(text: str) -> None:
    """Print to standard error, so that what is piped on holds results only."""
    sys.stderr.write(f"coeval: {text}\n")


def _suffix(out: Path) -> str:
    """Return what a file's name says of its format; CSV may be gzipped."""
    name = Path(out.name.lower())
    is_packed = name.suffix == ".gz" and _TABLES.get(Path(name.stem).suffix) == "to_csv"
    return Path(name.stem).suffix if is_packed else name.suffix


def _check_out(out: Path, data: Path) -> None:
    """Check, before anything is predicted, that predictions can be written as a file's name says, and replace no data.

    Raises:
        DataError: They cannot, or they would.
    """
    if out.exists() and data.exists() and out.samefile(data):
        raise DataError(
            f"Expected -o to name a file of its own, got {out}, which holds the rows to predict. Name another file with -o."
        )
    if not out.parent.is_dir():
        raise DataError(
            f"Expected -o to name a file in a folder that is there, got {out}. Make {out.parent}, or name another file with -o."
        )
    if _suffix(out) not in _TABLES:
        known = ", ".join(one for one in _TABLES if one)
        raise DataError(
            f"Expected -o to name a file that ends in {known} or .csv.gz, got {out}. Name such a file; other formats can be made of it."
        )


def _write_table(found: "pd.DataFrame", out: Path) -> None:
    try:
        match _TABLES[_suffix(out)]:
            case "to_parquet":
                found.to_parquet(out, index=False)
            case "to_feather":
                found.to_feather(out)
            case _:
                found.to_csv(out, index=False, sep="\t" if _suffix(out) == ".tsv" else ",")
    except OSError as error:
        raise DataError(
            f"Cannot write {out}: {error.strerror or error}. Name another file with -o."
        ) from error


def report_command(run: Path) -> None:
    """Write the report anew."""
    from coeval.report.page import write  # noqa: PLC0415

    say(str(write(run)))


def show_command(run: Path, trial: int | None, svg: Path | None, *, as_json: bool) -> None:
    """Show an architecture: the model's, a trial's, or that of the best trial so far where there is no model yet."""
    chosen = _chosen(run, trial)
    architecture = _model(run) if chosen is None else _network(run, chosen)
    if svg is not None:
        write_svg(architecture, svg)
    if chosen is not None and trial is None:
        note = f"No final model yet: this is trial {chosen.number}, the best so far."
        _warn(note) if as_json else say(f"{note}\n")
    if as_json:
        say(json.dumps(to_json(architecture)))
        return
    facts = _ensemble(run) if chosen is None else ["", *_about(chosen), *_tie(run, chosen)]
    if told := why(run, chosen):
        facts += ["", *told]
    if audit := _audit(run):
        facts += ["", f"components: {audit}"]
    say("\n".join([one_line(architecture), "", outline(architecture), *facts]))
    if svg is not None:
        say(f"\ndrawing: {svg}")


def _audit(run: Path) -> str:
    """Return what the run recorded of its space's components; a model without its run says nothing."""
    try:
        return str(json.loads((run / "capsule.json").read_bytes())["space"]["audit"])
    except (OSError, ValueError, LookupError, TypeError):
        return ""  # an architecture can be shown without it


def _chosen(run: Path, number: int | None) -> Trial | None:
    """Return the trial to show; ``None`` means the finished model.

    Raises:
        RunError: There is no run, no such trial, or neither a model nor a trial that succeeded.
    """
    if number is None and (_finished(run) or not (run / "capsule.json").is_file()):
        return None
    from coeval.report.page import gather  # noqa: PLC0415 - the journal is needed for trials only

    facts = gather(run)
    if number is not None:
        return _numbered(run, facts, number)
    if facts.winner is None:
        raise RunError(
            f"{run} holds neither a model nor a trial that succeeded. Continue it with: coeval resume {typed(run)}"
        )
    return facts.winner


def _numbered(run: Path, facts: "Facts", number: int) -> Trial:
    found = {one.trial.number: one.trial for one in facts.trials}
    if number not in found:
        raise RunError(
            f"{run} has trials 0..{max(found, default=-1)}, got {number}. The report lists them all."
        )
    return found[number]


def _model(run: Path) -> Architecture:
    return from_json(read_manifest(model_folder(run))["architecture"], NEURAL)


def _ensemble(run: Path) -> list[str]:
    """Return what stands beside the architecture shown, where several predict together or probabilities are calibrated."""
    found = read_manifest(model_folder(run)).get("ensemble")
    if found is None:
        return []
    lines = [] if found["temperature"] == 1 else ["", f"temperature: {found['temperature']:.3g}"]
    first, *others = found["members"]
    if others:
        lines += [
            "",
            f"The heaviest of {len(others) + 1} members, weight {first['weight']:.3g}. Beside it:",
        ]
    for one in others:
        lines += [
            "",
            f"weight {one['weight']:.3g}:",
            outline(from_json(one["architecture"], NEURAL)),
        ]
    return lines


def _network(run: Path, trial: Trial) -> Architecture:
    """Return the network that a trial trained."""
    from coeval.run.fit_space import network_of  # noqa: PLC0415 - most shows need no task

    return network_of(run, trial.proposal.candidate)


def _tie(run: Path, trial: Trial) -> list[str]:
    from coeval.report import noise  # noqa: PLC0415 - the journal is needed for trials only
    from coeval.report.page import gather  # noqa: PLC0415

    said = noise.standing(gather(run), trial)
    return [said] if said else []


def _about(trial: Trial) -> list[str]:
    """Return what is known of a trial beside its architecture."""
    candidate = trial.proposal.candidate
    lines = [
        f"trial {trial.number}: {trial.state}, proposed by {trial.proposal.origin or 'unknown'}"
    ]
    for part in ("preparation", "recipe"):
        said = ", ".join(f"{name} {value}" for name, value in candidate.settings(part).items())
        lines.append(f"{part}: {said}")
    if trial.measurement is not None:
        lines += [f"{name}: {value:.6g}" for name, value in trial.measurement.values.items()]
        if trial.measurement.failure is not None:
            failure = trial.measurement.failure
            lines.append(f"failed: {failure.reason}: {failure.detail}")
    return lines


def write_svg(architecture: Architecture, path: Path) -> None:
    """Write the drawing of an architecture.

    Raises:
        ExportError: It cannot be written.
    """
    try:
        path.write_text(draw(architecture), encoding="utf-8")
    except OSError as error:
        raise ExportError(
            f"Cannot write the drawing to {path}: {error.strerror or error}. Name another file with --svg."
        ) from error


def export_command(run: Path, format: str, out: Path | None, point: int | None = None) -> None:
    """Copy verified files out of a run: the model's, or those of a point of its front."""
    if format not in FORMATS:
        raise ExportError(unknown("--format", format, FORMATS))
    folder = model_folder(run) if point is None else _point(run, point)
    check_files(folder, read_manifest(folder))
    names = FORMATS[format]
    target = out or Path.cwd()
    is_file = len(names) == 1 and target.suffix != "" and not target.is_dir()
    wanted = names if is_file else (*names, CARD)
    copies = [(folder / name, target if is_file else target / name) for name in wanted]
    try:
        (target.parent if is_file else target).mkdir(parents=True, exist_ok=True)
        _check_free(copies)
        for source, copy in copies:
            if not copy.exists():
                shutil.copyfile(source, copy)
            say(str(copy))
    except OSError as error:
        raise ExportError(
            f"Cannot write to {target}: {error.strerror or error}. Name another place with -o."
        ) from error


def _point(run: Path, number: int) -> Path:
    from coeval.run.point import point_folder  # noqa: PLC0415 - loads torch where the point is no model yet

    return point_folder(run, number)


def _check_free(copies: Sequence[tuple[Path, Path]]) -> None:
    """Check that no copy would replace something else; a file of the same content may be there.

    Raises:
        ExportError: One would; nothing was written then.
    """
    taken = [
        copy
        for source, copy in copies
        if copy.exists() and not filecmp.cmp(source, copy, shallow=False)
    ]
    if taken:
        raise ExportError(
            f"{' and '.join(map(str, taken))} would be replaced by another content. Name another place with -o, or "
            "move what is there."
        )
