"""What holds for the repository as a whole: file sizes, light imports, a documented everything."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
LIGHT = [
    "architecture",
    "component",
    "task",
    "space",
    "trial",
    "strategy",
    "store",
    "exact",
    "universality",
    "report",
    "cli",
]


def sources() -> list[Path]:
    folders = [ROOT / name for name in ("src", "tests", "benchmarks", "examples")]
    # Environments of the peers lie in hidden folders, with a hundred thousand files.
    parts = (part for folder in folders for part in folder.iterdir() if part.name[0] != ".")
    return sorted(
        p
        for part in parts
        for p in ([part] if part.is_file() else part.rglob("*"))
        if p.suffix == ".py"
    )


def test_no_file_is_longer_than_400_lines():
    long = {
        str(p.relative_to(ROOT)): n
        for p in sources()
        if (n := len(p.read_text().splitlines())) > 400
    }
    assert not long


@pytest.mark.parametrize("room", LIGHT)
def test_a_light_room_imports_no_heavy_library(room: str):
    folder = ROOT / "src/coeval" / room
    modules = [
        ".".join(path.relative_to(ROOT / "src").with_suffix("").parts).removesuffix(".__init__")
        for path in (
            sorted(folder.rglob("*.py")) if folder.is_dir() else [folder.with_suffix(".py")]
        )
    ]
    code = (
        "import importlib, sys\n"
        f"for name in {modules!r}: importlib.import_module(name)\n"
        "print([m for m in ('torch', 'ray', 'sklearn', 'onnx', 'onnxruntime') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_no_product_file_unpickles():
    for path in (ROOT / "src").rglob("*.py"):
        text = path.read_text()
        assert "pickle.load(" not in text, path  # bytes from our own pipes are no file
        assert "torch.load(" not in text, path
        assert "allow_pickle=True" not in text, path


def test_examples_are_short():
    for path in (ROOT / "examples").glob("*.py"):
        assert len(path.read_text().splitlines()) <= 100, path
