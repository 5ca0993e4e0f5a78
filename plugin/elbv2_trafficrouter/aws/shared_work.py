"""Work that may hang and that several callers need at once: it runs once,
and each caller waits as long as it can.

    idle --a caller needs the result--> running, in a thread of its own --it ends--> idle

While it runs, further callers wait for the same result or the same error. A caller that stops waiting leaves
the work running: at most one thread exists for each piece of work, however many callers gave up. Any thread
may wait; a guard protects the state. A restart loses only work in progress.
"""

import threading
from collections.abc import Callable
from concurrent.futures import Future
from typing import Generic, TypeVar

T = TypeVar("T")


class SharedWork(Generic[T]):
    def __init__(self, work: Callable[[], T], name: str) -> None:
        self._work = work
        self._name = name
        self._guard = threading.Lock()
        self._running: Future[T] | None = None

    def begin(self) -> Future[T]:
        """The result to wait for: of the work that runs, or of new work if none does."""
        with self._guard:
            if self._running is None:
                self._running = Future()
                # A daemon: work that hangs must not keep the process from ending.
                thread = threading.Thread(
                    target=self._run, args=(self._running,), name=self._name, daemon=True
                )
                thread.start()
            return self._running

    def _run(self, future: Future[T]) -> None:
        try:
            result = self._work()
        except BaseException as error:  # noqa: BLE001  the callers get it
            self._end()
            future.set_exception(error)
        else:
            self._end()
            future.set_result(result)

    def _end(self) -> None:
        with self._guard:
            self._running = None
