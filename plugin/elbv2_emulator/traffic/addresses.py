"""The address map: target address → local backend. Targets' own addresses are never connected to."""

import ipaddress
import threading
from collections.abc import Mapping

from yarl import URL

LARGEST_PORT = 65535


class NotAnAddress(ValueError):  # noqa: N818  it says what the text is
    """The text is not an IP address with a port."""


class NotLoopback(NotAnAddress):
    """The address is not on loopback."""


class Addresses:
    """The address map. May be used from any thread."""

    def __init__(self) -> None:
        self.map: Mapping[str, str] = {}
        self._lock = threading.Lock()
        self._changed: frozenset[str] = frozenset()

    def merge(self, changes: Mapping[str, str | None]) -> None:
        """Add and replace backends; None removes one. If a backend is not on loopback, nothing is changed."""
        for backend in changes.values():
            if backend is not None:
                parse_loopback_address(backend)
        with self._lock:
            before, merged = self.map, {**self.map, **changes}
            self.map = {target: backend for target, backend in merged.items() if backend is not None}
            self._changed |= {target for target, _ in before.items() ^ self.map.items()}

    def replace(self, addresses: Mapping[str, str]) -> None:
        """Replace the whole map without rechecking targets: it was saved together with their health."""
        for backend in addresses.values():
            parse_loopback_address(backend)
        with self._lock:
            self.map, self._changed = dict(addresses), frozenset()

    def take_changed(self) -> frozenset[str]:
        """The targets whose backends have changed since the previous call."""
        with self._lock:
            changed, self._changed = self._changed, frozenset()
        return changed

    def backend(self, identity: str, port: int) -> str | None:
        return self.map.get(f"{identity}:{port}")


def backend_url(protocol: str, backend: str, target: str) -> URL:
    """The URL of a request to a backend. `target`: path and query, encoded.

    Built from its parts, so that no target can name another host: `@` and `//` stay in the path.
    """
    path, _, query = target.partition("?")
    return URL.build(scheme=protocol.lower(), authority=backend, path=path, query_string=query, encoded=True)


def parse_loopback_address(text: str) -> tuple[str, int]:
    """Host and port of an address on loopback. Raises NotLoopback or NotAnAddress for any other text."""
    host, port = parse_address(text)
    if not ipaddress.ip_address(host).is_loopback:
        raise NotLoopback(f"'{text}' is not on loopback")
    return host, port


def parse_address(text: str) -> tuple[str, int]:
    """Host, which is an IP address, and port. Raises NotAnAddress for any other text."""
    host, _, port = text.rpartition(":")
    if not (port.isascii() and port.isdigit() and int(port) <= LARGEST_PORT):
        raise NotAnAddress(f"'{text}' is not an address and a port, for example 127.0.0.1:9001")
    try:
        return str(ipaddress.ip_address(host.removeprefix("[").removesuffix("]"))), int(port)
    except ValueError as error:
        raise NotAnAddress(
            f"'{text}' does not begin with an IP address, for example 127.0.0.1:9001"
        ) from error
