"""How far the latency prediction errs: random networks of tables and of every image preset, predicted and measured end to end.

    python -m benchmarks.latency [--networks 24] [--seeds 1] [--only adult] [--report]    about 10 minutes a seed

The prediction is made as `coeval fit` makes it: pieces, a fit to 8 whole models, the preparation. The networks are others than those
8; each is exported with its preparation, and one call of `model.onnx` with one row or image is timed in ONNX Runtime
(one thread, the median of three medians). Beside it stand the plain sum of the pieces, and multiply-accumulates as if they were time.
Images are random bytes, 28 by 28 and grey: a picture's content does not change how long it takes. Finished worlds are kept in runs/latency.jsonl.
"""

import argparse
import json
import os
import tempfile
from pathlib import Path

import numpy as np

from benchmarks.runs import DATA, kept, publish, table
from coeval.architecture.inference import infer
from coeval.run.latency import CandidateLatency, calibrating
from coeval.run.pool import Pool
from coeval.seed import generator
from coeval.space.for_task import space_for
from coeval.space.images import PRESETS
from coeval.statistics import spearman
from coeval.task import memory
from coeval.task.read import read
from coeval.task.task import Task

KEPT = Path(__file__).parents[1] / "runs" / "latency.jsonl"
COMMAND = "python -m benchmarks.latency"
TABLES = {"adult": "income", "phoneme": "target", "diamonds": "price"}
SIDE, PICTURES = 28, 240


def task_of(world: str, folder: Path) -> Task:
    """Return a table's task, or one of random images for a preset."""
    if world in TABLES:
        return read(DATA / f"{world}.parquet", target=TABLES[world])
    rng = generator(0, "pictures")
    path = folder / "pictures.npz"
    pixels = rng.integers(0, 256, (PICTURES, SIDE, SIDE, 1), dtype=np.uint8)
    np.savez(path, x=pixels, y=np.arange(PICTURES) % 10)
    return read(path)


def measure(world: str, seed: int, networks: int) -> dict:
    """Predict and measure random networks of a world."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        os.environ["XDG_CACHE_HOME"] = str(folder)  # nothing is known beforehand
        task = task_of(world, folder)
        memory.save(task, folder / "cache")
        preset = None if world in TABLES else world
        space = space_for(task, preset=preset, source=folder / "cache")
        pool = Pool(1)
        try:
            latency = CandidateLatency(space, folder / "cache", pool)
            note = latency.calibrate(calibrating(space, seed))
            rows = []
            for number in range(networks):
                candidate = space.sample(generator(seed, "held out", number))
                network = space.architecture(candidate)
                settings = tuple(candidate.settings("preparation").items())
                rows.append(
                    {
                        "predicted": latency(candidate),
                        "sum": latency.predictor.summed(network),
                        "macs": infer(network).cost.macs,
                        "measured": latency.measured(network, settings),
                    }
                )
        finally:
            pool.close()
    return {"world": world, "seed": seed, "stated": note.data["error"], "rows": rows}


def report(lines: list[dict]) -> str:
    """Return the table: a row a world, seeds together."""
    found = []
    for world in (*TABLES, *PRESETS):
        runs = [one for one in lines if one["world"] == world]
        rows = [row for one in runs for row in one["rows"]]
        if not rows:
            continue
        measured = np.array([one["measured"] for one in rows])
        errors = {
            name: np.abs(np.array([one[name] for one in rows]) - measured) / measured
            for name in ("predicted", "sum")
        }
        ranks = {
            name: spearman([one[name] for one in rows], measured) for name in ("predicted", "macs")
        }
        found.append(
            [
                world,
                str(len(rows)),
                f"{measured.min():.2g} to {measured.max():.2g}",
                f"{np.median(errors['predicted']):.1%}",
                f"{np.quantile(errors['predicted'], 0.9):.1%}",
                f"{np.median([one['stated'] for one in runs]):.1%}",
                f"{np.median(errors['sum']):.1%}",
                f"{ranks['predicted']:.3f}",
                f"{ranks['macs']:.3f}",
            ]
        )
    header = ["space", "networks", "milliseconds", "median error", "90 % below", "stated error"]
    header += ["error of the plain sum", "rank correlation", "that of multiply-accumulates"]
    return table(header, found)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--networks", type=int, default=24)
    parser.add_argument("--seeds", type=int, default=1)
    parser.add_argument("--only", choices=[*TABLES, *PRESETS])
    parser.add_argument("--report", action="store_true", help="only write the table")
    given = parser.parse_args()
    worlds = [given.only] if given.only else [*TABLES, *PRESETS]
    known = {(one["world"], one["seed"]) for one in kept(KEPT)}
    KEPT.parent.mkdir(exist_ok=True)
    for seed in range(given.seeds):
        for world in worlds:
            if not given.report and (world, seed) not in known:
                line = json.dumps(measure(world, seed, given.networks))
                with KEPT.open("a") as file:
                    print(line, file=file, flush=True)
    publish("Latency predicted and measured", COMMAND, report(kept(KEPT)))


if __name__ == "__main__":
    main()
