"""An HTTP/2 client on the level of frames, for what a gRPC client cannot be made to do."""

import socket
import struct
from pathlib import Path
from typing import Self

_SETTINGS, _PING, _GOAWAY = 4, 6, 7
_ACK = 1


class Http2:
    """A connection without calls. Its methods raise ConnectionError if the server closes it."""

    def __init__(self, path: Path) -> None:
        self._connection = socket.socket(socket.AF_UNIX)
        self._connection.connect(str(path))
        self._input = self._connection.makefile("rb")
        self._connection.sendall(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n")
        self.settings()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._input.close()
        self._connection.close()

    def ping(self) -> None:
        self._send(_PING, payload=b"8 bytes.")
        self._acknowledged(_PING)

    def settings(self) -> None:
        self._send(_SETTINGS)
        self._acknowledged(_SETTINGS)

    def go_away(self, text: str) -> None:
        """Announces the end of the connection, with an error and a text for the server's log."""
        last_stream, enhance_your_calm = 0, 11
        self._send(_GOAWAY, payload=struct.pack("!II", last_stream, enhance_your_calm) + text.encode())

    def _send(self, kind: int, flags: int = 0, payload: bytes = b"") -> None:
        head = struct.pack("!I", len(payload))[1:] + struct.pack("!BBI", kind, flags, 0)
        self._connection.sendall(head + payload)

    def _acknowledged(self, sent: int) -> None:
        while True:
            head = self._input.read(9)
            if len(head) < 9:
                raise ConnectionResetError
            length, (kind, flags) = int.from_bytes(head[:3]), head[3:5]
            payload = self._input.read(length)
            if kind == _GOAWAY:
                raise ConnectionAbortedError(payload[8:].decode())
            if (kind, flags) == (_SETTINGS, 0):
                self._send(_SETTINGS, _ACK)
            if (kind, flags) == (sent, _ACK):
                return
