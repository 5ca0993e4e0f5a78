"""An HTTP server that closes all its connections when it stops."""

import asyncio
import ssl
from typing import cast

from aiohttp import web


class HttpServer:
    """Serves what an aiohttp runner serves, on one address."""

    def __init__(self, runner: web.BaseRunner) -> None:
        self._runner = runner
        self._listening: asyncio.Server | None = None

    async def start(self, host: str, port: int, context: ssl.SSLContext | None = None) -> tuple[str, int]:
        """Listen on this address, with TLS if there is a context. Port 0 selects a free port."""
        loop = asyncio.get_running_loop()
        await self._runner.setup()
        server = cast("web.Server", self._runner.server)
        self._listening = await loop.create_server(server, host, port, ssl=context, backlog=128)
        address = self._listening.sockets[0].getsockname()
        return address[0], address[1]

    async def stop(self) -> None:
        """Stop listening, and close all connections, also those that are being accepted."""
        if self._listening is not None:
            await _close(self._listening)
        connections = self._runner.server.connections if self._runner.server is not None else []
        transports = [connection.transport for connection in connections]
        await self._runner.cleanup()
        for transport in transports:
            # Otherwise TLS would wait for the client's close_notify.
            if transport is not None:
                transport.abort()


async def _close(listening: asyncio.Server) -> None:
    # If asyncio's server is closed while it accepts a connection, nothing closes that connection. So its
    # sockets stop accepting first, and aiohttp gets the accepted connections in the next two iterations.
    for sock in listening.sockets:
        asyncio.get_running_loop().remove_reader(sock)
    for _ in range(2):
        await asyncio.sleep(0)
    listening.close()
