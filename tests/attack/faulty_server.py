"""A server in the place of an AWS service, whose answers have a fault while a block runs."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from email.message import Message
from enum import Enum
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TypeAlias

Answer: TypeAlias = tuple[int, bytes]
Answering: TypeAlias = Callable[[bytes, Message], Answer]
"""Gets the body and the headers of a request."""

_PATIENCE_SECONDS = 20
_SECONDS_BETWEEN_BYTES = 1.0
_LARGE_BYTES = 50 * 1024 * 1024
_PART = b" " * 64 * 1024


class Fault(Enum):
    """What is wrong with the answers."""

    TRICKLES = "answers a byte a second"
    HANGS = "does not answer"
    TOO_LARGE = "answers with 50 MiB"
    CUT_OFF = "closes the connection in the middle of its answer"
    TRUNCATED = "answers with half a document"
    CLOSES = "closes the connection without an answer"
    FAILS = "answers with status 503"
    REFUSES = "refuses the connection"


class _Server(ThreadingHTTPServer):
    daemon_threads = True  # an answer that hangs does not delay the end
    block_on_close = False
    request_queue_size = 64


class FaultyServer:
    """`answer` returns the right answer to a request."""

    def __init__(self, answer: Answering) -> None:
        self.answer = answer
        self.hit = 0
        """The number of requests that met the fault."""
        self._fault: Fault | None = None
        self._covers: Callable[[bytes], bool] = lambda _: True
        self._fault_is_over = threading.Event()
        self._port = 0
        self._http = self._listening()

    @property
    def address(self) -> str:
        return f"127.0.0.1:{self._port}"

    @contextmanager
    def failing(self, fault: Fault, covers: Callable[[bytes], bool] = lambda _: True) -> Iterator[None]:
        self.hit = 0
        self._fault, self._covers, self._fault_is_over = fault, covers, threading.Event()
        if fault is Fault.REFUSES:
            self._close()
        try:
            yield
        finally:
            self._fault = None
            self._fault_is_over.set()
            if fault is Fault.REFUSES:
                self._http = self._listening()

    def _listening(self) -> _Server:
        http = _Server(("127.0.0.1", self._port), _handler(self))
        self._port = http.server_port
        self._thread = threading.Thread(target=http.serve_forever, args=(0.05,))
        self._thread.start()
        return http

    def _close(self) -> None:
        self._http.shutdown()
        self._http.server_close()
        self._thread.join(_PATIENCE_SECONDS)

    def close(self) -> None:
        self._fault_is_over.set()
        self._close()

    def serve(self, request: bytes, handler: BaseHTTPRequestHandler) -> None:
        """Called for each request."""
        fault, over = self._fault, self._fault_is_over
        with suppress(ConnectionError):  # the client is gone, or had enough
            if fault is None or not self._covers(request):
                status, body = self.answer(request, handler.headers)
                _send(handler, status, body, len(body))
                return
            self.hit += 1
            handler.close_connection = True
            self._send_with_a_fault(fault, over, request, handler)

    def _send_with_a_fault(
        self, fault: Fault, over: threading.Event, request: bytes, handler: BaseHTTPRequestHandler
    ) -> None:
        match fault:
            case Fault.HANGS:
                over.wait()
            case Fault.FAILS:
                _send(handler, 503, b"", 0)
            case Fault.TOO_LARGE:
                _send(handler, 200, b"", _LARGE_BYTES)
                for _ in range(_LARGE_BYTES // len(_PART)):
                    handler.wfile.write(_PART)
            case Fault.CLOSES | Fault.REFUSES:
                pass
            case _:
                status, body = self.answer(request, handler.headers)
                half = body[: len(body) // 2]
                if fault is Fault.TRICKLES:
                    _send(handler, status, b"", len(body))
                    for byte in body:
                        if over.wait(_SECONDS_BETWEEN_BYTES):
                            return
                        handler.wfile.write(bytes((byte,)))
                else:
                    _send(handler, status, half, len(half if fault is Fault.TRUNCATED else body))


def _send(handler: BaseHTTPRequestHandler, status: int, body: bytes, length: int) -> None:
    handler.send_response(status)
    handler.send_header("Content-Length", str(length))
    handler.end_headers()
    handler.wfile.write(body)


def _handler(server: FaultyServer) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            request = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            server.serve(request, self)

        def do_GET(self) -> None:
            self.do_POST()

        def log_message(self, *_: object) -> None: ...

    return Handler


@contextmanager
def faulty_server(answer: Answering) -> Iterator[FaultyServer]:
    server = FaultyServer(answer)
    try:
        yield server
    finally:
        server.close()
