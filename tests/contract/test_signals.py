"""SIGTERM stops the server whenever it arrives."""

import signal
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from attack.signals import End, ends_of_starts
from elbv2_trafficrouter.stop_signals import block_stop_signals, wait_for_stop_signal
from support.router.sidecar import environment, sidecar


@pytest.fixture
def _signals_as_before() -> Iterator[None]:
    before = signal.pthread_sigmask(signal.SIG_BLOCK, ())
    yield
    signal.pthread_sigmask(signal.SIG_SETMASK, before)


@pytest.mark.timeout(300)  # ten starts take long on busy cores
def test_ten_starts_are_stopped_at_random_moments() -> None:
    assert set(ends_of_starts(starts=10, at_once=4)) <= {End.STOPPED, End.BEFORE_ITS_CODE_RAN}


# Sends SIGTERM while the server's modules are imported: nobody waits for it yet.
TERMINATED_DURING_THE_IMPORT = """
import os, signal, sys

class Terminating:
    def find_spec(self, name, path=None, target=None):
        if name == "elbv2_trafficrouter.server":
            os.kill(os.getpid(), signal.SIGTERM)

sys.meta_path.insert(0, Terminating())
"""


def test_a_signal_during_the_start_is_not_lost(volumes: Path, tmp_path: Path) -> None:
    """As a container's first process it would ignore a signal that it does not handle yet."""
    (tmp_path / "sitecustomize.py").write_text(TERMINATED_DURING_THE_IMPORT)
    with sidecar(volumes, environment("http://127.0.0.1:9", PYTHONPATH=str(tmp_path))) as running:
        assert running.process.wait(20) == 0
    assert [entry["event"] for entry in running.log] == ["draining", "stopped"]


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_only_the_main_thread_takes_the_signal(volumes: Path, number: signal.Signals) -> None:
    with sidecar(volumes, environment("http://127.0.0.1:9")) as running:
        main = str(running.process.pid)
        threads = Path("/proc", main, "task").iterdir()
        statuses = [(thread / "status").read_text() for thread in threads if thread.name != main]
        assert running.end(number) == 0
    assert statuses
    for status in statuses:
        (blocked,) = (line.split()[1] for line in status.splitlines() if line.startswith("SigBlk:"))
        assert int(blocked, 16) & 1 << number - 1


@pytest.mark.usefixtures("_signals_as_before")
def test_a_signal_that_came_before_anybody_waits_is_noticed() -> None:
    block_stop_signals()
    thread = threading.Thread(target=signal.pthread_kill, args=(threading.get_ident(), signal.SIGTERM))
    thread.start()
    thread.join()
    wait_for_stop_signal()
