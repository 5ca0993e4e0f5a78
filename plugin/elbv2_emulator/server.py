"""The emulator as a whole: built, listening, and stopped; in this process as a context manager."""

import asyncio
import threading
import time
from collections import defaultdict
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from random import Random
from types import TracebackType
from typing import Self

from aiohttp import web

from elbv2_emulator import shapes
from elbv2_emulator.addresses import Addresses
from elbv2_emulator.control import addresses as address_control
from elbv2_emulator.control import faults as fault_control
from elbv2_emulator.control import health as health_control
from elbv2_emulator.control import journal as journal_control
from elbv2_emulator.control import listeners as listener_control
from elbv2_emulator.control import time as time_control
from elbv2_emulator.data_plane import DataPlane
from elbv2_emulator.faults import Faults
from elbv2_emulator.front import Front
from elbv2_emulator.health_checks import HealthChecks
from elbv2_emulator.journal import Journal
from elbv2_emulator.store import Store
from elbv2_emulator.timing import Clock, Timing

IDLE_TIMEOUT_SECONDS = 60.0


@asynccontextmanager
async def listening(
    host: str,
    port: int,
    *,
    random: Random | None = None,
    idle_timeout_seconds: float = IDLE_TIMEOUT_SECONDS,
    clock: Clock = time.time,
    timing: Timing | None = None,
) -> AsyncIterator[str]:
    """A fresh emulator that answers at the URL it gives, until the context is left. See Emulator."""
    shapes.service()
    timing, random = timing or Timing(), random or Random()  # noqa: S311  traffic, not secrets
    stores: dict[str, Store] = defaultdict(lambda: Store(clock, timing))
    addresses, faults, journal = Addresses(), Faults(), Journal()
    data_plane = DataPlane(addresses, random, idle_timeout_seconds)
    app = web.Application()
    app.add_routes(
        [
            web.post(
                "/",
                Front(stores, data_plane, faults, journal, clock=clock, timing=timing, random=random).answer,
            )
        ]
    )
    app.add_routes(
        [
            *journal_control.routes(journal),
            *address_control.routes(addresses),
            *fault_control.routes(faults),
            *health_control.routes(stores),
            *listener_control.routes(stores, data_plane),
            *time_control.routes(timing),
        ]
    )
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    checking = asyncio.create_task(HealthChecks(stores, addresses, clock).run())
    try:
        await data_plane.start()
        await web.TCPSite(runner, host, port).start()
        bound = runner.addresses[0]
        yield f"http://{f'[{bound[0]}]' if ':' in bound[0] else bound[0]}:{bound[1]}"
    finally:
        await runner.cleanup()
        checking.cancel()
        await asyncio.gather(checking, return_exceptions=True)
        await data_plane.close()


class Emulator:
    """`with Emulator() as emulator:` runs one in a thread of its own; `emulator.url` is its API's endpoint.

    `random` decides which target group a request goes to, and of which version a late read tells; a backend
    that is silent for `idle_timeout_seconds` is answered for with 504. `clock` gives the seconds since the
    epoch: health checks and their time-outs, draining, lags and throttling go by it. `timing` may be changed
    while the emulator runs, as `emulator.timing`.
    """

    def __init__(
        self,
        *,
        random: Random | None = None,
        idle_timeout_seconds: float = IDLE_TIMEOUT_SECONDS,
        clock: Clock = time.time,
        timing: Timing | None = None,
    ) -> None:
        self.url = ""
        self.timing = timing or Timing()
        self._clock = clock
        self._random = random
        self._idle_timeout_seconds = idle_timeout_seconds
        self._loop: asyncio.AbstractEventLoop | None = None
        self._stop: asyncio.Event | None = None
        self._ready = threading.Event()
        self._failure: BaseException | None = None
        self._thread = threading.Thread(target=self._run, name="elbv2-emulator", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        self._ready.wait()
        if self._failure is not None:
            raise self._failure
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._loop is not None and self._stop is not None:
            self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join()
        if self._failure is not None:
            raise self._failure

    def _run(self) -> None:
        try:
            asyncio.run(self._serve())
        except BaseException as failure:  # noqa: BLE001  it is raised again in the thread that waits
            self._failure = failure
        finally:
            self._ready.set()

    async def _serve(self) -> None:
        self._loop, self._stop = asyncio.get_running_loop(), asyncio.Event()
        async with listening(
            "127.0.0.1",
            0,
            random=self._random,
            idle_timeout_seconds=self._idle_timeout_seconds,
            clock=self._clock,
            timing=self.timing,
        ) as self.url:
            self._ready.set()
            await self._stop.wait()
