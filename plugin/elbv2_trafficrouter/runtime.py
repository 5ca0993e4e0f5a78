"""Real threads and time for routing."""

import threading
import time

from elbv2_trafficrouter.routing.ports import Lock


class ThreadRuntime:
    """Python's threads and clock, as routing.ports.Runtime."""

    def lock(self) -> Lock:
        return threading.Lock()

    def now(self) -> float:
        return time.monotonic()
