"""Addresses of host names. The system's resolver may hang for minutes, so callers stop waiting for it.

One look-up for each name runs at a time, and its result is not kept: the system's resolver has its own cache.
"""

import socket
import threading
from functools import partial

from elbv2_trafficrouter.aws.shared_work import SharedWork

_guard = threading.Lock()
_look_ups: dict[tuple[str, int], SharedWork[list[str]]] = {}
_MOST_LOOK_UPS = 64  # regions and sources of credentials


def addresses_of(host: str, port: int, seconds: float) -> list[str]:
    """Raises socket.gaierror, or TimeoutError if the look-up takes longer."""
    key = (host, port)
    with _guard:
        if len(_look_ups) >= _MOST_LOOK_UPS and key not in _look_ups:
            del _look_ups[next(iter(_look_ups))]
        look_up = _look_ups.setdefault(key, SharedWork(partial(_look_up, host, port), "name look-up"))
        result = look_up.begin()
    return result.result(seconds)


def _look_up(host: str, port: int) -> list[str]:
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(address[0]) for *_, address in found))
