"""A stderr whose writers never wait and never fail: what it can't take at once is dropped and counted.

Whoever reads the log may hang or be gone. A call must not wait for it, and a write to AWS that succeeded must
not be answered as a failure because its log line could not be written.
"""

import errno
import io
import os
import select
import sys
import threading
from collections.abc import Callable

DroppedLine = Callable[[int], str]

_DESCRIPTOR = 2


class Stderr(io.TextIOBase):
    """Each text that is written arrives as a whole or not at all, and no two texts are mixed.

    The number of dropped texts is written before the next text that can be written, in the form that
    `dropped_line` gives it.
    """

    def __init__(self, descriptor: int = _DESCRIPTOR) -> None:
        self._descriptor = descriptor
        self._poll = select.poll()
        self._poll.register(descriptor, select.POLLOUT)
        self._lock = threading.Lock()
        self._rest = b""  # of a text that was begun
        self._dropped = 0
        self.dropped_line: DroppedLine = "{} log lines could not be written.\n".format

    def write(self, text: str) -> int:
        with self._lock:
            self._write(text)
        return len(text)

    def isatty(self) -> bool:
        return os.isatty(self._descriptor)

    def fileno(self) -> int:
        return self._descriptor

    def _write(self, text: str) -> None:
        self._rest = self._unwritten(self._rest)
        if self._dropped and self._begin(self.dropped_line(self._dropped)):
            self._dropped = 0
        if self._dropped or not self._begin(text):
            self._dropped += 1

    def _begin(self, text: str) -> bool:
        """Writes a text, or only its beginning: the rest comes before the next text. False for none of it."""
        if self._rest:
            return False
        raw = text.encode(errors="backslashreplace")
        rest = self._unwritten(raw)
        if len(rest) == len(raw) > 0:
            return False
        self._rest = rest
        return True

    def _unwritten(self, raw: bytes) -> bytes:
        """Writes as much as is possible at once. Returns what is left."""
        try:
            # A pipe with any room has room for PIPE_BUF bytes, so the write does not wait.
            while raw and self._poll.poll(0):
                raw = raw[os.write(self._descriptor, raw[: select.PIPE_BUF]) :]
        except OSError:
            return raw
        return raw


def use_stderr_that_never_waits() -> None:
    """Makes it the process's stderr, also for tracebacks and warnings. A closed stderr becomes /dev/null."""
    try:
        os.fstat(_DESCRIPTOR)
    except OSError as error:
        if error.errno != errno.EBADF:
            raise
        # Otherwise the next file or connection that is opened would get the log.
        null = os.open(os.devnull, os.O_WRONLY)
        if null != _DESCRIPTOR:
            os.dup2(null, _DESCRIPTOR)
            os.close(null)
    sys.stderr = Stderr()
