"""Tracks the newest call of each Rollout, so that older calls stop writing.

The controller makes one call at a time for a Rollout. An older call that is still running was abandoned by
its client, or comes from a controller that is no longer the leader.

    no entry --begin--> newest: 1, in flight: 1 --begin--> newest: n, in flight: m --the last ends--> no entry

A turn is current while no turn of the same Rollout and subject has a higher number. The table has entries
only for Rollouts with calls in flight; the numbers start again when the last of these calls ends. Any thread
can begin a turn, or ask whether a turn is current. `_guard` protects the table. A restart loses the numbers,
but it also ends every call that had one.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from enum import Enum
from typing import TypeAlias

from elbv2_trafficrouter.errors.call import Superseded
from elbv2_trafficrouter.rollout.intent import Intent
from elbv2_trafficrouter.routing.ports import Call, DelegatingCall, Runtime


class Subject(Enum):
    """What a call writes. A call supersedes older calls with the same subject."""

    WEIGHTS = "SetWeight"
    MANAGED_ROUTES = "SetHeaderRoute or RemoveManagedRoutes"

    @property
    def methods(self) -> str:
        """The RPCs that write it, as an error message names them."""
        return self.value


_Key: TypeAlias = tuple[str, str, Subject]


@dataclass(slots=True)
class _Counted:
    newest: int = 0
    in_flight: int = 0


class Turn(DelegatingCall):
    """A call with its number among the calls of its Rollout: `require_current` also raises Superseded."""

    def __init__(self, call: Call, subject: Subject, intent: Intent, number: int, counted: _Counted) -> None:
        super().__init__(call)
        self._subject = subject
        self._intent = intent
        self._number = number
        self._counted = counted

    def require_current(self) -> None:
        """Raises Superseded, ClientDisconnected or DeadlineExceeded if the call must not write any more."""
        if self._number != self._counted.newest:
            raise Superseded(self._subject.methods, self._intent.namespace, self._intent.rollout)
        self._call.require_current()


class Turns:
    def __init__(self, runtime: Runtime) -> None:
        self._guard = runtime.lock()
        self._counted: dict[_Key, _Counted] = {}

    @contextmanager
    def begin(self, subject: Subject, intent: Intent, call: Call) -> Iterator[Turn]:
        """A new turn, which supersedes all earlier turns of the Rollout. In flight while the block runs."""
        with self._in_flight(subject, intent, begins=1) as (number, counted):
            yield Turn(call, subject, intent, number, counted)

    @contextmanager
    def join(self, subject: Subject, intent: Intent, call: Call) -> Iterator[Turn]:
        """Joins the newest turn: supersedes no other call, and is superseded by the next `begin`."""
        with self._in_flight(subject, intent, begins=0) as (number, counted):
            yield Turn(call, subject, intent, number, counted)

    def __len__(self) -> int:
        """The number of Rollouts and subjects with calls in flight."""
        return len(self._counted)

    @contextmanager
    def _in_flight(self, subject: Subject, intent: Intent, begins: int) -> Iterator[tuple[int, _Counted]]:
        key = (intent.namespace, intent.rollout, subject)
        with self._guard:
            counted = self._counted.setdefault(key, _Counted())
            counted.newest += begins
            counted.in_flight += 1
            number = counted.newest
        try:
            yield number, counted
        finally:
            with self._guard:
                counted.in_flight -= 1
                if not counted.in_flight:
                    del self._counted[key]
