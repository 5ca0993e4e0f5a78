"""Real threads and time for routing."""

import threading
import time

from elbv2_trafficrouter.routing.ports import Mutex


class ThreadRuntime:
    """Python's threads and clock, as routing.ports.Runtime."""

    def mutex(self) -> Mutex:
        return threading.Lock()

    def now(self) -> float:
        return time.monotonic()
