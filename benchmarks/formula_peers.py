"""Other systems for symbolic regression, in an environment of their own, so that ours stays as users have it.

python -m venv benchmarks/.venv && benchmarks/.venv/bin/pip install gplearn pyoperon
"""

import json
import os
import subprocess
from pathlib import Path
from typing import Any

PYTHON = Path(__file__).parent / ".venv" / "bin" / "python"
WORKER = Path(__file__).with_name("formula_peer_worker.py")
NAMES = ("gplearn", "pyoperon")


def ask(peer: str, request: dict[str, Any]) -> dict[str, Any] | None:
    """Return a peer's answer to a request (see ``formula_peer_worker``), or ``None`` where it is not installed.

    Raises:
        RuntimeError: The peer is installed and failed.
    """
    if not PYTHON.exists():
        return None
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
    done = subprocess.run(
        [str(PYTHON), str(WORKER), peer],
        input=json.dumps(request),
        capture_output=True,
        text=True,
        env=environment,
        check=False,
    )
    if done.returncode:
        raise RuntimeError(f"{peer} failed: {done.stderr[-2000:]}")
    answer: dict[str, Any] | None = json.loads(done.stdout.splitlines()[-1])
    return answer
