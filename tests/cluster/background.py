"""Work that goes on while a block runs, and whose failure is told."""

import asyncio
from abc import ABC, abstractmethod
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Self


class Background(ABC):
    """`failure` ended the work before its time; it is raised when the block is left, too."""

    failure: Exception | None = None

    @abstractmethod
    async def work(self) -> None:
        """Goes on until it is cancelled."""

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
