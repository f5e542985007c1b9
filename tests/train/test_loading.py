"""Compiling in the background disturbs nobody."""

import subprocess
import sys

from coeval.train.kernels.loading import AUTOGROUP, NICENESS

GIVING_WAY = """
import os
from coeval.train.kernels.loading import AUTOGROUP, give_way
give_way()
print(os.nice(0), AUTOGROUP.read_text() if AUTOGROUP.exists() else "")
"""


def test_a_process_that_gives_way_does_so_beside_other_sessions_too():
    command = [sys.executable, "-c", GIVING_WAY]
    done = subprocess.run(
        command, capture_output=True, text=True, check=True, start_new_session=True
    )
    niceness, *session = done.stdout.split()
    assert niceness == str(NICENESS)
    if AUTOGROUP.exists():
        assert session[-2:] == ["nice", str(NICENESS)]
