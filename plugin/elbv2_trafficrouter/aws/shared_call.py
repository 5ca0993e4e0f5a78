"""The call of a read that several calls wait for."""

from elbv2_trafficrouter.routing.ports import Call, Priority

_SECONDS = 3.0  # as long as one request may take: each of the waiting calls has its own deadline


class SharedCall(Call):
    """As urgent as the most urgent of its members, and connected while it has one.

    Members are added and removed under the lock of their owner; any thread can use the call.
    """

    def __init__(self) -> None:
        self._members: tuple[Call, ...] = ()

    def add(self, call: Call) -> None:
        self._members = (*self._members, call)

    def remove(self, call: Call) -> None:
        self._members = tuple(member for member in self._members if member is not call)

    @property
    def members(self) -> tuple[Call, ...]:
        return self._members

    @property
    def priority(self) -> Priority:
        priorities = (member.priority for member in self._members)
        return min(priorities, key=lambda priority: priority.urgency, default=Priority())

    def seconds_left(self) -> float:
        return _SECONDS

    def is_connected(self) -> bool:
        return bool(self._members)
