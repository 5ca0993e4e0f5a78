"""How far calls get at once, so that no client's calls stop those of the others.

    RECEIVING --its message is here--> WAITING --a slot is free--> WORKING --> gone

- RECEIVING: a client may send half a message and keep its call open. Such a call takes no slot, and it is
  cancelled when a later call arrives, if it is too old. Beyond the limit, new calls are refused.
- WAITING: the call has its message and takes part in the limit of calls; beyond it, new calls are refused.
- WORKING: the call has one of the slots. A large message also needs one of the slots for large messages.

Each call runs in a thread of its own in all three states. Any thread may ask; a guard protects the tables. A
restart loses nothing: the table holds only calls in flight.
"""

import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

import grpc

from elbv2_trafficrouter.errors.call import DeadlineExceeded, TooManyCalls
from elbv2_trafficrouter.rpc.call import GrpcCall

RECEIVING = 128
ADMITTED = 64  # further calls would wait longer than their deadlines
WORKING = 16  # the controller has ten workers with one call each
LARGE = 2
LARGE_BYTES = 64 * 1024
_LONGEST_RECEIVING_SECONDS = 2.0


class Receiving:
    """The calls whose message is not complete yet."""

    def __init__(self, limit: int = RECEIVING) -> None:
        self._limit = limit
        self._guard = threading.Lock()
        self._since: dict[grpc.ServicerContext, float] = {}

    @contextmanager
    def counted(self, context: grpc.ServicerContext) -> Iterator[None]:
        """Counts a call while the block receives its message. Raises TooManyCalls."""
        with self._guard:
            if len(self._since) >= self._limit:
                raise TooManyCalls
            self._since[context] = time.monotonic()
        try:
            yield
        finally:
            with self._guard:
                del self._since[context]

    def cancel_late(self, longest_seconds: float = _LONGEST_RECEIVING_SECONDS) -> None:
        """Cancels the calls whose message takes longer."""
        oldest = time.monotonic() - longest_seconds
        with self._guard:
            late = [context for context, since in self._since.items() if since <= oldest]
        for context in late:
            context.cancel()


class Admission:
    """The calls whose message is complete."""

    def __init__(self, *, admitted: int = ADMITTED, working: int = WORKING, large: int = LARGE) -> None:
        self._admitted = threading.Semaphore(admitted)
        self._slots = threading.Semaphore(working)
        self._large = threading.Semaphore(large)
        self._working_limit = working
        self._guard = threading.Lock()
        self._working: dict[GrpcCall, None] = {}

    @contextmanager
    def working(self, call: GrpcCall, size: int) -> Iterator[None]:
        """Waits for a slot, and has it while the block runs. `size`: the message's bytes.

        Raises TooManyCalls, or DeadlineExceeded if the call's time ends first.
        """
        with ExitStack() as held:
            if not self._admitted.acquire(blocking=False):
                raise TooManyCalls
            held.callback(self._admitted.release)
            for slots in (self._large, self._slots) if size > LARGE_BYTES else (self._slots,):
                if not slots.acquire(timeout=max(0.0, call.seconds_left())):
                    raise DeadlineExceeded("other calls")
                held.callback(slots.release)
            with self._guard:
                self._working[call] = None
            try:
                yield
            finally:
                with self._guard:
                    del self._working[call]

    def is_stuck(self) -> bool:
        """Whether every slot is taken by a call whose time is over: no other call can be served."""
        with self._guard:
            return len(self._working) == self._working_limit and all(
                call.seconds_left() <= 0 for call in self._working
            )
