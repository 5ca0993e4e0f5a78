"""The program of a profile's `credential_process`, which is killed if it takes too long."""

import os
import signal
import subprocess
from typing import Any

_PROCESS_SECONDS = 15.0


class TimedProcess(subprocess.Popen[bytes]):
    """Has a process group of its own, so that the programs that it starts are killed with it."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        options |= {"stdin": subprocess.DEVNULL, "start_new_session": True}
        super().__init__(*arguments, **options)

    def communicate(self, input: Any = None, timeout: float | None = None) -> Any:  # noqa: A002  the name in subprocess
        seconds = _PROCESS_SECONDS if timeout is None else timeout
        try:
            return super().communicate(input, seconds)
        except subprocess.TimeoutExpired:
            os.killpg(self.pid, signal.SIGKILL)
            super().communicate(timeout=seconds)
            raise
