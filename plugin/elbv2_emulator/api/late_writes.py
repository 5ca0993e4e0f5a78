"""Writes that were taken in and take effect later, in the order in which they are due."""

import asyncio
import heapq
from collections.abc import Awaitable, Callable

from elbv2_emulator.state.timing import Clock

Write = Callable[[], Awaitable[None]]
# The clock may jump: it is looked at again and again, and never slept towards.
LOOK_SECONDS = 0.02


class LateWrites:
    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._pending: list[tuple[float, int, Write]] = []
        self._serial = 0
        self._any = asyncio.Event()

    def add(self, seconds: float, write: Write) -> None:
        self._serial += 1
        heapq.heappush(self._pending, (self._clock() + seconds, self._serial, write))
        self._any.set()

    def clear(self) -> None:
        self._pending.clear()
        self._any.clear()

    async def land(self) -> None:
        """Carry out all that is due."""
        while self._pending and self._pending[0][0] <= self._clock():
            _, _, write = heapq.heappop(self._pending)
            await write()

    async def run(self) -> None:
        """Carry out each write when it is due, until cancelled."""
        while True:
            await self._any.wait()
            while self._pending:
                await self.land()
                await asyncio.sleep(LOOK_SECONDS)
            self._any.clear()
