"""SIGTERM at any moment after a start, on busy cores: `cd tests && ../.venv/bin/python -m attack.signals`."""

import argparse
import os
import random
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from enum import Enum

from support.router.sidecar import command, environment, volume_directories

STARTS = 200
_AT_ONCE = 4
_PATIENCE_SECONDS = 60
_BUSY = "while True: pass"


class End(Enum):
    """How a sidecar ended that got a SIGTERM."""

    BEFORE_ITS_CODE_RAN = "ended by the signal before it blocked the signal"
    STOPPED = "stopped with exit code 0"
    WRONG = "ended in another way"
    LOST = "did not end"


def end_of_start(delay: float) -> End:
    """Starts a sidecar, sends SIGTERM so many seconds later, and waits for its end."""
    with (
        volume_directories() as volumes,
        subprocess.Popen(
            command(volumes), env=environment("http://127.0.0.1:9"), stderr=subprocess.PIPE, text=True
        ) as process,
    ):
        time.sleep(delay)
        process.send_signal(signal.SIGTERM)
        try:
            _, log = process.communicate(timeout=_PATIENCE_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            return End.LOST
    if process.returncode == 0 and '"event": "stopped"' in log:
        return End.STOPPED
    if process.returncode == -signal.SIGTERM and not log:
        return End.BEFORE_ITS_CODE_RAN
    return End.WRONG


def seconds_until_serving() -> float:
    started = time.monotonic()
    with (
        volume_directories() as volumes,
        subprocess.Popen(
            command(volumes), env=environment("http://127.0.0.1:9"), stderr=subprocess.PIPE, text=True
        ) as process,
    ):
        assert process.stderr is not None
        assert "serving" in process.stderr.readline()
        seconds = time.monotonic() - started
        process.kill()
        return seconds


def ends_of_starts(starts: int, at_once: int) -> list[End]:
    """Each start is terminated at a random moment before or soon after the sidecar serves."""
    with ThreadPoolExecutor(at_once) as threads:
        longest = 1.5 * max(threads.map(lambda _: seconds_until_serving(), range(at_once)))
        delays = (random.uniform(0, longest) for _ in range(starts))  # noqa: S311  no secret
        return list(threads.map(end_of_start, delays))


@contextmanager
def busy_cores() -> Iterator[None]:
    """Keeps every core busy while the block runs."""
    with ExitStack() as stack:
        for _ in range(os.cpu_count() or 1):
            process = stack.enter_context(subprocess.Popen([sys.executable, "-c", _BUSY]))
            stack.callback(process.kill)
        yield


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="attack.signals", description=__doc__)
    parser.add_argument("--starts", type=int, default=STARTS, help="default: %(default)s")
    options = parser.parse_args(arguments)
    with busy_cores():
        ends = Counter(ends_of_starts(options.starts, _AT_ONCE))
    for end in End:
        print(f"{ends[end]:4} {end.value}")
    return 1 if ends[End.WRONG] or ends[End.LOST] else 0


if __name__ == "__main__":
    sys.exit(main())
