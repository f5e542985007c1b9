"""Every Python block of the documentation and every example runs; every command and option is documented."""

import re
import runpy
import subprocess
import sys
from pathlib import Path

import pytest
from typer.main import get_command

from coeval.cli.app import app
from coeval.component.library import IMAGE, TABULAR

ROOT = Path(__file__).parents[1]
PAGES = sorted([ROOT / "README.md", ROOT / "CONTRIBUTING.md", *(ROOT / "docs").glob("*.md")])
SEARCHES = ("images.py",)
"""Examples that search for half a minute."""
COEVAL = str(Path(sys.executable).with_name("coeval"))


def blocks(page: Path, language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", page.read_text(), re.MULTILINE | re.DOTALL)


@pytest.mark.parametrize(
    ("page", "number"),
    [(page.name, n) for page in PAGES for n in range(len(blocks(page, "python")))],
)
def test_a_python_block_runs(page: str, number: int, tmp_path: Path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    path = next(one for one in PAGES if one.name == page)
    script = tmp_path / "block.py"
    script.write_text(blocks(path, "python")[number])
    runpy.run_path(str(script), run_name="__main__")


EXAMPLES = [
    pytest.param(one, id=one.name, marks=[pytest.mark.slow] if one.name in SEARCHES else [])
    for one in sorted((ROOT / "examples").glob("*.py"))
]


@pytest.mark.parametrize("path", EXAMPLES)
def test_an_example_runs(path: Path, tmp_path: Path):
    words = ["wine", "wine.csv"] if path.name == "make_table.py" else []
    done = subprocess.run(
        [sys.executable, str(path), *words],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout


def commands() -> dict[str, list[str]]:
    group = get_command(app)
    return {
        name: [option for one in command.params for option in one.opts if option.startswith("--")]
        for name, command in group.commands.items()  # type: ignore[attr-defined]
    }


def test_every_command_and_option_stands_in_the_guide():
    guide = (ROOT / "docs/guide.md").read_text()
    missing = [
        f"{name} {option}"
        for name, options in commands().items()
        for option in options
        if f"`{option}" not in guide or f"coeval {name}" not in guide
    ]
    assert not missing


def test_every_component_stands_in_the_guide():
    guide = (ROOT / "docs/guide.md").read_text()
    assert not [name for name in (*TABULAR, *IMAGE) if f"`{name}`" not in guide]
