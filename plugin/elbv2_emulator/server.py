"""Builds the whole emulator around a World, serves it over HTTP, and loads or resets it while it runs."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, fields
from functools import partial
from random import Random

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
from elbv2_emulator.front import ApiCalls
from elbv2_emulator.http_servers import HttpServer
from elbv2_emulator.loading.saved import Contents
from elbv2_emulator.state.resources import State
from elbv2_emulator.traffic.health_checks import HealthChecks
from elbv2_emulator.traffic.listeners import OpenListeners
from elbv2_emulator.traffic.settings import TrafficSettings
from elbv2_emulator.world import World

IDLE_TIMEOUT_SECONDS = 60.0


@dataclass(frozen=True, slots=True)
class Server:
    """A running emulator. `url`: the endpoint of its API."""

    url: str
    listeners: OpenListeners


@asynccontextmanager
async def serve(
    host: str,
    port: int,
    world: World,
    *,
    contents: Contents | None = None,
    random: Random | None = None,
    idle_timeout_seconds: float = IDLE_TIMEOUT_SECONDS,
) -> AsyncIterator[Server]:
    """Runs an emulator with this world, which starts with `contents`, while the block runs."""
    shapes.service()  # loading the service model is slow, and would delay the first call
    random = random or Random()  # noqa: S311  traffic, not secrets
    listeners = OpenListeners(
        world.addresses,
        world.authority,
        world.counts,
        world.traffic,
        world.journal,
        random=random,
        clock=world.clock,
        idle_timeout_seconds=idle_timeout_seconds,
    )
    app = _build_app(world, listeners, random)
    server = HttpServer(web.AppRunner(app, access_log=None, shutdown_timeout=0.1))
    checks = HealthChecks(world.stores, world.addresses, world.clock)
    background = [asyncio.create_task(worker.run()) for worker in (checks, world.late_writes)]
    try:
        await load(world, listeners, contents or Contents())
        host, port = await server.start(host, port)
        yield Server(f"http://{f'[{host}]' if ':' in host else host}:{port}", listeners)
    finally:
        await server.stop()
        for task in background:
            task.cancel()
        await asyncio.gather(*background, return_exceptions=True)
        await listeners.close()


def _build_app(world: World, listeners: OpenListeners, random: Random) -> web.Application:
    app = web.Application()
    app.add_routes([web.post("/", ApiCalls(world, listeners, random).answer)])
    app.add_routes(
        [
            *journal_control.routes(world.journal),
            *address_control.routes(world.addresses),
            *fault_control.routes(world.faults),
            *health_control.routes(world.stores),
            *listener_control.routes(world.stores, listeners),
            *time_control.routes(world.timing),
            *count_control.routes(world.counts),
            *traffic_control.routes(world.traffic),
            *ca_control.routes(world.authority),
            *state_control.routes(
                partial(contents_of, world), partial(load, world, listeners), partial(reset, world, listeners)
            ),
            *status_control.routes(world, listeners),
        ]
    )
    return app


def contents_of(world: World) -> Contents:
    """What `save` returns, and `load` can load later."""
    states = {region: store.current for region, store in world.stores.items() if store.current != State()}
    return Contents(states, world.addresses.map)


async def load(world: World, listeners: OpenListeners, contents: Contents) -> None:
    """Replace all resources, and the address map if the contents have one. Late writes are discarded."""
    world.late_writes.clear()
    for store in list(world.stores.values()):
        await listeners.follow(store.current, State(), store)
    world.stores.clear()
    for region, state in contents.states.items():
        store = world.stores[region]
        store.load(state)
        await listeners.follow(State(), state, store)
    if contents.addresses is not None:
        world.addresses.replace(contents.addresses)


async def reset(world: World, listeners: OpenListeners) -> None:
    """Remove everything that the emulator remembers, and restore the initial settings. The CA stays."""
    await load(world, listeners, Contents(addresses={}))
    world.faults.clear()
    world.journal.clear()
    world.counts.clear()
    world.throttle_levels.clear()
    for settings, initial in ((world.timing, world.initial_timing), (world.traffic, TrafficSettings())):
        for field in fields(settings):
            setattr(settings, field.name, getattr(initial, field.name))
