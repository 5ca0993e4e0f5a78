"""The address map: where on this machine a target's own address, which is never connected to, is answered."""

import ipaddress
from collections.abc import Mapping

LARGEST_PORT = 65535


class NotLoopback(ValueError):  # noqa: N818  it says what the address is
    """An address outside this machine, or no address at all."""


class Addresses:
    def __init__(self) -> None:
        self.map: Mapping[str, str] = {}

    def merge(self, changes: Mapping[str, str | None]) -> None:
        """Add and replace; None takes away. Nothing is changed if one backend is not on loopback."""
        for backend in changes.values():
            if backend is not None:
                loopback(backend)
        merged = {**self.map, **changes}
        self.map = {target: backend for target, backend in merged.items() if backend is not None}

    def backend(self, identity: str, port: int) -> str | None:
        return self.map.get(f"{identity}:{port}")


def loopback(address: str) -> tuple[str, int]:
    """Host and port of an address on loopback; NotLoopback for any other."""
    host, _, port = address.rpartition(":")
    if not (port.isascii() and port.isdigit() and int(port) <= LARGEST_PORT):
        raise NotLoopback(f"'{address}' is not an address and a port, as in 127.0.0.1:9001")
    try:
        parsed = ipaddress.ip_address(host.removeprefix("[").removesuffix("]"))
    except ValueError as error:
        raise NotLoopback(f"'{address}' does not begin with an IP address, as in 127.0.0.1:9001") from error
    if not parsed.is_loopback:
        raise NotLoopback(f"'{address}' is not on loopback")
    return str(parsed), int(port)
