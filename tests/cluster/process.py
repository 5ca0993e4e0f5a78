"""A program as a process: its own group, its log in a file, ended by its id whatever happens."""

import os
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path

_PATIENCE_SECONDS = 10


class NotInTime(Exception):  # noqa: N818  it says what happened
    """Something that was waited for did not come true."""


class Process:
    """`log` has what it says on stdout and stderr, of all starts. Each start is in an empty directory."""

    def __init__(
        self, name: str, command: tuple[str | Path, ...], logs: Path, environment: Mapping[str, str]
    ) -> None:
        self.name = name
        self.log = logs / f"{name}.log"
        self._command = command
        self._environment = {"PATH": os.environ["PATH"], "HOME": str(logs), **environment}
        self._running = self._started()

    def _started(self) -> "subprocess.Popen[bytes]":
        with self.log.open("ab") as output:
            return subprocess.Popen(
                self._command,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                env=self._environment,
                cwd=tempfile.mkdtemp(prefix=f"{self.name}-", dir=self.log.parent),
                # What it starts may survive it: a controller's plugin does.
                process_group=0,
            )

    @property
    def pid(self) -> int:
        return self._running.pid

    def ended(self) -> bool:
        return self._running.poll() is not None

    def logged(self, text: str, *, after: int = 0) -> bool:
        """Whether it said so, behind so many bytes of its log."""
        return text.encode() in self.log.read_bytes()[after:]

    def children(self) -> list[int]:
        """Of all its threads: a program in Go starts others from any of them."""
        found: list[int] = []
        for thread in Path(f"/proc/{self.pid}/task").iterdir():
            with suppress(FileNotFoundError):  # it ended meanwhile
                found += map(int, (thread / "children").read_text().split())
        return found

    def send(self, number: int) -> None:
        self._running.send_signal(number)

    def end(self, number: int = signal.SIGTERM) -> None:
        """With all that it started."""
        self.send(number)
        with suppress(subprocess.TimeoutExpired):
            self._running.wait(_PATIENCE_SECONDS)
        with suppress(ProcessLookupError):
            os.killpg(self.pid, signal.SIGKILL)
        self._running.wait()

    def start(self) -> None:
        """Anew, after it ended."""
        self._running = self._started()


@contextmanager
def process(
    name: str, *command: str | Path, logs: Path, environment: Mapping[str, str] | None = None
) -> Iterator[Process]:
    """It runs while the block does. Of the variables here it gets PATH only."""
    running = Process(name, command, logs, environment or {})
    try:
        yield running
    finally:
        running.end()


def wait_until(condition: Callable[[], object], what: str, *processes: Process, seconds: float = 60) -> None:
    """Raises NotInTime, with the end of these processes' logs, where it stays false or one of them ends."""
    until = time.monotonic() + seconds
    while not condition():
        ended = [one.name for one in processes if one.ended()]
        if ended or time.monotonic() > until:
            why = f"{', '.join(ended)} ended" if ended else f"{seconds:.0f} s are over"
            logs = "".join(f"\n--- {one.name}\n{one.log.read_text()[-3000:]}" for one in processes)
            raise NotInTime(f"{why} before {what}{logs}")
        time.sleep(0.05)


def free_port() -> int:
    """A port of 127.0.0.1 that was free a moment ago, for programs that take no 0."""
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        port: int = one.getsockname()[1]
        return port
