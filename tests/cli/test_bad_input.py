"""Bad input gets one message and exit code 2: no traceback, nothing lost. The reader's own cases are in tests/task."""

import subprocess
import sys
from pathlib import Path

import pytest

COEVAL = str(Path(sys.executable).with_name("coeval"))


def run(*words: str, cwd: Path) -> tuple[int, str]:
    done = subprocess.run(
        [COEVAL, *words], cwd=cwd, capture_output=True, text=True, timeout=60, check=False
    )
    assert "Traceback" not in done.stderr
    return done.returncode, done.stderr


@pytest.fixture
def good(tmp_path: Path) -> Path:
    rows = "\n".join(f"{i},{i % 7},{'yes' if i % 3 else 'no'}" for i in range(60))
    path = tmp_path / "good.csv"
    path.write_text(f"size,day,answer\n{rows}\n")
    return path


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        (["--target", "anser"], "Did you mean 'answer'"),
        (["--target", "answer", "--budget", "0s"], "longer than 0"),
        (["--target", "answer", "--budget", "abc"], "duration"),
        (["--target", "answer", "--budget", "3s"], "at least 10s"),
        (["--target", "answer", "--strategy", "evolutoin"], "Did you mean 'evolution'"),
        (["--target", "answer", "--workers", "0"], "1 or more"),
        (["--target", "answer", "--metric", "rmse"], "rmse"),
        (["--target", "answer", "--kinds", "size=numbr"], "numeric"),
        (["--target", "answer", "--trials", "0"], "1 or more"),
        (["--target", "answer", "--device", "gpu"], "device"),
        (["--target", "answer", "--device", "mps:x"], "--device mps:x cannot be used"),
        (["--target", "answer", "--memory", "plenty"], "--memory must be a size, got 'plenty'"),
        (["--target", "answer", "--max-latency", "5"], "Did you mean 5ms"),
        (["--target", "answer", "--max-latency", "quick"], "--max-latency must be a time above 0"),
        (["--target", "answer", "--max-parameters", "few"], "--max-parameters must be a number"),
        (["--target", "answer", "--max-parameters", "1"], "Even the smallest network"),
        (["--target", "answer", "--max-macs", "0"], "--max-macs must be a number of at least 1"),
        (["--target", "answer", "--max-memory", "50"], "--max-memory must say its unit"),
        (["--target", "answer", "--max-memory", "9B"], "--max-memory must be at least 0."),
        (
            ["--target", "answer", "--objective", "score,size"],
            "--objective must name score, latency",
        ),
        (["--target", "answer", "--objective", "macs"], "Write --objective score,macs"),
        (["--target", "answer", "--memory", "200MB"], "MB for one worker on this table, got 200MB"),
    ],
)
def test_an_option_that_makes_no_sense_is_explained(good: Path, options: list[str], expected: str):
    code, said = run("fit", str(good), *options, "--out", "run", cwd=good.parent)
    assert code == 2
    assert expected in said
    assert said.count("coeval:") == 1


@pytest.mark.parametrize(
    ("name", "content", "expected"),
    [
        ("missing.csv", None, "missing.csv"),
        ("empty.csv", b"", "empty"),
        ("binary.csv", bytes(range(256)) * 20, "binary.csv"),
        ("ragged.csv", b"a,b,answer\n1,2,x\n3,4\n5,6,y\n", "line 3"),
        ("twice.csv", b"a,a,answer\n1,2,x\n3,4,y\n", "'a'"),
    ],
)
def test_a_file_that_cannot_be_read_is_explained(
    tmp_path: Path, name: str, content: bytes | None, expected: str
):
    if content is not None:
        (tmp_path / name).write_bytes(content)
    code, said = run("fit", name, "--target", "answer", "--out", "run", cwd=tmp_path)
    assert code == 2
    assert expected in said
    assert not (tmp_path / "run").exists()


def test_an_occupied_folder_is_kept(good: Path):
    (good.parent / "run").mkdir()
    (good.parent / "run" / "thesis.txt").write_text("years of work")
    code, said = run(
        "fit", str(good), "--target", "answer", "--out", "run", "--overwrite", cwd=good.parent
    )
    assert code == 2
    assert "thesis.txt" in said
    assert (good.parent / "run" / "thesis.txt").exists()


@pytest.mark.parametrize("command", ["resume", "predict", "report", "show", "export"])
def test_a_run_that_is_not_there_is_explained(good: Path, command: str):
    words = [command, "nowhere", *(["good.csv"] if command == "predict" else [])]
    code, said = run(*words, cwd=good.parent)
    assert code == 2
    assert "nowhere" in said


def test_help_needs_no_torch(tmp_path: Path):
    code = "import sys; sys.argv = ['coeval', '--help']\nfrom coeval.cli import main\ntry:\n    main()\nexcept SystemExit:\n    pass\nprint([m for m in ('torch', 'pandas', 'sklearn', 'numpy') if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip().endswith("[]")


def test_an_interruption_while_the_command_is_loaded_is_one_line(tmp_path: Path):
    code = (
        "import sys\n"
        "class Interrupting:\n"
        "    def find_spec(self, name, path=None, target=None):\n"
        "        if name == 'typer':\n"
        "            raise KeyboardInterrupt\n"
        "sys.meta_path.insert(0, Interrupting())\n"
        "from coeval.cli import main\n"
        "main()"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=False, cwd=tmp_path
    )
    assert (done.returncode, done.stdout) == (130, "")
    assert done.stderr == "coeval: interrupted before the command began\n"
