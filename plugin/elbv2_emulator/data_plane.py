"""The load balancers' traffic: a loopback port for each listener, which answers by the live state."""

import asyncio
from collections import defaultdict
from random import Random

import aiohttp
from aiohttp import web

from elbv2_emulator.addresses import Addresses
from elbv2_emulator.forwarding import Forwarder
from elbv2_emulator.matching import Request, first_match
from elbv2_emulator.selection import choose_group, eligible
from elbv2_emulator.state import Described, Listener, Rule, State
from elbv2_emulator.store import Store

HOST = "127.0.0.1"


class DataPlane:
    """All open listeners."""

    def __init__(self, addresses: Addresses, random: Random, idle_timeout_seconds: float) -> None:
        self._addresses = addresses
        self._random = random
        self._idle_timeout_seconds = idle_timeout_seconds
        self._ports: dict[str, _ListenerPort] = {}
        self._forwarder: Forwarder | None = None

    async def start(self) -> None:
        self._forwarder = Forwarder(self._idle_timeout_seconds)

    async def close(self) -> None:
        await asyncio.gather(*(port.close() for port in self._ports.values()))
        if self._forwarder is not None:
            await self._forwarder.close()

    def address(self, listener_arn: str) -> str | None:
        """Where this listener takes requests: host:port."""
        port = self._ports.get(listener_arn)
        return port.address if port is not None else None

    async def follow(self, before: State, after: State, store: Store) -> None:
        """Open the ports of listeners that are new, and close those of listeners that are gone."""
        if before.listeners is after.listeners or self._forwarder is None:
            return
        for arn in after.listeners.keys() - before.listeners.keys():
            port = _ListenerPort(arn, store, self._addresses, self._random, self._forwarder)
            self._ports[arn] = port
            await port.open()
        for arn in before.listeners.keys() - after.listeners.keys():
            if arn in self._ports:
                await self._ports.pop(arn).close()


class _ListenerPort:
    """One listener's port."""

    def __init__(
        self, arn: str, store: Store, addresses: Addresses, random: Random, forwarder: Forwarder
    ) -> None:
        self._arn = arn
        self._store = store
        self._addresses = addresses
        self._random = random
        self._forwarder = forwarder
        self._turns: defaultdict[str, int] = defaultdict(int)
        self._sorted: tuple[State, list[Rule]] = (State(), [])
        self._runner = web.ServerRunner(web.Server(self._answer, access_log=None), shutdown_timeout=0.1)
        self.address: str | None = None

    async def open(self) -> None:
        await self._runner.setup()
        await web.TCPSite(self._runner, HOST, 0).start()
        _, port = self._runner.addresses[0][:2]
        self.address = f"{HOST}:{port}"

    async def close(self) -> None:
        await self._runner.cleanup()

    async def _answer(self, request: web.BaseRequest) -> web.StreamResponse:
        state = self._store.served()
        listener = state.listeners.get(self._arn)
        path, _, query = request.raw_path.partition("?")
        if listener is None or not path.startswith("/"):
            return _plain(503 if listener is None else 400)
        seen = Request(
            method=request.method,
            host=_without_port(request.headers.get("Host", "")),
            path=path,
            query=query,
            headers=tuple(request.headers.items()),
            source=request.remote or HOST,
        )
        rule = first_match(self._rules(state), seen)
        if rule is None:
            return _plain(503)
        # Only the last action moves a request: authentication before it is taken as passed.
        action = rule.actions[-1]
        match action["Type"]:
            case "fixed-response":
                return _fixed(action["FixedResponseConfig"])
            case "redirect":
                return _redirect(action["RedirectConfig"], listener, seen)
        return await self._forward(state, listener, action, request)

    def _rules(self, state: State) -> list[Rule]:
        """This listener's rules in their order, sorted anew only when the state has other rules."""
        if self._sorted[0].rules is not state.rules:
            self._sorted = (state, state.rules_of(self._arn))
        return self._sorted[1]

    async def _forward(
        self, state: State, listener: Listener, action: Described, request: web.BaseRequest
    ) -> web.StreamResponse:
        arn = choose_group(action, self._random)
        targets = eligible(state.target_groups[arn]) if arn is not None else ()
        if arn is None or not targets:
            return _plain(503)
        turn = self._turns[arn]
        self._turns[arn] = turn + 1
        target = targets[turn % len(targets)]
        backend = self._addresses.backend(target.id, target.port)
        if backend is None:
            return _plain(502)
        return await self._relayed(request, listener, backend)

    async def _relayed(
        self, request: web.BaseRequest, listener: Listener, backend: str
    ) -> web.StreamResponse:
        try:
            return await self._forwarder.relay(request, backend, listener.protocol.lower(), listener.port)
        except TimeoutError:
            return _plain(504)
        except aiohttp.ClientError:
            return _plain(502)


_SENTENCES = {
    400: "400 Bad Request",
    502: "502 Bad Gateway",
    503: "503 Service Temporarily Unavailable",
    504: "504 Gateway Time-out",
}


def _plain(status: int) -> web.Response:
    """The page that a load balancer answers by itself."""
    title = _SENTENCES[status]
    head, body = f"<head><title>{title}</title></head>", f"<body><center><h1>{title}</h1></center></body>"
    page = f"<html>{head}{body}</html>\r\n"
    return web.Response(status=status, text=page, content_type="text/html", headers={"Server": "awselb/2.0"})


def _without_port(host: str) -> str:
    name, _, port = host.rpartition(":")
    return name if port.isdigit() else host


def _fixed(config: Described) -> web.Response:
    return web.Response(
        status=int(config["StatusCode"]),
        body=config.get("MessageBody", "").encode(),
        headers={
            "Content-Type": f"{config.get('ContentType', 'text/plain')}; charset=utf-8",
            "Server": "awselb/2.0",
        },
    )


def _redirect(config: Described, listener: Listener, request: Request) -> web.Response:
    known = {
        "#{protocol}": listener.protocol,
        "#{host}": request.host,
        "#{port}": str(listener.port),
        "#{path}": request.path.removeprefix("/"),
        "#{query}": request.query,
    }

    def filled(member: str) -> str:
        text: str = config[member]
        for keyword, value in known.items():
            text = text.replace(keyword, value)
        return text

    query = filled("Query")
    location = f"{filled('Protocol').lower()}://{filled('Host')}:{filled('Port')}{filled('Path')}"
    return web.Response(
        status=int(config["StatusCode"].removeprefix("HTTP_")),
        headers={"Location": f"{location}?{query}" if query else location, "Server": "awselb/2.0"},
    )
