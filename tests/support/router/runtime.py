"""Time that a test moves, and locks that show when a call waits for them."""

import threading
from types import TracebackType

from elbv2_trafficrouter.routing.ports import Lock


class Runtime:
    """routing.ports.Runtime. `now` is `seconds`, which stays the same until a test sets it."""

    def __init__(self, seconds: float = 0.0) -> None:
        self.seconds = seconds
        self.somebody_waits = threading.Event()
        """Set when a call has to wait for a lock."""

    def now(self) -> float:
        return self.seconds

    def lock(self) -> Lock:
        return _Lock(self.somebody_waits)


class _Lock:
    def __init__(self, somebody_waits: threading.Event) -> None:
        self._lock = threading.Lock()
        self._somebody_waits = somebody_waits

    def acquire(self, blocking: bool = True, timeout: float = -1) -> bool:
        if self._lock.acquire(blocking=False):
            return True
        self._somebody_waits.set()
        return self._lock.acquire(blocking, timeout)

    def release(self) -> None:
        self._lock.release()

    def __enter__(self) -> bool:
        return self.acquire()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.release()
