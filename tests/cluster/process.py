"""A program as a process in a group of its own, with its log in a file. It is always ended, by its id."""

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


class NotInTime(Exception):  # noqa: N818  the name says what happened
    """A condition was not met in time."""


class Process:
    """`log` holds stdout and stderr of all starts. Each start gets an empty working directory."""

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
                # A child may outlive it: a controller's plugin does.
                process_group=0,
            )

    @property
    def pid(self) -> int:
        return self._running.pid

    def ended(self) -> bool:
        return self._running.poll() is not None

    def logged(self, text: str, *, after: int = 0) -> bool:
        """Whether the log contains this text after its first `after` bytes."""
        return text.encode() in self.log.read_bytes()[after:]

    def children(self) -> list[int]:
        """The children of all its threads: a Go program starts others from any thread."""
        found: list[int] = []
        for thread in Path(f"/proc/{self.pid}/task").iterdir():
            with suppress(FileNotFoundError):  # it ended meanwhile
                found += map(int, (thread / "children").read_text().split())
        return found

    def send(self, number: int) -> None:
        self._running.send_signal(number)

    def end(self, number: int = signal.SIGTERM) -> None:
        """Ends the process and every process that it has started."""
        self.send(number)
        with suppress(subprocess.TimeoutExpired):
            self._running.wait(_PATIENCE_SECONDS)
        with suppress(ProcessLookupError):
            os.killpg(self.pid, signal.SIGKILL)
        self._running.wait()

    def start(self) -> None:
        """Starts the program again after its end."""
        self._running = self._started()


@contextmanager
def process(
    name: str, *command: str | Path, logs: Path, environment: Mapping[str, str] | None = None
) -> Iterator[Process]:
    """Runs while the block does. From this process it inherits PATH only."""
    running = Process(name, command, logs, environment or {})
    try:
        yield running
    finally:
        running.end()


def wait_until(condition: Callable[[], object], what: str, *processes: Process, seconds: float = 60) -> None:
    """Raises NotInTime, with the end of the logs, if one of the processes ends or the time is over before."""
    until = time.monotonic() + seconds
    while not condition():
        ended = [one.name for one in processes if one.ended()]
        if ended or time.monotonic() > until:
            why = f"{', '.join(ended)} ended" if ended else f"{seconds:.0f} s are over"
            logs = "".join(f"\n--- {one.name}\n{one.log.read_text()[-3000:]}" for one in processes)
            raise NotInTime(f"{why} before {what}{logs}")
        time.sleep(0.05)


def free_port() -> int:
    """A port of 127.0.0.1 that was free a moment ago, for programs that do not accept port 0."""
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        port: int = one.getsockname()[1]
        return port
