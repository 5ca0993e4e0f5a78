"""The interfaces through which routing uses the outside world: the current call, ELBv2, time and threads.

Every method that calls AWS raises a Problem if a request fails. Before each request, it waits until the
router's share of AWS's API limits allows the request, and calls `Call.require_current`, which raises if
nobody is waiting for the result any more.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Collection, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from enum import IntEnum
from types import TracebackType
from typing import Protocol

from elbv2_trafficrouter.arn import Arn
from elbv2_trafficrouter.errors.call import ClientDisconnected, DeadlineExceeded
from elbv2_trafficrouter.routing.rule import HeaderRule, Limits, ListenerRule, Snapshot

REUSE_SECONDS = 2.0
"""`Rules.read` can be asked for reads that began up to this long before the call."""
LOOK_AGAIN_SECONDS = 0.25
"""How long a call waits before it looks again whether anybody still waits for it."""


class Urgency(IntEnum):
    """Which calls go first while calls wait for the budget of AWS API calls. The lowest goes first."""

    ABORT = 1
    TO_STABLE = 2
    RISE = 3
    VERIFICATION = 4


@dataclass(frozen=True, slots=True)
class Priority:
    """Calls with the same urgency take turns by namespace."""

    urgency: Urgency = Urgency.VERIFICATION
    namespace: str = ""


class Call(ABC):
    """The gRPC call on whose behalf routing works."""

    @property
    def priority(self) -> Priority:
        return Priority()

    @property
    def original(self) -> "Call":
        """The call itself, of which there is one, without what was added to it."""
        return self

    @abstractmethod
    def seconds_left(self) -> float:
        """Seconds until the deadline; 0 or less once it has passed."""

    @abstractmethod
    def is_connected(self) -> bool:
        """Whether the client is still waiting for the response."""

    def require_current(self) -> None:
        """Raises ClientDisconnected or DeadlineExceeded if the call must not send any more requests."""
        if not self.is_connected():
            raise ClientDisconnected
        if self.seconds_left() <= 0:
            raise DeadlineExceeded("AWS")


class DelegatingCall(Call):
    """A call that adds something to another call."""

    def __init__(self, call: Call) -> None:
        self._call = call

    @property
    def priority(self) -> Priority:
        return self._call.priority

    @property
    def original(self) -> Call:
        return self._call.original

    def seconds_left(self) -> float:
        return self._call.seconds_left()

    def is_connected(self) -> bool:
        return self._call.is_connected()

    def require_current(self) -> None:
        self._call.require_current()


class PrioritizedCall(DelegatingCall):
    """A call with a priority."""

    def __init__(self, call: Call, priority: Priority) -> None:
        super().__init__(call)
        self._priority = priority

    @property
    def priority(self) -> Priority:
        return self._priority


class Rules(Protocol):
    """Listener rules and default actions. A default action is identified by its listener's ARN.

    A write is sent once, without retries.
    """

    def read(self, listeners: frozenset[Arn], since: float, call: Call) -> Snapshot:
        """All rules of these listeners, from reads that began after `since` on the runtime's clock.

        Calls that need the same listener share a read.
        """

    def reserved_writes(self, rules: Collection[Arn], call: Call) -> AbstractContextManager[Call]:
        """Waits until AWS's API limits allow a write of each of these rules.

        While the block runs, as many writes on behalf of the yielded call do not wait any more.
        """

    def write(self, rule: ListenerRule, call: Call) -> ListenerRule:
        """Writes the rule's actions with its weights. Returns the rule from AWS's response."""

    def create(self, rule: HeaderRule, tags: Mapping[str, str], call: Call) -> ListenerRule:
        """Returns the rule from AWS's response."""

    def replace(self, arn: Arn, rule: HeaderRule, call: Call) -> ListenerRule:
        """Replaces everything in the rule `arn` except its priority. Returns it from AWS's response."""

    def delete(self, arn: Arn, call: Call) -> None:
        """Succeeds if the rule does not exist."""


class Tags(Protocol):
    """Tags of rules, listeners, load balancers and target groups."""

    def read(self, resources: Collection[Arn], call: Call) -> Mapping[Arn, Mapping[str, str]]:
        """The tags of these resources. Resources that do not exist are left out."""


class AccountLimits(Protocol):
    """Quotas of an account and region."""

    def read(self, listener: Arn, call: Call) -> Limits:
        """The quotas that apply to the listener."""


class Listeners(Protocol):
    """Listeners of load balancers."""

    def read_beside(self, listener: Arn, call: Call) -> frozenset[Arn]:
        """All listeners of this listener's load balancer, including this one."""


class Seats(Protocol):
    """The calls in progress, of which only some may wait for the budget of AWS API calls."""

    def enter(self, call: Call) -> None:
        """The call begins."""

    def leave(self, call: Call) -> None:
        """The call has ended."""


class Regions(Protocol):
    """The regions and partitions in which the operator allows rules."""

    def require_allowed(self, arn: Arn) -> None:
        """Raises RegionNotAllowed for a rule or listener elsewhere. Sends no request."""


class AnyRegion:
    """Allows every region."""

    def require_allowed(self, arn: Arn) -> None: ...


@dataclass(frozen=True, slots=True)
class Elbv2:
    """The parts of ELBv2 that routing uses, one for each kind of resource."""

    rules: Rules
    tags: Tags
    limits: AccountLimits
    listeners: Listeners
    seats: Seats


class Lock(Protocol):
    """A mutual exclusion lock, like threading.Lock."""

    def acquire(self, blocking: bool = True, timeout: float = -1) -> bool: ...

    def release(self) -> None: ...

    def __enter__(self) -> bool: ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...


class Condition(Protocol):
    """A lock, and a way to wait for changes of what it protects, like threading.Condition."""

    def wait(self, timeout: float | None = None) -> bool: ...

    def notify_all(self) -> None: ...

    def __enter__(self) -> bool: ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...


class Runtime(Protocol):
    """Threads and time, as far as routing and its reads of AWS use them."""

    def lock(self) -> Lock: ...

    def condition(self) -> Condition: ...

    def spawn(self, work: Callable[[], None], name: str) -> None:
        """Runs the work in a thread of its own. The thread does not keep the process from ending."""

    def now(self) -> float:
        """Seconds on a clock that never goes back."""
