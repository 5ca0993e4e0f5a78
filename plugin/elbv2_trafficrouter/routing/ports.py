"""What routing needs from outside."""

from collections.abc import Collection, Mapping
from typing import Protocol

from elbv2_trafficrouter.arn import Arn
from elbv2_trafficrouter.routing.rule import HeaderRule, Limits, ListenerRule, Snapshot
from elbv2_trafficrouter.routing.weights.plan import Change


class Call(Protocol):
    """The call that work is done for: nothing is written for a client that left or waits no more."""

    def seconds_left(self) -> float: ...

    def client_is_there(self) -> bool: ...


class Rules(Protocol):
    """Listener rules. Both raise a Problem for whatever AWS answers."""

    def read(self, listeners: frozenset[Arn], call: Call) -> Snapshot:
        """All rules of these listeners, by a read that begins now and ends with the call."""

    def write(self, change: Change) -> ListenerRule:
        """Sends the rule's actions with the new weights, once. Gives the rule as AWS answered it."""


class HeaderRules(Protocol):
    """Rules that the router makes and deletes itself. All raise a Problem for whatever AWS answers."""

    def tags(self, rules: Collection[Arn], call: Call) -> Mapping[Arn, Mapping[str, str]]:
        """Of each of these rules that exists. Ends with the call."""

    def limits(self, listener: Arn) -> Limits:
        """Of the listener's account and region."""

    def listeners_beside(self, listener: Arn, call: Call) -> frozenset[Arn]:
        """All listeners of its load balancer, itself too. Ends with the call."""

    def create(self, rule: HeaderRule, tags: Mapping[str, str]) -> ListenerRule:
        """Sent once. Gives the rule as AWS answered it."""

    def change(self, arn: Arn, rule: HeaderRule) -> ListenerRule:
        """Gives the rule all of this but the priority, sent once."""

    def delete(self, rule: Arn) -> None:
        """Sent once. That there is none is success."""


class Mutex(Protocol):
    def acquire(self, blocking: bool = True, timeout: float = -1) -> bool: ...

    def release(self) -> None: ...


class Runtime(Protocol):
    """Threads and time, as far as routing knows them."""

    def mutex(self) -> Mutex: ...

    def now(self) -> float:
        """Seconds on a clock that never goes back."""
