"""What one request may take: seconds and bytes, for everything that is sent and received for it.

botocore's own time-outs are for each wait for a byte, so a response that trickles in would never end. The
sockets of `connections` ask the bounds of the thread that uses them before every wait, and count every byte
that they receive.
"""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar


class ResponseTooLargeError(OSError):
    """The response has more bytes than the request may receive."""


class Bounds:
    def __init__(self, seconds: float, size: int) -> None:
        self._deadline = time.monotonic() + seconds
        self._bytes_left = size

    @property
    def is_too_large(self) -> bool:
        """Whether more bytes came than the request may receive."""
        return self._bytes_left < 0

    @property
    def are_exceeded(self) -> bool:
        return self.is_too_large or time.monotonic() >= self._deadline

    def seconds_left(self) -> float:
        """Raises TimeoutError once the time is over."""
        left = self._deadline - time.monotonic()
        if left <= 0:
            raise TimeoutError("The time for the request is over")
        return left

    def count(self, received: int) -> None:
        """Raises ResponseTooLargeError once more bytes came than the request may receive."""
        self._bytes_left -= received
        if self.is_too_large:
            raise ResponseTooLargeError("The response is too large")


_current: ContextVar[Bounds | None] = ContextVar("bounds", default=None)


def current_bounds() -> Bounds | None:
    """The bounds of what this thread is doing; None if it has none."""
    return _current.get()


@contextmanager
def bounded(seconds: float, size: int) -> Iterator[Bounds]:
    """Everything that this thread sends and receives while the block runs has these bounds together."""
    bounds = Bounds(seconds, size)
    token = _current.set(bounds)
    try:
        yield bounds
    finally:
        _current.reset(token)
