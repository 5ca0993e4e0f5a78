"""Threads and time for routing, from Python's own modules."""

import threading
import time
from collections.abc import Callable

from elbv2_trafficrouter.routing.ports import Condition, Lock


class ThreadRuntime:
    """Implements routing.ports.Runtime with Python's threads and clock."""

    def lock(self) -> Lock:
        return threading.Lock()

    def condition(self) -> Condition:
        return threading.Condition()

    def spawn(self, work: Callable[[], None], name: str) -> None:
        threading.Thread(target=work, name=name, daemon=True).start()

    def now(self) -> float:
        return time.monotonic()
