"""Time that a test moves, and locks whose waiters a test can count."""

import threading
from collections.abc import Callable
from types import TracebackType


class Runtime:
    """routing.ports.Runtime. `now` is `seconds`, which stays the same until a test sets it."""

    def __init__(self, seconds: float = 0.0) -> None:
        self.seconds = seconds
        self.changed = threading.Condition()
        self.waiting = 0
        """The number of calls that wait for a lock; `changed` protects it."""

    def now(self) -> float:
        return self.seconds

    def lock(self) -> "NewestFirstLock":
        return NewestFirstLock(self)

    def condition(self) -> threading.Condition:
        return threading.Condition()

    def spawn(self, work: Callable[[], None], name: str) -> None:  # noqa: ARG002  the port's form
        """Does the work at once, which is faster: what it is for is tested elsewhere."""
        work()

    def wait_until_waiting(self, number: int) -> None:
        """Returns once this many calls wait for a lock."""
        with self.changed:
            is_reached = self.changed.wait_for(lambda: self.waiting == number, timeout=30)
            assert is_reached, f"{self.waiting} calls wait for a lock, not {number}"


class NewestFirstLock:
    """A lock that the newest waiter gets first: threading.Lock promises no order either."""

    def __init__(self, runtime: Runtime) -> None:
        self._runtime = runtime
        self._changed = runtime.changed
        self._waiters: list[object] = []
        self._is_held = False

    def acquire(self, blocking: bool = True, timeout: float = -1) -> bool:
        with self._changed:
            if self._is_held or self._waiters:
                return blocking and self._wait(None if timeout == -1 else timeout)
            self._is_held = True
            return True

    def release(self) -> None:
        with self._changed:
            self._is_held = False
            self._changed.notify_all()

    def __enter__(self) -> bool:
        return self.acquire()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.release()

    def _wait(self, timeout: float | None) -> bool:
        waiter = object()
        self._count(waiter)
        is_free = self._changed.wait_for(lambda: not self._is_held and self._waiters[-1] is waiter, timeout)
        self._waiters.remove(waiter)
        self._runtime.waiting -= 1
        self._is_held = self._is_held or is_free
        self._changed.notify_all()
        return is_free

    def _count(self, waiter: object) -> None:
        self._waiters.append(waiter)
        self._runtime.waiting += 1
        self._changed.notify_all()
