"""A server in the place of STS, a container's credentials endpoint or ELBv2, with answers of a test's own."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

_PATIENCE_SECONDS = 20


@dataclass
class AnsweringServer:
    """`answer` may be replaced at any time; None closes the connection without an answer."""

    answer: Callable[[str], tuple[int, str] | None]
    address: str = ""
    asked: list[str] = field(default_factory=list)
    """The bodies of all requests."""
    closed: list[int] = field(default_factory=list)
    """The connections that were closed without an answer."""
    _kept: set[int] = field(default_factory=set)
    _stale: set[int] = field(default_factory=set)

    def close_kept_connections(self) -> int:
        """Closes each open connection once the next request arrives on it. Returns their number."""
        self._stale |= self._kept
        return len(self._stale)

    def arrived(self, request: str, connection: int) -> tuple[int, str] | None:
        """Called by the server. Returns the answer."""
        self.asked.append(request)
        self._kept.add(connection)
        if connection in self._stale:
            self.closed.append(connection)
            return None
        return self.answer(request)


@contextmanager
def answering_server(answer: Callable[[str], tuple[int, str] | None]) -> Iterator[AnsweringServer]:
    server = AnsweringServer(answer)

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            request = self.rfile.read(int(self.headers.get("Content-Length", 0))).decode()
            answered = server.arrived(request, self.client_address[1])
            if answered is None:
                self.close_connection = True
                return
            status, body = answered
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            with suppress(ConnectionError):  # the client had enough
                self.wfile.write(body.encode())

        def do_GET(self) -> None:
            self.do_POST()

        def log_message(self, *_: object) -> None: ...

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as http:
        http.daemon_threads = True
        http.block_on_close = False
        server.address = f"127.0.0.1:{http.server_port}"
        thread = threading.Thread(target=http.serve_forever, args=(0.05,))
        thread.start()
        try:
            yield server
        finally:
            http.shutdown()
            thread.join(_PATIENCE_SECONDS)
