"""Writes that faults delay: each is applied when it is due, whatever response the client got before."""

import asyncio
import heapq
from collections.abc import Awaitable, Callable

from elbv2_emulator.state.timing import Clock

Write = Callable[[], Awaitable[None]]
# The clock may jump, so it is polled instead of sleeping until the next write is due.
POLL_SECONDS = 0.02


class LateWrites:
    """The pending writes. Only the emulator's event loop uses them."""

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

    async def apply_due(self) -> None:
        """Apply the writes that are due, in the order of their times."""
        while self._pending and self._pending[0][0] <= self._clock():
            _, _, write = heapq.heappop(self._pending)
            await write()

    async def run(self) -> None:
        """Apply each write when it is due, until cancelled."""
        while True:
            await self._any.wait()
            while self._pending:
                await self.apply_due()
                await asyncio.sleep(POLL_SECONDS)
            self._any.clear()
