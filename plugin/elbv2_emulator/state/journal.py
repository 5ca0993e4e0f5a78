"""What was called, in the order in which the calls took effect, without the secrets that were sent."""

from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

# An emulator may run for days under load: without an end its journal would take all memory.
NEWEST = 100_000
_SECRETS = frozenset({"ClientSecret"})


@dataclass(frozen=True, slots=True)
class Entry:
    time: float  # seconds since the epoch, when the call took effect or was refused
    action: str  # "Request": one to a listener, told only for its mark
    parameters: Mapping[str, Any]
    principal: str | None  # the access key id that signed the request
    status: int | None  # None: not applied, and not answered
    error: str | None
    undocumented: str | None = None
    answered: str | None = None  # what a fault had the client get instead: a code, "close" or "silence"

    def as_json(self) -> dict[str, Any]:
        told: dict[str, Any] = {
            "time": self.time,
            "action": self.action,
            "parameters": self.parameters,
            "principal": self.principal,
            "status": self.status,
            "error": self.error,
        }
        marks = {"undocumented": self.undocumented, "answered": self.answered}
        return told | {name: mark for name, mark in marks.items() if mark is not None}


class Journal:
    """The newest entries: tests read them, and people paste them into bug reports."""

    def __init__(self) -> None:
        self.entries: deque[Entry] = deque(maxlen=NEWEST)

    def add(self, entry: Entry) -> None:
        self.entries.append(replace(entry, parameters=_without_secrets(entry.parameters)))

    def clear(self) -> None:
        self.entries.clear()


def _without_secrets(value: Any) -> Any:
    """A copy; wherever a secret stands, as a request that is refused may have it in any place."""
    if isinstance(value, Mapping):
        return {name: "***" if name in _SECRETS else _without_secrets(one) for name, one in value.items()}
    if isinstance(value, list):
        return [_without_secrets(one) for one in value]
    return value
