"""One lock per listener. A call holds it while it decides for the last time, and writes.

    no entry --first call--> IN USE by 1 call --more calls--> IN USE by n calls --last call ends--> no entry

A call counts as a user from before it waits for the lock until after it has released the lock, so the table
has entries only for the listeners of calls in flight. Any thread can take the locks. `_guard` protects the
table itself. A restart loses nothing: the locks only order the calls of one process.
"""

from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass

from elbv2_trafficrouter.arn import Arn
from elbv2_trafficrouter.errors.call import DeadlineExceeded
from elbv2_trafficrouter.routing.ports import LOOK_AGAIN_SECONDS, Call, Lock, Runtime


@dataclass(slots=True)
class _InUse:
    lock: Lock
    calls: int = 0


class Locks:
    def __init__(self, runtime: Runtime) -> None:
        self._runtime = runtime
        self._guard = runtime.lock()
        self._in_use: dict[Arn, _InUse] = {}

    @contextmanager
    def held(self, listeners: Iterable[Arn], call: Call) -> Iterator[None]:
        """Holds the lock of each listener while the block runs.

        Raises DeadlineExceeded, and what `call.require_current` raises.

        The locks are taken in the order of the ARNs, so that calls that share listeners can't deadlock.
        """
        with ExitStack() as held:
            for listener in sorted(listeners):
                lock = held.enter_context(self._counted(listener))
                while not lock.acquire(timeout=min(LOOK_AGAIN_SECONDS, max(0.0, call.seconds_left()))):
                    if call.seconds_left() <= 0:
                        raise DeadlineExceeded("another call to the same listener")
                    call.require_current()
                held.callback(lock.release)
            yield

    def __len__(self) -> int:
        """The number of listeners that calls in flight hold or wait for."""
        return len(self._in_use)

    @contextmanager
    def _counted(self, listener: Arn) -> Iterator[Lock]:
        with self._guard:
            entry = self._in_use.get(listener)
            if entry is None:
                entry = self._in_use[listener] = _InUse(self._runtime.lock())
            entry.calls += 1
        try:
            yield entry.lock
        finally:
            with self._guard:
                entry.calls -= 1
                if not entry.calls:
                    del self._in_use[listener]
