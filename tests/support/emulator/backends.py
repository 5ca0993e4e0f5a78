"""Real servers on loopback that answer health checks and forwarded requests."""

import asyncio
import ssl
import threading
from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web

from elbv2_emulator.traffic.health_checks import USER_AGENT

STABLE, CANARY = "10.64.0.3", "10.64.0.4"
"""Addresses of pods. They are never connected to."""

Handler = Callable[[web.BaseRequest], Awaitable[web.StreamResponse]]


@dataclass
class Backend:
    """A real server on loopback, with the requests and the health checks that it has received."""

    address: str = ""
    requests: list[web.BaseRequest] = field(default_factory=list)
    checks: list[web.BaseRequest] = field(default_factory=list)
    health: int = 200  # the status of the responses to health checks


class _Server(web.Server):
    """Knows all its connections, also those that arrive while it is being stopped."""

    def __init__(self, handler: Handler) -> None:
        super().__init__(handler, access_log=None)
        self.transports: list[asyncio.Transport] = []

    def connection_made(self, handler: Any, transport: asyncio.Transport) -> None:
        super().connection_made(handler, transport)
        self.transports.append(transport)


class Backends:
    """Servers in a separate thread with its own event loop."""

    def __init__(self) -> None:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()
        self._servers: list[_Server] = []
        self._runners: list[web.ServerRunner] = []

    def start(
        self, handler: Handler | None = None, text: str = "", ssl_context: ssl.SSLContext | None = None
    ) -> Backend:
        backend = Backend()

        async def answer(request: web.BaseRequest) -> web.StreamResponse:
            if request.headers.get("User-Agent") == USER_AGENT:
                backend.checks.append(request)
                return web.Response(status=backend.health, headers={"Location": "/elsewhere"})
            backend.requests.append(request)
            return await handler(request) if handler is not None else web.Response(text=text)

        async def serve() -> str:
            server = _Server(answer)
            runner = web.ServerRunner(server, shutdown_timeout=0.1)
            self._servers.append(server)
            self._runners.append(runner)
            await runner.setup()
            await web.TCPSite(runner, "127.0.0.1", 0, ssl_context=ssl_context).start()
            return f"127.0.0.1:{runner.addresses[0][1]}"

        backend.address = self._run(serve())
        return backend

    def stop(self) -> None:
        async def cleanup() -> str:
            for runner in self._runners:
                await runner.cleanup()
            for server in self._servers:
                for transport in server.transports:
                    transport.abort()  # otherwise TLS would wait for the emulator's close_notify
            # Handlers whose clients have disconnected are still running.
            left = asyncio.all_tasks() - {asyncio.current_task()}
            for task in left:
                task.cancel()
            await asyncio.gather(*left, return_exceptions=True)
            return ""

        self._run(cleanup())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def _run(self, work: Coroutine[Any, Any, str]) -> str:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(10)
