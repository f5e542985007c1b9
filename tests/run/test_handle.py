"""The thread that starts workers outlives what goes wrong in a start."""

from types import SimpleNamespace

import pytest

from coeval.run.handle import Launcher


@pytest.mark.parametrize("trouble", [OSError("no process left"), EOFError()])
def test_a_worker_that_could_not_be_started_is_started_again(monkeypatch, trouble):
    troubles, process = [trouble], SimpleNamespace()

    def start(launcher):
        if troubles:
            raise troubles.pop()
        return "connection", process

    monkeypatch.setattr(Launcher, "_start", start)
    launcher = Launcher(b"", threads=1)
    try:
        handle = launcher.launch()
        assert launcher.wake.poll(10)
        assert (handle.process, handle.connection) == (process, "connection")
    finally:
        launcher.close()
