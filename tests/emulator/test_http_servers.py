"""A server that stops closes all its connections."""

import asyncio
import socket
from contextlib import ExitStack, suppress

import pytest
from aiohttp import web

from elbv2_emulator.http_servers import HttpServer


@pytest.mark.parametrize("iterations", range(6))
def test_a_connection_is_closed_however_far_its_acceptance_is_when_the_server_stops(iterations: int) -> None:
    """`iterations` of asyncio's loop run between the connection and the stop."""

    async def stop_while_accepting() -> list[socket.socket]:
        server = HttpServer(web.ServerRunner(web.Server(_answer, access_log=None), shutdown_timeout=0.1))
        address = await server.start("127.0.0.1", 0)
        clients = [socket.create_connection(address, timeout=10) for _ in range(3)]
        for _ in range(iterations):
            await asyncio.sleep(0)
        await server.stop()
        return clients

    with ExitStack() as clients:
        for client in asyncio.run(stop_while_accepting()):
            # The kernel resets a connection that was not accepted.
            clients.enter_context(client)
            with suppress(ConnectionResetError):
                assert client.recv(1) == b""


async def _answer(_request: web.BaseRequest) -> web.StreamResponse:
    return web.Response()
