"""The emulator as a whole: built, listening, and stopped; in this process as a context manager."""

import asyncio
import json
import threading
import time
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from dataclasses import dataclass, fields
from functools import partial
from random import Random
from types import TracebackType
from typing import Any, Self

from aiohttp import web

from elbv2_emulator.api import shapes
from elbv2_emulator.control import addresses as address_control
from elbv2_emulator.control import ca as ca_control
from elbv2_emulator.control import counts as count_control
from elbv2_emulator.control import faults as fault_control
from elbv2_emulator.control import health as health_control
from elbv2_emulator.control import journal as journal_control
from elbv2_emulator.control import listeners as listener_control
from elbv2_emulator.control import state as state_control
from elbv2_emulator.control import status as status_control
from elbv2_emulator.control import time as time_control
from elbv2_emulator.control import traffic as traffic_control
from elbv2_emulator.front import Front
from elbv2_emulator.loading import saved
from elbv2_emulator.loading.read import read
from elbv2_emulator.loading.saved import Start
from elbv2_emulator.state.resources import State
from elbv2_emulator.state.timing import Clock, Timing
from elbv2_emulator.traffic.health_checks import HealthChecks
from elbv2_emulator.traffic.listeners import DataPlane
from elbv2_emulator.traffic.settings import TrafficSettings
from elbv2_emulator.world import World

IDLE_TIMEOUT_SECONDS = 60.0


@dataclass(frozen=True, slots=True)
class Running:
    url: str
    data_plane: DataPlane


@asynccontextmanager
async def listening(
    host: str,
    port: int,
    world: World,
    *,
    start: Start | None = None,
    random: Random | None = None,
    idle_timeout_seconds: float = IDLE_TIMEOUT_SECONDS,
) -> AsyncIterator[Running]:
    """An emulator that answers at the URL that it tells, until the context is left. See Emulator."""
    shapes.service()
    random = random or Random()  # noqa: S311  traffic, not secrets
    data_plane = DataPlane(
        world.addresses,
        world.authority,
        world.counts,
        world.traffic,
        world.journal,
        random=random,
        clock=world.clock,
        idle_timeout_seconds=idle_timeout_seconds,
    )
    app = web.Application()
    app.add_routes([web.post("/", Front(world, data_plane, random).answer)])
    app.add_routes(
        [
            *journal_control.routes(world.journal),
            *address_control.routes(world.addresses),
            *fault_control.routes(world.faults),
            *health_control.routes(world.stores),
            *listener_control.routes(world.stores, data_plane),
            *time_control.routes(world.timing),
            *count_control.routes(world.counts),
            *traffic_control.routes(world.traffic),
            *ca_control.routes(world.authority),
            *state_control.routes(
                partial(kept, world), partial(begin, world, data_plane), partial(reset, world, data_plane)
            ),
            *status_control.routes(world, data_plane),
        ]
    )
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    checks = HealthChecks(world.stores, world.addresses, world.clock)
    background = [asyncio.create_task(one.run()) for one in (checks, world.late_writes)]
    try:
        await begin(world, data_plane, start or Start())
        await web.TCPSite(runner, host, port).start()
        bound = runner.addresses[0]
        yield Running(f"http://{f'[{bound[0]}]' if ':' in bound[0] else bound[0]}:{bound[1]}", data_plane)
    finally:
        await runner.cleanup()
        for task in background:
            task.cancel()
        await asyncio.gather(*background, return_exceptions=True)
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
        self._world = World.fresh(clock, timing)
        self.url = ""
        self.timing = self._world.timing
        self.traffic = self._world.traffic
        self.addresses = self._world.addresses
        self.faults = self._world.faults
        self.journal = self._world.journal
        self.counts = self._world.counts
        self._random = random
        self._idle_timeout_seconds = idle_timeout_seconds
        self._data_plane: DataPlane | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._stop: asyncio.Event | None = None
        self._ready = threading.Event()
        self._failure: BaseException | None = None
        self._thread = threading.Thread(target=self._run, name="elbv2-emulator", daemon=True)

    @property
    def ca(self) -> str:
        """The certificate, in PEM, by which a client verifies the HTTPS listeners."""
        return self._world.authority.pem

    def reset(self) -> None:
        """Forget all: resources, addresses, faults, journal, counts; settings are what they were at first."""
        self._do(lambda data_plane: reset(self._world, data_plane))

    def save(self) -> str:
        """All resources and the address map, for `load` and for the program's `--load`."""
        return json.dumps(saved.written(kept(self._world)), indent=2)

    def load(self, *texts: str) -> None:
        """Have what `save` gave, or what `aws elbv2 describe-…` printed, in place of all resources.

        Raises CannotLoad with a sentence, and then changes nothing.
        """
        start = read(*texts)
        self._do(lambda data_plane: begin(self._world, data_plane, start))

    def _do(self, work: Callable[[DataPlane], Coroutine[Any, Any, None]]) -> None:
        if self._loop is None or self._data_plane is None:
            raise RuntimeError("The emulator does not run: use it as `with Emulator() as emulator:`")
        asyncio.run_coroutine_threadsafe(work(self._data_plane), self._loop).result()

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
            self._world,
            random=self._random,
            idle_timeout_seconds=self._idle_timeout_seconds,
        ) as running:
            self.url, self._data_plane = running.url, running.data_plane
            self._ready.set()
            await self._stop.wait()


def kept(world: World) -> Start:
    """What can be begun with again."""
    states = {region: store.current for region, store in world.stores.items() if store.current != State()}
    return Start(states, world.addresses.map)


async def begin(world: World, data_plane: DataPlane, start: Start) -> None:
    """Put this in place of all resources, and of the address map if there is one. Late writes are lost."""
    world.late_writes.clear()
    for store in list(world.stores.values()):
        await data_plane.follow(store.current, State(), store)
    world.stores.clear()
    for region, state in start.states.items():
        store = world.stores[region]
        store.begin(state)
        await data_plane.follow(State(), state, store)
    if start.addresses is not None:
        world.addresses.replace(start.addresses)


async def reset(world: World, data_plane: DataPlane) -> None:
    """As at the very start, but for the certificate authority."""
    await begin(world, data_plane, Start(addresses={}))
    world.faults.clear()
    world.journal.clear()
    world.counts.clear()
    world.throttled.clear()
    for now, at_first in ((world.timing, world.timing_at_first), (world.traffic, TrafficSettings())):
        for one in fields(now):
            setattr(now, one.name, getattr(at_first, one.name))
