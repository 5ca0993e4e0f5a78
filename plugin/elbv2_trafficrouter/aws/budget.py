"""The router's share of AWS's API limits, and which call gets the next request.

AWS gives every account and region a bucket of tokens for all ELBv2 calls, and in it a smaller bucket for
those that modify something. This keeps the same buckets with the router's share of their sizes, because the
AWS Load Balancer Controller and everybody else in the account use AWS's. Source: Request throttling for the
Elastic Load Balancing API.

    a bucket:  FULL --requests--> tokens left --refill--> FULL, which is the same as no entry
    its rate:  the share --AWS throttles--> half of it, down to a quarter of the share
               less than the share --a minute or two without throttling--> the share
    a request: --tokens there, and nobody goes first--> GRANTED
               --otherwise--> WAITING, until it is the first and there are tokens, or its call ends

WAITING requests are ordered by urgency, then by namespace, the one served longest ago first, then by
arrival. A request to read does not wait for one that lacks only tokens to modify. Only aborts may take the
last two tokens of a bucket.

Any thread may ask; one condition protects everything. A restart begins with full buckets.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from enum import Enum
from typing import TypeAlias

from elbv2_trafficrouter.arn import Arn, location_of
from elbv2_trafficrouter.aws.seats import CallSeats
from elbv2_trafficrouter.aws.shared_call import SharedCall
from elbv2_trafficrouter.errors.call import DeadlineExceeded
from elbv2_trafficrouter.routing.ports import (
    LOOK_AGAIN_SECONDS,
    Call,
    DelegatingCall,
    Priority,
    Runtime,
    Urgency,
)

_RESERVED_FOR_ABORTS = 2
_RECOVERY_PER_SECOND = 1 / 120  # of the whole rate: half of it in a minute
_LEAST_RATE = 1 / 4
_THROTTLED_AGAIN_SECONDS = 1.0  # throttled responses within it are one event
_LEAST_WAIT_SECONDS = 0.001
_IDLE_SECONDS = 600.0  # in which every bucket fills, whatever share and rate

Location: TypeAlias = tuple[str, ...]
"""Partition, region and account."""


class Bucket(Enum):
    """AWS's buckets: how many tokens each can hold, and how many it gets a second."""

    ALL = (40, 10)
    MODIFYING = (20, 3)

    def __init__(self, burst: int, per_second: int) -> None:
        self.burst = burst
        self.per_second = per_second


class Kind(Enum):
    """What a request does, and the buckets that it takes tokens from."""

    DESCRIBE = (Bucket.ALL,)
    MODIFY = (Bucket.ALL, Bucket.MODIFYING)


@dataclass(slots=True)
class _Levels:
    """The tokens in the buckets of one account and region at `at`, and the part of our rate in use (to 1)."""

    tokens: dict[Bucket, float]
    at: float
    rate: float = 1.0
    throttled_at: float = float("-inf")


@dataclass(eq=False, frozen=True, slots=True)
class _Request:
    """One or more requests to AWS that wait for their tokens together."""

    arn: Arn
    kind: Kind
    number: int
    call: Call
    arrival: int

    @property
    def location(self) -> Location:
        return location_of(self.arn)

    @property
    def calls(self) -> tuple[Call, ...]:
        original = self.call.original
        return original.members if isinstance(original, SharedCall) else (self.call,)


class PaidCall(DelegatingCall):
    """A call with tokens for its next requests of a kind in one account and region."""

    def __init__(self, call: Call, location: Location, kind: Kind, number: int, at: float) -> None:
        super().__init__(call)
        self.at = at
        self._pays_for = (location, kind)
        self.left = number

    def pay(self, location: Location, kind: Kind) -> bool:
        """Uses the token of one request. False if there is none for it."""
        if self._pays_for == (location, kind) and self.left:
            self.left -= 1
            return True
        return isinstance(self._call, PaidCall) and self._call.pay(location, kind)


class Budget:
    """`share`: the part of AWS's limits that this router may use, above 0 and at most 1."""

    def __init__(self, runtime: Runtime, seats: CallSeats, share: float) -> None:
        self._seats = seats
        self._now = runtime.now
        self._share = share
        self._changed = runtime.condition()
        self._levels: dict[Location, _Levels] = {}
        self._waiting: list[_Request] = []
        self._arrivals = 0
        self._grants = 0
        self._last_served: dict[Priority, int] = {}  # only while requests wait

    def take(self, arn: Arn, kind: Kind, call: Call, number: int = 1) -> None:
        """Waits for the tokens of requests about this ARN, which a full bucket must be able to hold.

        Raises ApiBudgetExhausted, and what `call.require_current` raises.
        """
        call.require_current()
        if isinstance(call, PaidCall) and call.pay(location_of(arn), kind):
            return
        with self._changed:
            self._arrivals += 1
            request = _Request(arn, kind, number, call, self._arrivals)
            self._waiting.append(request)
            try:
                if not self._is_granted(request):
                    self._seats.take(request.calls, arn)
                    self._wait(request)
            finally:
                self._waiting.remove(request)
                if not self._waiting:
                    self._last_served.clear()
                self._changed.notify_all()

    @contextmanager
    def paid(self, arn: Arn, kind: Kind, call: Call, number: int = 1) -> Iterator[Call]:
        """Waits for tokens. While the block runs, so many requests of the yielded call wait no more.

        Further requests wait, and so do those beyond the number that the buckets can hold at once.
        """
        number = min(number, *(int(self._burst(bucket)) - _RESERVED_FOR_ABORTS for bucket in kind.value))
        self.take(arn, kind, call, number)
        paid = PaidCall(call, location_of(arn), kind, number, self._now())
        try:
            yield paid
        finally:
            self._give_back(location_of(arn), kind, paid)

    def _give_back(self, location: Location, kind: Kind, paid: PaidCall) -> None:
        with self._changed:
            levels = self._refilled(location)
            if levels.throttled_at < paid.at:  # otherwise AWS has no tokens either
                for bucket in kind.value:
                    levels.tokens[bucket] += paid.left
            self._changed.notify_all()

    def halve(self, arn: Arn, kind: Kind) -> None:
        """AWS throttled a request of this kind."""
        with self._changed:
            levels = self._refilled(location_of(arn))
            if levels.at - levels.throttled_at < _THROTTLED_AGAIN_SECONDS:
                return
            levels.throttled_at = levels.at
            levels.rate = max(_LEAST_RATE, levels.rate / 2)
            for bucket in kind.value:
                levels.tokens[bucket] = min(levels.tokens[bucket], _RESERVED_FOR_ABORTS)

    def _wait(self, request: _Request) -> None:
        while not self._is_granted(request):
            left = request.call.seconds_left()
            if left <= 0:
                raise DeadlineExceeded("its share of AWS's API limits")
            self._changed.wait(min(left, self._seconds_to_tokens(request), LOOK_AGAIN_SECONDS))
            request.call.require_current()

    def _is_granted(self, request: _Request) -> bool:
        """Takes the tokens if it is this request's turn."""
        levels = self._refilled(request.location)
        rivals = [other for other in self._waiting if other.location == request.location]
        for other in sorted(rivals, key=self._order):
            lacking = self._lacking(other, levels)
            if other is request and lacking is None:
                for bucket in request.kind.value:
                    levels.tokens[bucket] -= request.number
                self._grants += 1
                self._last_served[request.call.priority] = self._grants
                return True
            if lacking is None or lacking in request.kind.value:
                return False
        return False

    def _order(self, request: _Request) -> tuple[Urgency, int, int]:
        priority = request.call.priority
        return priority.urgency, self._last_served.get(priority, 0), request.arrival

    def _lacking(self, request: _Request, levels: _Levels) -> Bucket | None:
        """The first bucket that does not have the tokens for the request."""
        needed = self._needed(request)
        return next((bucket for bucket in request.kind.value if levels.tokens[bucket] < needed), None)

    def _needed(self, request: _Request) -> float:
        reserve = 0 if request.call.priority.urgency is Urgency.ABORT else _RESERVED_FOR_ABORTS
        return request.number + reserve

    def _seconds_to_tokens(self, request: _Request) -> float:
        levels = self._refilled(request.location)
        bucket = self._lacking(request, levels)
        if bucket is None:
            return LOOK_AGAIN_SECONDS
        missing = self._needed(request) - levels.tokens[bucket]
        return max(_LEAST_WAIT_SECONDS, missing / (bucket.per_second * self._share * levels.rate))

    def _burst(self, bucket: Bucket) -> float:
        return max(_RESERVED_FOR_ABORTS + 1, bucket.burst * self._share)

    def _refilled(self, location: Location) -> _Levels:
        """The levels as they are now."""
        now = self._now()
        if location not in self._levels:
            self._forget_full(now)
            self._levels[location] = _Levels({bucket: self._burst(bucket) for bucket in Bucket}, now)
        levels = self._levels[location]
        seconds = now - levels.at
        for bucket in Bucket:
            added = seconds * bucket.per_second * self._share * levels.rate
            levels.tokens[bucket] = min(self._burst(bucket), levels.tokens[bucket] + added)
        levels.rate = min(1.0, levels.rate + seconds * _RECOVERY_PER_SECOND)
        levels.at = now
        return levels

    def _forget_full(self, now: float) -> None:
        """Drops the entries of accounts and regions that were idle for so long that all is full again."""
        idle = (location for location, levels in self._levels.items() if now - levels.at > _IDLE_SECONDS)
        for location in list(idle):
            del self._levels[location]
