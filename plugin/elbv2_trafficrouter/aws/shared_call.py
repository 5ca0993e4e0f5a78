"""The call of a read that several calls wait for."""

from elbv2_trafficrouter.routing.ports import Call, Priority

_SECONDS = 3.0  # as long as one request may take: each of the waiting calls has its own deadline


class SharedCall(Call):
    """As urgent as the most urgent of the calls that wait for it, and connected while it has a member.

    The members of the next read wait for it, too: `followed_by` is the call of that read. Members are added
    and removed under the lock of their owner; any thread can use the call.
    """

    def __init__(self) -> None:
        self._members: tuple[Call, ...] = ()
        self.followed_by: SharedCall | None = None

    def add(self, call: Call) -> None:
        self._members = (*self._members, call)

    def remove(self, call: Call) -> None:
        self._members = tuple(member for member in self._members if member is not call)

    @property
    def members(self) -> tuple[Call, ...]:
        return self._members

    @property
    def priority(self) -> Priority:
        waiting = self._members + (self.followed_by.members if self.followed_by else ())
        priorities = (call.priority for call in waiting)
        return min(priorities, key=lambda priority: priority.urgency, default=Priority())

    def seconds_left(self) -> float:
        return _SECONDS

    def is_connected(self) -> bool:
        return bool(self._members)
