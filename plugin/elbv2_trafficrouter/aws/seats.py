"""Limits how many calls wait for the budget of AWS API calls, so that the controller has workers left.

The controller has ten workers. A call that has to wait takes a seat and keeps it until the call ends, so that
it can wait for its next request, too: otherwise it would have used up tokens for nothing. Once all seats are
taken, a call that has to wait is refused at once. Aborts and moves to stable are never refused.

    a call:  no seat --it has to wait, and a seat is free--> SEATED --it ends--> no seat
                `--it has to wait, and no seat is free--> refused

Any thread may ask; a lock protects the table. A restart loses nothing: it ends all calls.
"""

from collections.abc import Iterable

from elbv2_trafficrouter.arn import Arn
from elbv2_trafficrouter.errors.call import ApiBudgetExhausted
from elbv2_trafficrouter.routing.ports import Call, Runtime, Urgency

SEATS = 7


class CallSeats:
    """Implements routing.ports.Seats."""

    def __init__(self, runtime: Runtime) -> None:
        self._guard = runtime.lock()
        self._seated: set[Call] = set()

    def take(self, calls: Iterable[Call], arn: Arn) -> None:
        """Gives seats to calls that wait together. Raises ApiBudgetExhausted if none of them may wait."""
        with self._guard:
            seated = [self._take(call) for call in calls]
        if not any(seated):
            raise ApiBudgetExhausted(arn)

    def leave(self, call: Call) -> None:
        with self._guard:
            self._seated.discard(call.original)

    def __len__(self) -> int:
        """The number of calls with a seat."""
        return len(self._seated)

    def _take(self, call: Call) -> bool:
        is_free = len(self._seated) < SEATS or call.original in self._seated
        may_wait = is_free or call.priority.urgency <= Urgency.TO_STABLE
        if may_wait:
            self._seated.add(call.original)
        return may_wait
