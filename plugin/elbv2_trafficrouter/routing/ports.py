"""The interfaces through which routing uses the outside world: the current call, ELBv2, time and locks.

Every method that calls AWS raises a Problem if a request fails. Before each request, it calls
`Call.require_current`, which raises if nobody is waiting for the result any more.
"""

from abc import ABC, abstractmethod
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from types import TracebackType
from typing import Protocol

from elbv2_trafficrouter.arn import Arn
from elbv2_trafficrouter.errors.call import ClientDisconnected, DeadlineExceeded
from elbv2_trafficrouter.routing.rule import HeaderRule, Limits, ListenerRule, Snapshot


class Call(ABC):
    """The gRPC call on whose behalf routing works."""

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


class Rules(Protocol):
    """Listener rules and default actions. A default action is identified by its listener's ARN.

    A write is sent once, without retries.
    """

    def read(self, listeners: frozenset[Arn], call: Call) -> Snapshot:
        """All rules of these listeners, from reads that begin now."""

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


class Lock(Protocol):
    """A mutual exclusion lock, like threading.Lock."""

    def acquire(self, blocking: bool = True, timeout: float = -1) -> bool: ...

    def release(self) -> None: ...

    def __enter__(self) -> bool: ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...


class Runtime(Protocol):
    """Threads and time, as far as routing uses them."""

    def lock(self) -> Lock: ...

    def now(self) -> float:
        """Seconds on a clock that never goes back."""
