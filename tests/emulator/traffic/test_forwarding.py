"""Forwarding: what a proxy must not change in a request and its response, and what it must change."""

import asyncio
import hashlib
import socket
import ssl
import struct
import threading
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import urlsplit

import pytest
import urllib3
from aiohttp import web

from elbv2_emulator import Emulator
from elbv2_emulator.traffic.health_checks import USER_AGENT

TARGET = "10.64.0.3"


@pytest.fixture
def emulator() -> Iterator[Emulator]:
    with Emulator(idle_timeout_seconds=0.2) as running:
        yield running


@pytest.fixture
def through(
    *, elbv2: Any, petclinic: Any, backends: Any, control: Any, wait_healthy: Any, listener_url: Any
) -> Callable[..., tuple[str, Any]]:
    """The URL of a listener whose only backend has this handler."""

    def start(handler: Any) -> tuple[str, Any]:
        backend = backends.start(handler)
        elbv2.register_targets(TargetGroupArn=petclinic.stable, Targets=[{"Id": TARGET}])
        elbv2.modify_listener(ListenerArn=petclinic.listener, DefaultActions=petclinic.split(1, 0))
        control("PUT", "addresses", {f"{TARGET}:8080": backend.address})
        wait_healthy(petclinic.stable)
        return listener_url(petclinic.listener), backend

    return start


@pytest.fixture
def connect(emulator: Emulator) -> Callable[[str], ssl.SSLSocket]:
    """A raw TLS connection to an HTTPS listener."""

    def to(url: str) -> ssl.SSLSocket:
        parts = urlsplit(url)
        plain = socket.create_connection((parts.hostname, parts.port), timeout=5)
        context = ssl.create_default_context(cadata=emulator.ca)
        return context.wrap_socket(plain, server_hostname=parts.hostname)

    return to


async def echo(request: web.BaseRequest) -> web.StreamResponse:
    return web.Response(
        body=await request.read(), headers={"X-Framing": request.headers.get("Content-Length", "")}
    )


async def digest(request: web.BaseRequest) -> web.StreamResponse:
    received = hashlib.sha256()
    async for chunk in request.content.iter_any():
        received.update(chunk)
    return web.Response(text=received.hexdigest())


async def hello(_request: web.BaseRequest) -> web.StreamResponse:
    return web.Response(text="hello")


def test_a_request_has_the_headers_of_the_client_and_of_the_load_balancer(through: Any, http: Any) -> None:
    url, backend = through(hello)
    sent = {
        "Host": "www.example.com",
        "X-Team": "petclinic",
        "X-Forwarded-For": "198.51.100.7",
        "Connection": "keep-alive, X-Private",
        "X-Private": "1",
        "TE": "trailers",
        "User-Agent": "test",
    }
    http.request("GET", url + "/a%20b/%E3%81%AD?q=%2F&q=a+b", headers=sent)
    (request,) = backend.requests
    assert request.raw_path == "/a%20b/%E3%81%AD?q=%2F&q=a+b"
    assert {name: value for name, value in request.headers.items() if name != "Accept-Encoding"} == {
        "Host": "www.example.com",
        "X-Team": "petclinic",
        "User-Agent": "test",
        "X-Forwarded-For": "198.51.100.7, 127.0.0.1",
        "X-Forwarded-Proto": "https",
        "X-Forwarded-Port": "443",
    }


@pytest.mark.parametrize("status", [200, 204, 304, 404, 500])
def test_status_and_headers_of_the_response_are_relayed(through: Any, http: Any, status: int) -> None:
    async def handler(_request: web.BaseRequest) -> web.StreamResponse:
        answer = web.Response(status=status, headers={"ETag": '"1"', "Keep-Alive": "timeout=5"})
        answer.headers.add("Set-Cookie", "a=1")
        answer.headers.add("Set-Cookie", "b=2")
        return answer

    url, _ = through(handler)
    answer = http.request("GET", url)
    assert answer.status == status
    assert answer.headers.getlist("Set-Cookie") == ["a=1", "b=2"]
    assert answer.headers["ETag"] == '"1"'
    assert "Keep-Alive" not in answer.headers


def test_an_encoded_body_is_not_decoded(through: Any, http: Any) -> None:
    async def handler(_request: web.BaseRequest) -> web.StreamResponse:
        return web.Response(body=b"not gzip at all", headers={"Content-Encoding": "gzip"})

    url, _ = through(handler)
    answer = http.request("GET", url, decode_content=False)
    assert answer.data == b"not gzip at all"
    assert answer.headers["Content-Length"] == "15"


@pytest.mark.parametrize("body", [b"", b"a", b"a" * 70_000])
def test_a_body_keeps_its_length(through: Any, http: Any, body: bytes) -> None:
    url, _ = through(echo)
    answer = http.request("POST", url, body=body)
    assert answer.data == body
    assert answer.headers["X-Framing"] == str(len(body))
    assert answer.headers["Content-Length"] == str(len(body))


def test_a_large_request_is_streamed(through: Any, http: Any) -> None:
    url, backend = through(digest)
    block = bytes(range(256)) * 256
    answer = http.request("PUT", url, body=(block for _ in range(256)))  # 16 MiB, sent in chunks
    assert answer.data.decode() == hashlib.sha256(block * 256).hexdigest()
    assert backend.requests[0].headers["Transfer-Encoding"] == "chunked"


def test_a_large_response_is_streamed(through: Any, http: Any) -> None:
    block = b"x" * 65536

    async def handler(request: web.BaseRequest) -> web.StreamResponse:
        answer = web.StreamResponse()
        await answer.prepare(request)
        for _ in range(256):
            await answer.write(block)
        return answer

    url, _ = through(handler)
    assert http.request("GET", url).data == block * 256


def test_a_response_to_head_has_a_length_but_no_body_and_keeps_the_connection(
    through: Any, emulator: Emulator
) -> None:
    url, _ = through(hello)
    pool = urllib3.connection_from_url(url, retries=False, maxsize=1, ca_cert_data=emulator.ca)
    for _ in range(2):
        head = pool.request("HEAD", "/")
        assert (head.headers["Content-Length"], head.data) == ("5", b"")
        assert pool.request("GET", "/").data == b"hello"
    assert pool.num_connections == 1
    pool.close()


def test_a_client_that_expects_100_continue_gets_it(through: Any, connect: Any) -> None:
    url, backend = through(echo)
    with connect(url) as client:
        client.sendall(b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\nExpect: 100-continue\r\n\r\n")
        assert client.recv(1024) == b"HTTP/1.1 100 Continue\r\n\r\n"
        client.sendall(b"hi")
        assert client.recv(1024).startswith(b"HTTP/1.1 200 OK\r\n")
    assert "Expect" not in backend.requests[0].headers


def test_a_silent_backend_answers_504(through: Any, http: Any) -> None:
    async def silent(_request: web.BaseRequest) -> web.StreamResponse:
        await asyncio.sleep(3600)
        raise AssertionError

    url, _ = through(silent)
    assert http.request("GET", url).status == 504


def test_a_backend_that_hangs_up_answers_502(through: Any, http: Any) -> None:
    async def rude(request: web.BaseRequest) -> web.StreamResponse:
        assert request.transport is not None
        request.transport.abort()
        return web.Response()

    url, _ = through(rude)
    assert http.request("GET", url).status == 502
    assert http.request("POST", url, body=b"x").status == 502


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE"])
def test_a_kept_connection_that_breaks_answers_502_without_a_retry(
    through: Any, http: Any, method: str
) -> None:
    connections = []

    async def once(request: web.BaseRequest) -> web.StreamResponse:
        assert request.transport is not None
        connections.append(request.transport.get_extra_info("peername"))
        if len(connections) > 1:
            request.transport.abort()
        return web.Response()

    url, _ = through(once)
    assert [http.request(method, url).status for _ in range(2)] == [200, 502]
    assert len(connections) == 2
    assert len(set(connections)) == 1


def test_a_backend_that_does_not_speak_http_answers_502(through: Any, control: Any, connect: Any) -> None:
    url, _ = through(hello)
    with socket.create_server(("127.0.0.1", 0)) as server:
        control("PUT", "addresses", {f"{TARGET}:8080": f"127.0.0.1:{server.getsockname()[1]}"})
        client = connect(url)
        client.sendall(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")
        head = USER_AGENT.encode()
        while USER_AGENT.encode() in head:
            accepted, _ = server.accept()
            head = accepted.recv(65536)
            accepted.sendall(b"220 mail.example.com ESMTP\r\n\r\n")
            accepted.close()
        assert client.recv(1024).startswith(b"HTTP/1.1 502 ")
        client.close()


def test_a_response_that_breaks_off_breaks_the_clients_connection(through: Any, http: Any) -> None:
    async def half(request: web.BaseRequest) -> web.StreamResponse:
        answer = web.StreamResponse(headers={"Content-Length": "1000000"})
        await answer.prepare(request)
        await answer.write(b"x" * 1000)
        assert request.transport is not None
        request.transport.abort()
        return answer

    url, _ = through(half)
    with pytest.raises(urllib3.exceptions.HTTPError):
        http.request("GET", url)


def test_a_client_that_disconnects_does_no_harm(
    *, through: Any, http: Any, connect: Any, caplog: pytest.LogCaptureFixture
) -> None:
    arrived, broken_off = threading.Event(), threading.Event()

    async def reading(request: web.BaseRequest) -> web.StreamResponse:
        arrived.set()
        try:
            await request.read()
        except ConnectionResetError:
            broken_off.set()
        return web.Response()

    url, _ = through(reading)
    client = connect(url)
    client.sendall(b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1000000\r\n\r\nx")
    assert arrived.wait(5)
    client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    client.close()
    assert broken_off.wait(5)
    assert http.request("POST", url, body=b"").status == 200
    assert caplog.records == []
