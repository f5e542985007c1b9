"""Run a command, wait for all that it started, and write the processor seconds of them all.

python meter.py FILE COMMAND ...

What a process leaves behind (a fork server, Dask's workers) is counted nowhere once it is orphaned. So this process adopts orphans
(Linux's ``PR_SET_CHILD_SUBREAPER``), ends those that are left when the command has ended, and reaps them.
"""

import contextlib
import ctypes
import os
import resource
import signal
import subprocess
import sys
import time
from pathlib import Path

PR_SET_CHILD_SUBREAPER, PATIENCE = 36, 5.0


def main() -> None:
    ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    code = subprocess.call(sys.argv[2:])
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    os.killpg(0, signal.SIGTERM)
    began = time.monotonic()
    with contextlib.suppress(ChildProcessError):
        while (
            time.monotonic() < began + PATIENCE
        ):  # one that ignores it is neither waited for nor counted
            if os.waitpid(-1, os.WNOHANG) == (0, 0):
                time.sleep(0.02)
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    Path(sys.argv[1]).write_text(str(used.ru_utime + used.ru_stime))
    sys.exit(code)


if __name__ == "__main__":
    main()
