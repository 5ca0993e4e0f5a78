"""Forwarding: sends one request to a backend and relays the response, following the rules for proxies."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

import aiohttp
from aiohttp import web
from multidict import CIMultiDict, CIMultiDictProxy
from yarl import URL

# RFC 9110, 7.6.1: these concern a single connection. The emulator itself answers Expect.
_HOP_BY_HOP = frozenset({
    "connection", "expect", "keep-alive", "proxy-authenticate", "proxy-authorization", "proxy-connection",
    "te", "trailer", "transfer-encoding", "upgrade",
})  # fmt: skip
CONNECT_SECONDS = 10
AT_ONCE = 64 * 1024


@dataclass(frozen=True, slots=True)
class Hop:
    """How a request goes from a listener to a target.

    `host`: the Host header; None keeps the client's. `cookies`: the Set-Cookie lines that the load balancer
    adds, as a function of those in the target's response.
    """

    url: URL
    host: str | None
    listener_protocol: str
    listener_port: int
    cookies: Callable[[Sequence[str]], Iterable[str]]


class Forwarder:
    """The connections to all backends, which are kept alive; their number is not limited."""

    def __init__(self, idle_timeout_seconds: float) -> None:
        self._session = aiohttp.ClientSession(
            # A load balancer does not verify the certificates of its targets.
            connector=aiohttp.TCPConnector(limit=0, ssl=False),
            timeout=aiohttp.ClientTimeout(
                total=None, sock_connect=CONNECT_SECONDS, sock_read=idle_timeout_seconds
            ),
            cookie_jar=aiohttp.DummyCookieJar(),
            skip_auto_headers=("Accept", "Accept-Encoding", "Content-Type", "User-Agent"),
            auto_decompress=False,
            middlewares=[_send_once],
        )

    async def close(self) -> None:
        await self._session.close()

    async def relay(self, request: web.BaseRequest, hop: Hop) -> web.StreamResponse:
        """The target's response to this request. Without one, raises aiohttp.ClientError or TimeoutError."""
        await _send_continue(request)
        async with self._session.request(
            request.method,
            hop.url,
            headers=_request_headers(request, hop),
            data=request.content if request.can_read_body else None,
            allow_redirects=False,
        ) as answer:
            headers = _end_to_end(answer.headers)
            for line in hop.cookies(answer.headers.getall("Set-Cookie", ())):
                headers.add("Set-Cookie", line)
            size = answer.content_length
            if request.method == "HEAD" or (size is not None and size <= AT_ONCE):
                body = await answer.read()
                response = web.Response(status=answer.status, reason=answer.reason, headers=headers)
                if request.method != "HEAD":
                    response.body = body
                return response
            return await _stream(request, answer, headers)


async def _send_once(
    request: aiohttp.ClientRequest, handler: aiohttp.ClientHandlerType
) -> aiohttp.ClientResponse:
    """Fail when a connection breaks, as a load balancer does: aiohttp would silently repeat a GET."""
    try:
        return await handler(request)
    except (aiohttp.ClientOSError, aiohttp.ServerDisconnectedError) as error:
        # Another error of the same family, after which aiohttp does not retry.
        raise aiohttp.ClientConnectionError(str(error)) from error


async def _send_continue(request: web.BaseRequest) -> None:
    if request.headers.get("Expect", "").lower() == "100-continue" and request.transport is not None:
        request.transport.write(b"HTTP/1.1 100 Continue\r\n\r\n")


async def _stream(
    request: web.BaseRequest, answer: aiohttp.ClientResponse, headers: CIMultiDict[str]
) -> web.StreamResponse:
    response = web.StreamResponse(status=answer.status, reason=answer.reason, headers=headers)
    await response.prepare(request)
    try:
        async for chunk in answer.content.iter_any():
            await response.write(chunk)
    except (aiohttp.ClientError, TimeoutError):
        # The headers are sent already: only a broken connection can show that the rest is missing.
        if request.transport is not None:
            request.transport.abort()
    return response


def _end_to_end(headers: CIMultiDictProxy[str]) -> CIMultiDict[str]:
    dropped = _HOP_BY_HOP
    if "Connection" in headers:
        dropped = dropped | _names(headers.getall("Connection"))
    return CIMultiDict((name, value) for name, value in headers.items() if name.lower() not in dropped)


def _names(connection: Iterable[str]) -> frozenset[str]:
    return frozenset(name.strip().lower() for line in connection for name in line.split(","))


def _request_headers(request: web.BaseRequest, hop: Hop) -> CIMultiDict[str]:
    headers = _end_to_end(request.headers)
    sources = [*headers.getall("X-Forwarded-For", ()), request.remote or ""]
    headers["X-Forwarded-For"] = ", ".join(sources)
    headers["X-Forwarded-Proto"] = hop.listener_protocol
    headers["X-Forwarded-Port"] = str(hop.listener_port)
    if hop.host is not None:
        headers["Host"] = hop.host
    return headers
