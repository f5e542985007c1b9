"""Reduce NAS-Bench-201's accuracies to the table that coeval ships: ``src/coeval/evaluate/assets/nasbench201.npz``.

python -m benchmarks.nasbench201_asset

Accuracies are multiples of one over the number of judged images (times seeds), rounded to four decimals, so whole
numbers hold them: ``accuracies[i] / units[i]``, rounded to four decimals, is what the source says. FLOPs and parameters
take few values: ``{dataset}_{fact}`` holds them, and ``{dataset}_{fact}_at`` which of them each row has.
"""

from pathlib import Path

import numpy as np
import pandas as pd

ROOT = Path(__file__).parents[1]
SOURCE = ROOT.parent / "shared" / "data" / "nas" / "nb201_accuracies.csv.gz"
TARGET = ROOT / "src" / "coeval" / "evaluate" / "assets" / "nasbench201.npz"
EDGES = ["e01", "e02", "e12", "e03", "e13", "e23"]
DATASETS = ("c10", "c100", "in16")
UNITS = (30, 50, 100, 180, 300, 500, 600)


def main() -> None:
    source = pd.read_csv(SOURCE).sort_values("idx")
    names = [f"{d}_{split}_{e}" for d in DATASETS for split in ("val", "test") for e in (200, 12)]
    pairs = [whole(source[name].to_numpy()) for name in names]
    arrays = {
        "edges": source[EDGES].to_numpy(np.uint8),
        "names": np.array(names),
        "units": np.array([unit for unit, _ in pairs]),
        "accuracies": np.stack([numbers for _, numbers in pairs]),
    }
    for dataset in DATASETS:
        for fact in ("flops", "params"):
            exact = (source[f"{dataset}_{fact}_M"] * 1e6).round().astype(np.int64)
            arrays[f"{dataset}_{fact}"], at = np.unique(exact, return_inverse=True)
            arrays[f"{dataset}_{fact}_at"] = at.astype(np.uint8)
    np.savez_compressed(TARGET, allow_pickle=False, **arrays)
    print(f"{TARGET}: {len(source):,} rows, {TARGET.stat().st_size / 1000:.0f} kB")


def whole(values: np.ndarray) -> tuple[int, np.ndarray]:
    """Return the first unit in which all values are whole numbers, and these."""
    for unit in UNITS:
        numbers = np.round(values * unit)
        if (np.round(numbers / unit, 4) == np.round(values, 4)).all():
            return unit, numbers.astype(np.uint16)
    raise ValueError(f"No unit of {UNITS} holds the values.")


if __name__ == "__main__":
    main()
