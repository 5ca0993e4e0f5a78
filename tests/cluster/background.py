"""Work that goes on while a block runs, and whose failure is raised at the end of the block."""

import asyncio
from abc import ABC, abstractmethod
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Self


class Background(ABC):
    """`failure`: the exception that ended the work early, if any."""

    failure: Exception | None = None

    @abstractmethod
    async def work(self) -> None:
        """Runs until it is cancelled."""

    @asynccontextmanager
    async def working(self) -> AsyncIterator[Self]:
        task = asyncio.create_task(self._work())
        try:
            yield self
        finally:
            task.cancel()
            await asyncio.wait([task])
            if self.failure is not None:
                raise self.failure

    async def _work(self) -> None:
        try:
            await self.work()
        except Exception as failure:  # noqa: BLE001  it is raised where the block is left
            self.failure = failure
