"""Faults that are asked for: calls that come late, or are answered with an error and not applied."""

import asyncio
from dataclasses import dataclass, replace

from elbv2_emulator.errors import ApiError

EVERY_ACTION = "*"


@dataclass(frozen=True, slots=True)
class Fault:
    action: str  # an operation's name, or "*"
    latency_seconds: float = 0.0
    error: str | None = None
    message: str | None = None
    times: int | None = None  # None: until it is taken away

    def concerns(self, action: str) -> bool:
        return self.action in {action, EVERY_ACTION}


class Faults:
    """The faults in force, in the order in which they were asked for."""

    def __init__(self) -> None:
        self.active: tuple[Fault, ...] = ()

    def add(self, fault: Fault) -> None:
        self.active = (*self.active, fault)

    def clear(self) -> None:
        self.active = ()

    async def strike(self, action: str) -> None:
        """Wait as long as all the faults of this action say together, then raise the first one's error."""
        concerned = [fault for fault in self.active if fault.concerns(action)]
        if not concerned:
            return
        self.active = tuple(
            _used(fault) if fault in concerned else fault
            for fault in self.active
            if fault not in concerned or fault.times != 1
        )
        await asyncio.sleep(sum(fault.latency_seconds for fault in concerned))
        for fault in concerned:
            if fault.error is not None:
                raise ApiError(fault.error, fault.message or f"The emulator was told to answer {action} so")


def _used(fault: Fault) -> Fault:
    return fault if fault.times is None else replace(fault, times=fault.times - 1)
