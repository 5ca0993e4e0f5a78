"""The journal: every call, in the order in which the calls took effect. Secrets in requests are masked."""

from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

# An emulator may run for days under load: an unbounded journal would use up all memory.
NEWEST = 100_000
_SECRETS = frozenset({"ClientSecret"})


@dataclass(frozen=True, slots=True)
class Entry:
    time: float  # seconds since the epoch, when the call took effect or was rejected
    action: str  # "Request": a request to a listener, which is journaled only for its `undocumented`
    parameters: Mapping[str, Any]
    principal: str | None  # the access key id that signed the request
    status: int | None  # None: neither applied nor answered
    error: str | None
    undocumented: str | None = None
    answered: str | None = None  # what a fault answered instead: an error code, "close" or "silence"

    def as_json(self) -> dict[str, Any]:
        entry: dict[str, Any] = {
            "time": self.time,
            "action": self.action,
            "parameters": self.parameters,
            "principal": self.principal,
            "status": self.status,
            "error": self.error,
        }
        marks = {"undocumented": self.undocumented, "answered": self.answered}
        return entry | {name: mark for name, mark in marks.items() if mark is not None}


class Journal:
    """The newest entries. Tests read them, and people paste them into bug reports."""

    def __init__(self) -> None:
        self.entries: deque[Entry] = deque(maxlen=NEWEST)

    def add(self, entry: Entry) -> None:
        self.entries.append(replace(entry, parameters=_without_secrets(entry.parameters)))

    def clear(self) -> None:
        self.entries.clear()


def _without_secrets(value: Any) -> Any:
    """A copy in which secrets are masked wherever they are: in an invalid request, they can be anywhere."""
    if isinstance(value, Mapping):
        return {name: "***" if name in _SECRETS else _without_secrets(item) for name, item in value.items()}
    if isinstance(value, list):
        return [_without_secrets(item) for item in value]
    return value
