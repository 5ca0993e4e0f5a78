"""The open listeners: a port on loopback for each listener, with TLS for HTTPS listeners."""

import asyncio
from random import Random

from aiohttp import web

from elbv2_emulator.http_servers import HttpServer
from elbv2_emulator.state.journal import Journal
from elbv2_emulator.state.resources import Listener, Rule, State
from elbv2_emulator.state.store import Store
from elbv2_emulator.state.timing import Clock
from elbv2_emulator.traffic import own_answers
from elbv2_emulator.traffic.addresses import Addresses
from elbv2_emulator.traffic.balancer import Balancer
from elbv2_emulator.traffic.counts import Counts
from elbv2_emulator.traffic.forwarding import Forwarder
from elbv2_emulator.traffic.settings import TrafficSettings
from elbv2_emulator.traffic.tls import Authority

HOST = "127.0.0.1"


class OpenListeners:
    """All open listeners. They serve the store's served version, which may lag behind its current one."""

    def __init__(
        self,
        addresses: Addresses,
        authority: Authority,
        counts: Counts,
        settings: TrafficSettings,
        journal: Journal,
        *,
        random: Random,
        clock: Clock,
        idle_timeout_seconds: float,
    ) -> None:
        self._authority = authority
        self._forwarder = Forwarder(idle_timeout_seconds)
        self._balancer = Balancer(
            addresses, counts, settings, self._forwarder, journal, random=random, clock=clock
        )
        self._ports: dict[str, _ListenerPort] = {}

    async def close(self) -> None:
        await asyncio.gather(*(port.close() for port in self._ports.values()))
        await self._forwarder.close()

    def address(self, listener_arn: str) -> str | None:
        """The host:port on which this listener accepts requests."""
        port = self._ports.get(listener_arn)
        return f"{HOST}:{port.number}" if port is not None else None

    async def follow(self, before: State, after: State, store: Store) -> None:
        """Open the ports of new listeners and close those of deleted listeners.

        A listener whose protocol has changed keeps its port number.
        """
        if before.listeners is after.listeners:
            return
        for arn in before.listeners.keys() - after.listeners.keys():
            if arn in self._ports:
                await self._ports.pop(arn).close()
        for arn, listener in after.listeners.items():
            port = self._ports.get(arn)
            if port is None:
                port = self._ports[arn] = _ListenerPort(arn, store, self._balancer)
                await port.open(self._authority, listener)
            elif before.listeners[arn].protocol != listener.protocol:
                await port.close()
                await port.open(self._authority, listener)


class _ListenerPort:
    """One listener's port."""

    def __init__(self, arn: str, store: Store, balancer: Balancer) -> None:
        self._arn = arn
        self._store = store
        self._balancer = balancer
        self._sorted_rules: tuple[State, list[Rule]] = (State(), [])
        self.number = 0

    async def open(self, authority: Authority, listener: Listener) -> None:
        """Listen on a free port; when opened again, on the same port."""
        context = authority.context() if listener.protocol == "HTTPS" else None
        runner = web.ServerRunner(web.Server(self._answer, access_log=None), shutdown_timeout=0.1)
        self._server = HttpServer(runner)
        _, self.number = await self._server.start(HOST, self.number, context)

    async def close(self) -> None:
        await self._server.stop()

    async def _answer(self, request: web.BaseRequest) -> web.StreamResponse:
        state = self._store.served_by_listeners()
        listener = state.listeners.get(self._arn)
        if listener is None:
            return own_answers.error_page(503)
        return await self._balancer.answer(state, listener, self._rules(state), request)

    def _rules(self, state: State) -> list[Rule]:
        """This listener's rules in their order; they are sorted again only when the rules have changed."""
        if self._sorted_rules[0].rules is not state.rules:
            self._sorted_rules = (state, state.rules_of(self._arn))
        return self._sorted_rules[1]
