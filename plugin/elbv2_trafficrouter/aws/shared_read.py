"""A read of AWS that serves all calls that wait for it.

    a read:  QUEUED --the read before it has ended, and there are tokens--> RUNNING since `began` --> OVER
             QUEUED or RUNNING --the last of its calls leaves--> ABANDONED: nobody joins it any more

A call names the time after which a read must have begun. It gets the latest answered read if that one began
late enough; otherwise it joins a read that is QUEUED, or RUNNING and began late enough; otherwise it queues
the next read. So nobody gets what was read before it was allowed to be, and the calls that arrive while a
read runs, or while it waits for tokens, cost one read together.

A read runs in a thread of its own, so a call that leaves does not end it for the others, and each call stops
waiting at its own deadline. Its failure is the failure of all its calls, and is not kept. Any thread may
ask; one condition protects everything. A restart loses nothing.
"""

from collections.abc import Callable, Collection
from contextlib import ExitStack
from functools import partial
from typing import Generic, TypeVar

from elbv2_trafficrouter.arn import Arn
from elbv2_trafficrouter.aws.budget import Budget, Kind
from elbv2_trafficrouter.aws.seats import is_never_refused
from elbv2_trafficrouter.aws.shared_call import SharedCall
from elbv2_trafficrouter.errors.call import ApiBudgetExhausted
from elbv2_trafficrouter.routing.expiring import Expiring
from elbv2_trafficrouter.routing.ports import LOOK_AGAIN_SECONDS, REUSE_SECONDS, Call, Runtime

V = TypeVar("V")


class Reading(Generic[V]):
    """One read. `value` and `began` are there once it is over without a failure."""

    def __init__(self) -> None:
        self.call = SharedCall()
        self.began = float("inf")
        self.is_over = False
        self.failure: BaseException | None = None
        self.value: V

    def serves(self, since: float) -> bool:
        """Whether it began after this time, or has yet to begin."""
        return self.began > since


class SharedRead(Generic[V]):
    """`read`: reads one resource on behalf of a call."""

    def __init__(self, read: Callable[[Arn, Call], V], budget: Budget, runtime: Runtime) -> None:
        self._read = read
        self._budget = budget
        self._runtime = runtime
        self._changed = runtime.condition()
        self._running: dict[Arn, Reading[V]] = {}
        self._next: dict[Arn, Reading[V]] = {}
        self._latest: Expiring[Arn, Reading[V]] = Expiring(runtime, REUSE_SECONDS)

    def of(self, arns: Collection[Arn], since: float, call: Call) -> dict[Arn, Reading[V]]:
        """Answered reads of these resources, at the same time. Raises the first failure.

        Raises ApiBudgetExhausted, and what `call.require_current` raises.
        """
        with self._changed, ExitStack() as joined:
            readings = {}
            for arn in sorted(arns):
                readings[arn] = self._joined(arn, since, call)
                joined.callback(self._leave, arn, readings[arn], call)
            for arn, reading in readings.items():
                self._wait(reading, call)
                if isinstance(reading.failure, ApiBudgetExhausted) and is_never_refused(call):
                    # Refused for the calls that were there before this one.
                    readings[arn] = self._joined(arn, since, call)
                    joined.callback(self._leave, arn, readings[arn], call)
                    self._wait(readings[arn], call)
                if (failure := readings[arn].failure) is not None:
                    raise failure
        return readings

    def _wait(self, reading: Reading[V], call: Call) -> None:
        while not reading.is_over:
            call.require_current()
            self._changed.wait(min(call.seconds_left(), LOOK_AGAIN_SECONDS))

    def _joined(self, arn: Arn, since: float, call: Call) -> Reading[V]:
        for reading in (self._latest.get(arn), self._running.get(arn), self._next.get(arn)):
            if reading is not None and reading.serves(since):
                reading.call.add(call)
                return reading
        following: Reading[V] = Reading()
        following.call.add(call)
        if arn in self._running:
            self._running[arn].call.followed_by = following.call
            self._next[arn] = following
        else:
            self._start(arn, following)
        return following

    def _leave(self, arn: Arn, reading: Reading[V], call: Call) -> None:
        reading.call.remove(call)
        if not reading.call.members and not reading.is_over:
            if self._next.get(arn) is reading:
                del self._next[arn]
            self._end(arn, reading)

    def _start(self, arn: Arn, reading: Reading[V]) -> None:
        self._running[arn] = reading
        try:
            self._runtime.spawn(partial(self._run, arn, reading), "read")
        except RuntimeError as failure:  # the process can't have more threads
            del self._running[arn]
            reading.failure, reading.is_over = failure, True
            self._changed.notify_all()

    def _run(self, arn: Arn, reading: Reading[V]) -> None:
        try:
            with self._budget.paid(arn, Kind.DESCRIBE, reading.call) as paid:
                with self._changed:
                    reading.began = self._runtime.now()
                reading.value = self._read(arn, paid)
        except BaseException as failure:  # noqa: BLE001  its calls raise it
            reading.failure = failure
        with self._changed:
            reading.is_over = True
            latest = self._latest.get(arn)
            if reading.failure is None and (latest is None or latest.began < reading.began):
                self._latest.put(arn, reading)
            self._end(arn, reading)
            self._changed.notify_all()

    def _end(self, arn: Arn, reading: Reading[V]) -> None:
        """The read does not keep the next one waiting any more."""
        if self._running.get(arn) is reading:
            del self._running[arn]
            if (following := self._next.pop(arn, None)) is not None:
                self._start(arn, following)
