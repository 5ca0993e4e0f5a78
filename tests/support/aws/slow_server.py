"""A server in the place of AWS that answers too slowly, or never, whatever it is asked."""

import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from enum import Enum
from functools import partial

_PATIENCE_SECONDS = 20
_SECONDS_BETWEEN_BYTES = 0.1


class Slowness(Enum):
    """Where the server is slow. Everything before that, it sends at once."""

    ACCEPT = "does not take the connection"
    TLS = "does not answer the TLS handshake"
    NO_ANSWER = "does not answer the request"
    STATUS = "sends the status line byte by byte"
    HEADERS = "sends headers without end"
    BODY = "sends the body byte by byte"


@contextmanager
def slow_server(slowness: Slowness, tls: ssl.SSLContext | None = None) -> Iterator[str]:
    """The address of such a server: `127.0.0.1:port`."""
    over = threading.Event()
    with socket.create_server(("127.0.0.1", 0), backlog=64) as listener:
        listener.settimeout(0.1)
        fillers = list(_fill(listener)) if slowness is Slowness.ACCEPT else []
        threads: list[threading.Thread] = []

        def accept() -> None:
            while not over.is_set():
                with suppress(TimeoutError):
                    connection, _ = listener.accept()
                    threads.append(_start(partial(_answer, connection, slowness, tls, over)))

        if slowness is not Slowness.ACCEPT:
            threads.append(_start(accept))
        try:
            yield f"127.0.0.1:{listener.getsockname()[1]}"
        finally:
            over.set()
            for thread in threads:
                thread.join(_PATIENCE_SECONDS)
            for filler in fillers:
                filler.close()


def _start(work: Callable[[], None]) -> threading.Thread:
    thread = threading.Thread(target=work)
    thread.start()
    return thread


def _fill(listener: socket.socket) -> Iterator[socket.socket]:
    """Fills the queue of a listener that accepts nothing, so that further connections wait."""
    listener.listen(0)
    for _ in range(4):
        filler = socket.socket()
        filler.setblocking(False)
        with suppress(BlockingIOError):
            filler.connect(listener.getsockname())
        yield filler


def _answer(
    connection: socket.socket, slowness: Slowness, tls: ssl.SSLContext | None, over: threading.Event
) -> None:
    with connection, suppress(OSError):
        if slowness is Slowness.TLS:
            over.wait(_PATIENCE_SECONDS)
            return
        connection.settimeout(_PATIENCE_SECONDS)
        with tls.wrap_socket(connection, server_side=True) if tls else connection as stream:
            stream.recv(65536)
            if slowness is Slowness.NO_ANSWER:
                over.wait(_PATIENCE_SECONDS)
                return
            at_once, slowly = {
                Slowness.STATUS: (b"", b"HTTP/1.1 200 OK" + b" " * 10_000),
                Slowness.HEADERS: (b"HTTP/1.1 200 OK\r\n", b"a: b\r\n" * 50),
                Slowness.BODY: (b"HTTP/1.1 200 OK\r\nContent-Length: 10000\r\n\r\n", b" " * 10_000),
            }[slowness]
            stream.sendall(at_once)
            for index in range(len(slowly)):
                if over.wait(_SECONDS_BETWEEN_BYTES):
                    return
                stream.sendall(slowly[index : index + 1])
