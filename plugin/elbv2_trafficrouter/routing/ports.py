"""What routing needs from outside."""

from typing import Protocol

from elbv2_trafficrouter.routing.arn import Arn
from elbv2_trafficrouter.routing.model import Change, ListenerRule, Snapshot


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


class Mutex(Protocol):
    def acquire(self, blocking: bool = True, timeout: float = -1) -> bool: ...

    def release(self) -> None: ...


class Runtime(Protocol):
    """Threads, as far as routing knows them."""

    def mutex(self) -> Mutex: ...
