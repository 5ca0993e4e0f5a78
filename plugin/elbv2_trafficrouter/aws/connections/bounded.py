"""botocore's connections, with the bounds of `bounds` on every wait: for the address of the host's name, for
the connection, for TLS, and for each byte that is sent or received.

They serve every request of botocore in this process, also those for credentials. Without bounds they are
botocore's own.
"""

import socket
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from botocore import awsrequest
from urllib3.connection import HTTPConnection
from urllib3.exceptions import ConnectTimeoutError, NameResolutionError, NewConnectionError

from elbv2_trafficrouter.aws.connections.bounds import Bounds, current_bounds
from elbv2_trafficrouter.aws.connections.names import addresses_of


@contextmanager
def _shortened_timeout(sock: socket.socket) -> Iterator[None]:
    """The socket's time-out is at most what the bounds have left while the block runs."""
    bounds, own = current_bounds(), sock.gettimeout()
    if bounds is None or own == 0:
        yield
        return
    left = bounds.seconds_left()
    sock.settimeout(left if own is None else min(own, left))
    try:
        yield
    finally:
        if sock.fileno() >= 0:
            sock.settimeout(own)


def _add_to_bounds(received: int) -> None:
    if bounds := current_bounds():
        bounds.count(received)


class _Bounded(socket.socket):
    """The methods with which http.client, ssl and urllib3 wait."""

    def recv_into(self, *arguments: Any) -> int:
        with _shortened_timeout(self):
            received = super().recv_into(*arguments)
        _add_to_bounds(received)
        return received

    def recv(self, *arguments: Any) -> bytes:
        with _shortened_timeout(self):
            received = super().recv(*arguments)
        _add_to_bounds(len(received))
        return received

    def send(self, *arguments: Any) -> int:
        with _shortened_timeout(self):
            return super().send(*arguments)

    def sendall(self, *arguments: Any) -> None:
        with _shortened_timeout(self):
            super().sendall(*arguments)


class _BoundedTls(_Bounded, ssl.SSLSocket):
    def do_handshake(self, block: bool = False) -> None:
        with _shortened_timeout(self):
            super().do_handshake(block)


class _BoundedConnection(HTTPConnection):
    def _new_conn(self) -> socket.socket:
        bounds = current_bounds()
        plain = super()._new_conn() if bounds is None else self._connected(bounds)
        timeout = plain.gettimeout()
        # Like ssl.SSLSocket: another object takes over the open file.
        bounded = _Bounded(plain.family, plain.type, plain.proto, fileno=plain.detach())
        bounded.settimeout(timeout)
        return bounded

    def _connected(self, bounds: Bounds) -> socket.socket:
        """As urllib3's, whose time-out is for each address of the name, and does not include the look-up."""
        name, timeout = self._dns_host, self.timeout
        failure: Exception = NewConnectionError(self, "The name has no address")
        try:
            for address in self._addresses(bounds):
                self._dns_host = address
                left = bounds.seconds_left()
                self.timeout = left if timeout is None else min(timeout, left)
                try:
                    return super()._new_conn()
                except (NewConnectionError, ConnectTimeoutError) as error:
                    failure = error
        except TimeoutError as error:
            raise ConnectTimeoutError(self, "Connecting took too long") from error
        finally:
            self._dns_host, self.timeout = name, timeout
        raise failure

    def _addresses(self, bounds: Bounds) -> list[str]:
        try:
            return addresses_of(self._dns_host.strip("[]"), self.port, bounds.seconds_left())
        except socket.gaierror as error:
            raise NameResolutionError(self.host, self, error) from error


class _Connection(_BoundedConnection, awsrequest.AWSHTTPConnection): ...  # type: ignore[misc]  # as botocore's


class _TlsConnection(_BoundedConnection, awsrequest.AWSHTTPSConnection):  # type: ignore[misc]  # as botocore's
    def connect(self) -> None:
        if self.ssl_context is not None:  # botocore makes one for each session
            self.ssl_context.sslsocket_class = _BoundedTls
        super().connect()


def bound_connections() -> None:
    """Makes botocore use these connections from now on."""
    awsrequest.AWSHTTPConnectionPool.ConnectionCls = _Connection
    awsrequest.AWSHTTPSConnectionPool.ConnectionCls = _TlsConnection
