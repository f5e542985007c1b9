"""Write one of scikit-learn's real data sets as a CSV file, so that the demo needs no download.

python examples/make_table.py breast_cancer runs/breast_cancer.csv
"""

import sys
from pathlib import Path

from sklearn import datasets

TARGETS = {"breast_cancer": "diagnosis", "wine": "cultivar", "diabetes": "progression"}


def main(name: str, path: str) -> None:
    bunch = getattr(datasets, f"load_{name}")(as_frame=True)
    frame = bunch.data.rename(columns=lambda column: column.replace(" ", "_"))
    labels = getattr(bunch, "target_names", None)
    frame[TARGETS[name]] = bunch.target if labels is None else labels[bunch.target]
    Path(path).parent.mkdir(parents=True, exist_ok=True)
    frame.to_csv(path, index=False)
    print(f"{path}: {len(frame)} rows, target column {TARGETS[name]!r}")


if __name__ == "__main__":
    main(*sys.argv[1:])
