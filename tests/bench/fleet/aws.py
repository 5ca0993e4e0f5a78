"""The emulator in the place of AWS: its settings, and what its journal says about the sidecar's calls."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from support.emulator.traffic import emulator
from support.router.petclinic import control
from support.router.sidecar import CREDENTIALS

THROTTLED = "Throttling"


@dataclass(frozen=True, slots=True)
class Calls:
    """The sidecar's calls, in the order in which they took effect."""

    entries: Sequence[Any]

    def of(self, action: str) -> "Calls":
        return Calls([entry for entry in self.entries if entry["action"] == action])

    def after(self, time: float) -> "Calls":
        return Calls([entry for entry in self.entries if entry["time"] >= time])

    def about(self, text: str) -> "Calls":
        """The calls with this text, such as an ARN, in their parameters."""
        return Calls([entry for entry in self.entries if text in str(entry["parameters"])])

    @property
    def done(self) -> "Calls":
        return Calls([entry for entry in self.entries if entry["status"] == 200])

    @property
    def throttled(self) -> int:
        return sum(entry["error"] == THROTTLED for entry in self.entries)

    @property
    def times(self) -> list[float]:
        """Seconds since the epoch."""
        return [entry["time"] for entry in self.entries]

    def __len__(self) -> int:
        return len(self.entries)


@dataclass(frozen=True, slots=True)
class Aws:
    url: str

    def throttle(self) -> None:
        """Switches AWS's rate limits on. The buckets are full, unless calls were throttled before."""
        control(self.url, "PUT", "time", {"throttling": True})

    def delay(self, seconds: float) -> None:
        """Adds this latency to every call from now on, instead of the one before."""
        control(self.url, "DELETE", "faults")
        if seconds:
            control(self.url, "POST", "faults", {"action": "*", "latencySeconds": seconds})

    def forget_calls(self) -> None:
        control(self.url, "DELETE", "journal")

    def calls(self) -> Calls:
        entries = control(self.url, "GET", "journal")
        return Calls([each for each in entries if each["principal"] == CREDENTIALS["AWS_ACCESS_KEY_ID"]])


@contextmanager
def aws() -> Iterator[Aws]:
    """An emulator of its own, as a process."""
    with emulator() as (url, _):
        yield Aws(url)
