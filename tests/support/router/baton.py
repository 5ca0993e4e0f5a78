"""Threads that pass a baton: only the thread that has it runs, so a test decides every switch, and the time.

A thread passes the baton when it waits, and whenever it releases a lock. If all threads wait, the clock jumps
to the first moment at which one of them stops waiting.
"""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from random import Random
from types import TracebackType

from elbv2_trafficrouter.routing.ports import Call

_PATIENCE_SECONDS = 30


@dataclass(eq=False)
class _Thread:
    name: str
    go: threading.Semaphore = field(default_factory=lambda: threading.Semaphore(0))
    is_ready: Callable[[], bool] = lambda: True
    until: float = float("inf")


class BatonRuntime:
    """Implements routing.ports.Runtime.

    `choose`: given the number of threads that can run, returns the index of the next one.
    """

    def __init__(self, choose: Callable[[int], int] = lambda _: 0) -> None:
        self.seconds = 0.0
        self._choose = choose
        self._threads: list[_Thread] = []
        self._current: _Thread | None = None
        self._failures: list[BaseException] = []
        self._all_ended = threading.Event()

    @classmethod
    def seeded(cls, seed: int) -> "BatonRuntime":
        """Chooses at random. The same seed gives the same history."""
        return cls(Random(seed).randrange)  # noqa: S311  no secret

    def now(self) -> float:
        return self.seconds

    def lock(self) -> "BatonLock":
        return BatonLock(self)

    def condition(self) -> "BatonCondition":
        return BatonCondition(self)

    def spawn(self, work: Callable[[], None], name: str) -> None:
        thread = _Thread(name)
        self._threads.append(thread)
        threading.Thread(target=self._run, args=(thread, work), daemon=True).start()

    def sleep(self, seconds: float) -> None:
        self.wait_until(lambda: False, seconds)

    def run(self, *works: Callable[[], None]) -> None:
        """Runs these and all threads that they spawn to their end. Raises the first failure."""
        for number, work in enumerate(works):
            self.spawn(work, f"work {number}")
        self._pass_on()
        assert self._all_ended.wait(_PATIENCE_SECONDS), "The threads have not ended"
        if self._failures:
            raise self._failures[0]

    def wait_until(self, is_ready: Callable[[], bool], seconds: float | None = None) -> bool:
        """Passes the baton until this is true, or this time is over. Returns whether it is true."""
        thread = self._current
        if thread is None:  # outside of `run`, there is only the test's own thread
            assert is_ready(), "The only thread would wait for ever"
            return True
        thread.is_ready = is_ready
        thread.until = float("inf") if seconds is None else self.seconds + seconds
        self._pass_on()
        self._take(thread)
        return is_ready()

    def _run(self, thread: _Thread, work: Callable[[], None]) -> None:
        self._take(thread)
        try:
            work()
        except BaseException as failure:  # noqa: BLE001  `run` raises it
            self._failures.append(failure)
        self._threads.remove(thread)
        self._pass_on()

    def _take(self, thread: _Thread) -> None:
        if not thread.go.acquire(timeout=_PATIENCE_SECONDS):
            raise TimeoutError(f"{thread.name} never got the baton")
        self._current = thread
        thread.is_ready, thread.until = (lambda: True), float("inf")

    def _pass_on(self) -> None:
        if not self._threads:
            self._current = None
            self._all_ended.set()
            return
        runnable = self._runnable()
        if not runnable:
            self.seconds = max(self.seconds, min(thread.until for thread in self._threads))
            assert self.seconds < float("inf"), "All threads wait for each other"
            runnable = self._runnable()
        runnable[self._choose(len(runnable))].go.release()

    def _runnable(self) -> list[_Thread]:
        return [thread for thread in self._threads if thread.is_ready() or thread.until <= self.seconds]


class BatonCaller(Call):
    """A call with a deadline on the runtime's clock, whose client may leave before it."""

    def __init__(
        self, runtime: BatonRuntime, seconds: float, leaves_after_seconds: float = float("inf")
    ) -> None:
        self._now = runtime.now
        self._until = runtime.now() + seconds
        self._leaves_at = runtime.now() + leaves_after_seconds

    def seconds_left(self) -> float:
        return self._until - self._now()

    def is_connected(self) -> bool:
        return self._now() < self._leaves_at


class BatonLock:
    def __init__(self, runtime: BatonRuntime) -> None:
        self._runtime = runtime
        self._is_held = False

    def acquire(self, blocking: bool = True, timeout: float = -1) -> bool:
        if self._is_held:
            if not blocking:
                return False
            self._runtime.wait_until(lambda: not self._is_held, None if timeout == -1 else timeout)
        if self._is_held:
            return False
        self._is_held = True
        return True

    def release(self) -> None:
        self._is_held = False
        self._runtime.wait_until(lambda: True)

    def __enter__(self) -> bool:
        return self.acquire()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.release()


class BatonCondition(BatonLock):
    def __init__(self, runtime: BatonRuntime) -> None:
        super().__init__(runtime)
        self._notified = 0

    def wait(self, timeout: float | None = None) -> bool:
        with self._released():
            seen = self._notified
            return self._runtime.wait_until(lambda: self._notified > seen, timeout)

    def notify_all(self) -> None:
        self._notified += 1

    @contextmanager
    def _released(self) -> Iterator[None]:
        self._is_held = False
        try:
            yield
        finally:
            self.acquire()
