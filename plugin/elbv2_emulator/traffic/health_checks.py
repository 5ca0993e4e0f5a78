"""Health checks: checks all targets over HTTP through the address map, and keeps their states current."""

import asyncio
import logging
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import aiohttp
from yarl import URL

from elbv2_emulator.state import target_health
from elbv2_emulator.state.store import Store
from elbv2_emulator.state.target_health import Check, Outcome
from elbv2_emulator.state.timing import Clock
from elbv2_emulator.traffic.addresses import Addresses, backend_url

if TYPE_CHECKING:
    from elbv2_emulator.state.resources import State

logger = logging.getLogger(__name__)

# The clock may jump, so it is polled instead of sleeping until the next check is due.
POLL_SECONDS = 0.02
USER_AGENT = "ELB-HealthChecker/2.0"


@dataclass(slots=True)
class _RunningCheck:
    task: asyncio.Task[None]
    started: float
    deadline: float


class HealthChecks:
    """Checks each target once it exists, when its backend changes, and at each interval.

    The check of a target that is not in the address map fails; nothing is ever sent to the target itself.
    """

    def __init__(self, stores: Mapping[str, Store], addresses: Addresses, clock: Clock) -> None:
        self._stores = stores
        self._addresses = addresses
        self._clock = clock
        self._running: dict[tuple[str, Check], _RunningCheck] = {}
        self._unchanged: dict[str, tuple[State, float]] = {}  # region → state, and until when it stays so
        self._session: aiohttp.ClientSession  # exists while `run` does

    async def run(self) -> None:
        """Check the targets, until cancelled."""
        async with aiohttp.ClientSession(
            # A load balancer does not verify targets' certificates, and uses a new connection for each check.
            connector=aiohttp.TCPConnector(limit=0, ssl=False, force_close=True),
            cookie_jar=aiohttp.DummyCookieJar(),
            timeout=aiohttp.ClientTimeout(total=None),
            headers={"User-Agent": USER_AGENT},
        ) as self._session:
            try:
                await self._poll()
            finally:
                tasks = [running.task for running in self._running.values()]
                for task in tasks:
                    task.cancel()
                await asyncio.gather(*tasks, return_exceptions=True)

    async def _poll(self) -> None:
        while True:
            try:
                self._advance(self._clock())
            except Exception:
                logger.exception("Health checks failed because of a bug in the emulator")
            await asyncio.sleep(POLL_SECONDS)

    def _advance(self, now: float) -> None:
        self._restart_where_backends_changed()
        self._end_timed_out(now)
        for region, store in list(self._stores.items()):
            state, until = self._unchanged.get(region, (None, 0.0))
            if store.current is state and now < until:
                continue
            still_served = store.groups_served_until_batch_ends()
            store.put_same_version(target_health.as_of(store.current, now, still_served))
            for check in list(target_health.due_checks(store.current, now)):
                if (region, check) not in self._running:
                    self._start(region, check, now)
            self._unchanged[region] = (store.current, target_health.next_change(store.current, now))

    def _restart_where_backends_changed(self) -> None:
        changed = self._addresses.take_changed()
        if not changed:
            return
        for store in list(self._stores.values()):
            store.put_same_version(target_health.with_checks_due(store.current, changed))
        for (region, check), running in list(self._running.items()):
            if f"{check.target[0]}:{check.port}" in changed:
                running.task.cancel()
                del self._running[region, check]

    def _end_timed_out(self, now: float) -> None:
        for (region, check), running in list(self._running.items()):
            if now >= running.deadline:
                running.task.cancel()
                del self._running[region, check]
                self._record(region, check, running.started, target_health.TIMED_OUT)

    def _start(self, region: str, check: Check, now: float) -> None:
        settings = self._stores[region].current.target_groups[check.group].settings
        backend = self._addresses.backend(check.target[0], check.port)
        if backend is None:
            self._record(region, check, now, target_health.FAILED)
            return
        url = backend_url(settings["HealthCheckProtocol"], backend, settings["HealthCheckPath"])
        task = asyncio.create_task(self._run_check(region, check, now, url))
        self._running[region, check] = _RunningCheck(task, now, now + settings["HealthCheckTimeoutSeconds"])

    async def _run_check(self, region: str, check: Check, started: float, url: URL) -> None:
        outcome = await self._send(check, url)
        del self._running[region, check]
        self._record(region, check, started, outcome)

    async def _send(self, check: Check, url: URL) -> Outcome:
        identity, port = check.target[0], check.port
        host = f"[{identity}]:{port}" if ":" in identity else f"{identity}:{port}"
        try:
            async with self._session.get(url, headers={"Host": host}, allow_redirects=False) as answer:
                return answer.status
        except (aiohttp.ClientError, OSError, ValueError):
            return target_health.FAILED

    def _record(self, region: str, check: Check, started: float, outcome: Outcome) -> None:
        store = self._stores[region]
        store.put_same_version(target_health.with_result(store.current, check, started, outcome))
