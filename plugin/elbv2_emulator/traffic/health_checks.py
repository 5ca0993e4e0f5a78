"""The health checks of all targets, made over HTTP through the address map, and the passing of their time."""

import asyncio
import logging
from collections.abc import Mapping
from dataclasses import dataclass

import aiohttp
from yarl import URL

from elbv2_emulator.state import target_health as health
from elbv2_emulator.state.resources import Described, State
from elbv2_emulator.state.store import Store
from elbv2_emulator.state.target_health import Check, Outcome
from elbv2_emulator.state.timing import Clock
from elbv2_emulator.traffic.addresses import Addresses

logger = logging.getLogger(__name__)

# The clock may be one that jumps: it is looked at, not waited for.
LOOK_SECONDS = 0.02
USER_AGENT = "ELB-HealthChecker/2.0"


@dataclass(slots=True)
class _Running:
    task: asyncio.Task[None]
    begun: float
    ends: float  # when it has timed out


class HealthChecks:
    """Each target is checked when it begins to exist, when another backend answers for it, and each interval.

    A target that is not in the address map fails; nothing is ever sent to its own address.
    """

    def __init__(self, stores: Mapping[str, Store], addresses: Addresses, clock: Clock) -> None:
        self._stores = stores
        self._addresses = addresses
        self._clock = clock
        self._running: dict[tuple[str, Check], _Running] = {}
        self._quiet: dict[str, tuple[State, float]] = {}
        self._session: aiohttp.ClientSession  # while it runs

    async def run(self) -> None:
        """Until cancelled."""
        async with aiohttp.ClientSession(
            # As a load balancer does, it takes any certificate; each check is a connection of its own.
            connector=aiohttp.TCPConnector(limit=0, ssl=False, force_close=True),
            cookie_jar=aiohttp.DummyCookieJar(),
            timeout=aiohttp.ClientTimeout(total=None),
            headers={"User-Agent": USER_AGENT},
        ) as self._session:
            try:
                await self._look_for_ever()
            finally:
                tasks = [one.task for one in self._running.values()]
                for task in tasks:
                    task.cancel()
                await asyncio.gather(*tasks, return_exceptions=True)

    async def _look_for_ever(self) -> None:
        while True:
            try:
                self._look(self._clock())
            except Exception:
                logger.exception("Health checks failed by a defect of the emulator")
            await asyncio.sleep(LOOK_SECONDS)

    def _look(self, now: float) -> None:
        self._heed_addresses()
        self._time_out(now)
        for region, store in list(self._stores.items()):
            state, until = self._quiet.get(region, (None, 0.0))
            if store.current is state and now < until:
                continue
            store.observe(health.settled(store.current, now))
            for check in list(health.due(store.current, now)):
                if (region, check) not in self._running:
                    self._begin(region, check, now)
            self._quiet[region] = (store.current, health.upcoming(store.current, now))

    def _heed_addresses(self) -> None:
        changed = self._addresses.take_changed()
        if not changed:
            return
        for store in list(self._stores.values()):
            store.observe(health.rechecked(store.current, changed))
        for (region, check), one in list(self._running.items()):
            if f"{check.target[0]}:{check.port}" in changed:
                one.task.cancel()
                del self._running[region, check]

    def _time_out(self, now: float) -> None:
        for (region, check), one in list(self._running.items()):
            if now >= one.ends:
                one.task.cancel()
                del self._running[region, check]
                self._note(region, check, one.begun, health.TIMED_OUT)

    def _begin(self, region: str, check: Check, now: float) -> None:
        settings = self._stores[region].current.target_groups[check.group].settings
        backend = self._addresses.backend(check.target[0], check.port)
        if backend is None:
            self._note(region, check, now, health.FAILED)
            return
        task = asyncio.create_task(self._checked(region, check, now, _url(backend, settings)))
        self._running[region, check] = _Running(task, now, now + settings["HealthCheckTimeoutSeconds"])

    async def _checked(self, region: str, check: Check, begun: float, url: URL) -> None:
        outcome = await self._asked(check, url)
        del self._running[region, check]
        self._note(region, check, begun, outcome)

    async def _asked(self, check: Check, url: URL) -> Outcome:
        identity, port = check.target[0], check.port
        host = f"[{identity}]:{port}" if ":" in identity else f"{identity}:{port}"
        try:
            async with self._session.get(url, headers={"Host": host}, allow_redirects=False) as answer:
                return answer.status
        except (aiohttp.ClientError, OSError, ValueError):
            return health.FAILED

    def _note(self, region: str, check: Check, begun: float, outcome: Outcome) -> None:
        store = self._stores[region]
        store.observe(health.with_result(store.current, check, begun, outcome))


def _url(backend: str, settings: Described) -> URL:
    url = f"{settings['HealthCheckProtocol'].lower()}://{backend}{settings['HealthCheckPath']}"
    return URL(url, encoded=True)
