"""What routing needs from outside: the call that it works for, ELBv2's resources, time and locks.

Every method that calls AWS raises a Problem for whatever AWS answers. Before each request it asks the call
whether anybody still wants the result (`Call.require_current`), and raises what that raises.
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
    """The call that work is done for."""

    @abstractmethod
    def seconds_left(self) -> float:
        """Seconds until the deadline; 0 or less once it has passed."""

    @abstractmethod
    def is_connected(self) -> bool:
        """Whether the client still waits for the response."""

    def require_current(self) -> None:
        """Raises ClientDisconnected or DeadlineExceeded once no request may be sent for the call any more."""
        if not self.is_connected():
            raise ClientDisconnected
        if self.seconds_left() <= 0:
            raise DeadlineExceeded("AWS")


class Rules(Protocol):
    """Listener rules and default actions. A default action is known by the ARN of its listener."""

    def read(self, listeners: frozenset[Arn], call: Call) -> Snapshot:
        """All rules of these listeners, by reads that begin now."""

    def write(self, rule: ListenerRule, call: Call) -> ListenerRule:
        """Sends the rule's actions with its weights, once. Returns the rule as AWS answered it."""

    def create(self, rule: HeaderRule, tags: Mapping[str, str], call: Call) -> ListenerRule:
        """Sent once. Returns the rule as AWS answered it."""

    def replace(self, arn: Arn, rule: HeaderRule, call: Call) -> ListenerRule:
        """Gives the rule everything of `rule` except the priority; sent once."""

    def delete(self, arn: Arn, call: Call) -> None:
        """Sent once. Deleting a missing rule succeeds."""


class Tags(Protocol):
    """Tags of rules."""

    def read(self, rules: Collection[Arn], call: Call) -> Mapping[Arn, Mapping[str, str]]:
        """The tags of each of these rules that exists."""


class AccountLimits(Protocol):
    """Quotas of an account and region."""

    def read(self, listener: Arn, call: Call) -> Limits:
        """The quotas that apply to the listener."""


class Listeners(Protocol):
    """Listeners of load balancers."""

    def read_beside(self, listener: Arn, call: Call) -> frozenset[Arn]:
        """All listeners of the listener's load balancer, itself included."""


@dataclass(frozen=True, slots=True)
class Elbv2:
    """ELBv2 as routing uses it, resource by resource."""

    rules: Rules
    tags: Tags
    limits: AccountLimits
    listeners: Listeners


class Lock(Protocol):
    """A mutual exclusion lock, as threading.Lock."""

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
