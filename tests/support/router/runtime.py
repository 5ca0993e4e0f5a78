"""Time that a test moves, and locks that show when a call waits for them."""

import threading

from elbv2_trafficrouter.routing.ports import Mutex


class Runtime:
    """routing.ports.Runtime. `now` is `seconds`, which stays the same until a test sets it."""

    def __init__(self, seconds: float = 0.0) -> None:
        self.seconds = seconds
        self.somebody_waits = threading.Event()
        """Set when a call has to wait for a lock."""

    def now(self) -> float:
        return self.seconds

    def mutex(self) -> Mutex:
        return _Mutex(self.somebody_waits)


class _Mutex:
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
