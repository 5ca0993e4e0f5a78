"""Threads and time for routing, from Python's own modules."""

import threading
import time

from elbv2_trafficrouter.routing.ports import Lock


class ThreadRuntime:
    """Implements routing.ports.Runtime with Python's threads and clock."""

    def lock(self) -> Lock:
        return threading.Lock()

    def now(self) -> float:
        return time.monotonic()
