"""The emulator of ELBv2 as a process."""

import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from cluster.process import process, wait_until


@contextmanager
def emulator(logs: Path) -> Iterator[str]:
    """Starts the emulator. Gives its endpoint."""
    command = (sys.executable, "-m", "elbv2_emulator", "--api", "127.0.0.1:0")
    with process("elbv2-emulator", *command, logs=logs) as running:
        wait_until(lambda: running.logged("listens on"), "the emulator listened", running)
        (url,) = re.findall(r"http://\S+", running.log.read_text())
        yield url
