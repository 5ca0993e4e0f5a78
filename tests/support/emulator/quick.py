"""Fast HTTP on kept connections: this client and this backend cost little compared with the emulator."""

import asyncio
import re
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager

_CONNECTIONS = 16
_HEADER = re.compile(rb"\r\n([^:\r\n]+): *([^\r\n]*)")


class Answered(dict[str, list[str]]):
    """The status and headers of a response; header names are in lower case."""

    def __init__(self, head: bytes) -> None:
        super().__init__()
        self.status = int(head[9:12])
        for name, value in _HEADER.findall(head):
            self.setdefault(name.decode().lower(), []).append(value.decode())


async def get(address: str, requests: Sequence[tuple[str, str]]) -> list[Answered]:
    """The responses to GET requests, in their order. `requests`: the path and the Cookie, or "", of each."""
    answers: list[Answered | None] = [None] * len(requests)
    numbers = iter(range(len(requests)))
    async with asyncio.TaskGroup() as connections:
        for _ in range(_CONNECTIONS):
            connections.create_task(_connection(address, requests, numbers, answers))
    return [answer for answer in answers if answer is not None]


async def _connection(
    address: str, requests: Sequence[tuple[str, str]], numbers: Iterator[int], answers: list[Answered | None]
) -> None:
    host, _, port = address.rpartition(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    for number in numbers:
        path, cookie = requests[number]
        line = f"Cookie: {cookie}\r\n" if cookie else ""
        writer.write(f"GET {path} HTTP/1.1\r\nHost: petclinic\r\n{line}\r\n".encode())
        answer = Answered(await reader.readuntil(b"\r\n\r\n"))
        await reader.readexactly(int(answer["content-length"][0]))
        answers[number] = answer
    writer.close()
    await writer.wait_closed()


class _Answering(asyncio.Protocol):
    def __init__(self, answer: bytes) -> None:
        self._answer = answer
        self._rest = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        *requests, self._rest = (self._rest + data).split(b"\r\n\r\n")
        self._transport.write(self._answer * len(requests))


@asynccontextmanager
async def backend(version: str) -> AsyncIterator[str]:
    """The address of a server that answers every request with 200 and its version."""
    answer = f"HTTP/1.1 200 OK\r\nX-Version: {version}\r\nContent-Length: 0\r\n\r\n".encode()
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: _Answering(answer), "127.0.0.1", 0)
    try:
        yield f"127.0.0.1:{server.sockets[0].getsockname()[1]}"
    finally:
        server.close()
