"""The address map: where on this machine a target's own address, which is never connected to, is answered."""

import ipaddress
import threading
from collections.abc import Mapping

LARGEST_PORT = 65535


class NotAnAddress(ValueError):  # noqa: N818  it says what the text is
    """No IP address with a port."""


class NotLoopback(NotAnAddress):
    """An address outside this machine."""


class Addresses:
    """For any thread."""

    def __init__(self) -> None:
        self.map: Mapping[str, str] = {}
        self._lock = threading.Lock()
        self._changed: frozenset[str] = frozenset()

    def merge(self, changes: Mapping[str, str | None]) -> None:
        """Add and replace; None takes away. Nothing is changed if one backend is not on loopback."""
        for backend in changes.values():
            if backend is not None:
                loopback(backend)
        with self._lock:
            before, merged = self.map, {**self.map, **changes}
            self.map = {target: backend for target, backend in merged.items() if backend is not None}
            self._changed |= {target for target, _ in before.items() ^ self.map.items()}

    def replace(self, whole: Mapping[str, str]) -> None:
        """Have this map and no other: one that was so when the health that is known was found."""
        for backend in whole.values():
            loopback(backend)
        with self._lock:
            self.map, self._changed = dict(whole), frozenset()

    def take_changed(self) -> frozenset[str]:
        """The targets whose backends have changed since this was asked before."""
        with self._lock:
            changed, self._changed = self._changed, frozenset()
        return changed

    def backend(self, identity: str, port: int) -> str | None:
        return self.map.get(f"{identity}:{port}")


def loopback(text: str) -> tuple[str, int]:
    """Host and port of an address on loopback; NotLoopback or NotAnAddress for any other text."""
    host, port = address(text)
    if not ipaddress.ip_address(host).is_loopback:
        raise NotLoopback(f"'{text}' is not on loopback")
    return host, port


def address(text: str) -> tuple[str, int]:
    """Host, which is an IP address, and port; NotAnAddress for any other text."""
    host, _, port = text.rpartition(":")
    if not (port.isascii() and port.isdigit() and int(port) <= LARGEST_PORT):
        raise NotAnAddress(f"'{text}' is not an address and a port, as in 127.0.0.1:9001")
    try:
        return str(ipaddress.ip_address(host.removeprefix("[").removesuffix("]"))), int(port)
    except ValueError as error:
        raise NotAnAddress(f"'{text}' does not begin with an IP address, as in 127.0.0.1:9001") from error
