"""Real servers on loopback that answer health checks and forwarded requests."""

import asyncio
import ssl
import threading
from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web

from elbv2_emulator.http_servers import HttpServer
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


class Backends:
    """Servers in a separate thread with its own event loop."""

    def __init__(self) -> None:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()
        self._servers: list[HttpServer] = []

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
            runner = web.ServerRunner(web.Server(answer, access_log=None), shutdown_timeout=0.1)
            server = HttpServer(runner)
            self._servers.append(server)
            host, port = await server.start("127.0.0.1", 0, ssl_context)
            return f"{host}:{port}"

        backend.address = self._run(serve())
        return backend

    def stop(self) -> None:
        async def cleanup() -> str:
            for server in self._servers:
                await server.stop()
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
