"""Limits how many calls wait for tokens of the API budget, so that the controller has workers left.

The controller has ten workers. A call that has to wait takes a seat and keeps it until the call ends, so that
it can wait for its next request, too: otherwise it would have used up tokens for nothing. Once all seats are
taken, a call that has to wait is refused at once. Aborts and moves to stable are never refused. Calls that
share a read wait if one of them may.

    a call:  --begins--> OPEN --it has to wait, and a seat is free--> SEATED --it ends--> gone
                           `--it has to wait, and no seat is free--> refused

Any thread may ask; a lock protects the tables. A restart loses nothing: it ends all calls.
"""

from collections.abc import Iterable

from elbv2_trafficrouter.arn import Arn
from elbv2_trafficrouter.errors.call import ApiBudgetExhausted
from elbv2_trafficrouter.routing.ports import Call, Runtime, Urgency

SEATS = 7


def is_never_refused(call: Call) -> bool:
    return call.priority.urgency <= Urgency.TO_STABLE


class CallSeats:
    """Implements routing.ports.Seats."""

    def __init__(self, runtime: Runtime) -> None:
        self._guard = runtime.lock()
        self._open: set[Call] = set()
        self._seated: set[Call] = set()

    def enter(self, call: Call) -> None:
        with self._guard:
            self._open.add(call.original)

    def take(self, calls: Iterable[Call], arn: Arn) -> None:
        """Gives seats to calls that wait together. Raises ApiBudgetExhausted if none of them may wait."""
        with self._guard:
            may_wait = [self._take(call) for call in calls]
        if not any(may_wait):
            raise ApiBudgetExhausted(arn)

    def leave(self, call: Call) -> None:
        with self._guard:
            self._open.discard(call.original)
            self._seated.discard(call.original)

    def __len__(self) -> int:
        """The number of calls with a seat."""
        return len(self._seated)

    def _take(self, call: Call) -> bool:
        original = call.original
        is_free = len(self._seated) < SEATS or original in self._seated
        may_wait = is_free or is_never_refused(call)
        if may_wait and original in self._open:  # a read may still wait for a call that has just ended
            self._seated.add(original)
        return may_wait
