"""The load balancers' ports: one on loopback for each listener, with TLS where the listener is HTTPS."""

import asyncio
from random import Random

from aiohttp import web

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


class DataPlane:
    """All open listeners. They answer by the state that is served, not the one that they were opened in."""

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
        """Where this listener takes requests: host:port."""
        port = self._ports.get(listener_arn)
        return f"{HOST}:{port.number}" if port is not None else None

    async def follow(self, before: State, after: State, store: Store) -> None:
        """Open the ports of listeners that are new, close those of listeners that are gone.

        The port of a listener whose protocol has changed stays, and speaks the other one.
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
        self._sorted: tuple[State, list[Rule]] = (State(), [])
        self.number = 0

    async def open(self, authority: Authority, listener: Listener) -> None:
        """On a free port; once more on the same."""
        context = authority.context() if listener.protocol == "HTTPS" else None
        self._server = web.Server(self._answer, access_log=None)
        self._runner = web.ServerRunner(self._server, shutdown_timeout=0.1)
        await self._runner.setup()
        await web.TCPSite(self._runner, HOST, self.number, ssl_context=context).start()
        self.number = self._runner.addresses[0][1]

    async def close(self) -> None:
        transports = [one.transport for one in self._server.connections]
        await self._runner.cleanup()
        for transport in transports:
            # TLS would wait for the client's farewell.
            if transport is not None:
                transport.abort()

    async def _answer(self, request: web.BaseRequest) -> web.StreamResponse:
        state = self._store.served()
        listener = state.listeners.get(self._arn)
        if listener is None:
            return own_answers.page(503)
        return await self._balancer.answer(state, listener, self._rules(state), request)

    def _rules(self, state: State) -> list[Rule]:
        """This listener's rules in their order, sorted anew only when the state has other rules."""
        if self._sorted[0].rules is not state.rules:
            self._sorted = (state, state.rules_of(self._arn))
        return self._sorted[1]
