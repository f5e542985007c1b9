"""Do ONNX, network.py and the searched model agree? Short real runs on all 24 tables; the worst difference over all test rows.

python -m benchmarks.parity
"""

import tempfile
from pathlib import Path

import pandas as pd

from benchmarks.runs import DATA, fit, publish, table


def main() -> None:
    manifest = pd.read_csv(DATA / "manifest.csv").set_index("name")
    rows, worst = [], 0.0
    for name in manifest.index:
        with tempfile.TemporaryDirectory() as folder:
            one = fit(
                DATA / f"{name}.parquet",
                manifest.target[name],
                Path(folder) / "run",
                "--budget",
                "12s",
            )
        final = one.result["final"]
        parity = final["parity"]
        worst = max(worst, parity["onnx"], parity["source"])
        kinds = manifest.loc[name]
        held = [
            f"{kinds[kind]} {kind}"
            for kind in ("numeric", "categorical", "datetime", "text")
            if kinds[kind]
        ]
        rows.append(
            [
                name,
                ", ".join(held),
                f"{kinds.missing_pct} %",
                str(final["test"]["rows"]),
                f"{parity['onnx']:.1e}",
                f"{parity['source']:.1e}",
            ]
        )
        print(rows[-1], flush=True)
    head = ["table", "columns", "missing", "test rows", "ONNX", "network.py"]
    note = f"Largest absolute difference to the searched model over all test rows: probabilities, or standard deviations of the target. Worst: {worst:.1e}; allowed: 1e-4."
    publish("Parity", "python -m benchmarks.parity", table(head, rows) + "\n\n" + note)


if __name__ == "__main__":
    main()
