"""What was called, in the order in which the calls took effect."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Entry:
    time: float  # seconds since the epoch, when the call took effect or was refused
    action: str
    parameters: Mapping[str, Any]
    principal: str | None  # the access key id that signed the request
    status: int
    error: str | None
    undocumented: str | None = None

    def as_json(self) -> dict[str, Any]:
        told = {
            "time": self.time,
            "action": self.action,
            "parameters": self.parameters,
            "principal": self.principal,
            "status": self.status,
            "error": self.error,
        }
        return told if self.undocumented is None else {**told, "undocumented": self.undocumented}


class Journal:
    def __init__(self) -> None:
        self.entries: list[Entry] = []

    def add(self, entry: Entry) -> None:
        self.entries.append(entry)

    def clear(self) -> None:
        self.entries.clear()
