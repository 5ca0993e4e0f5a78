"""Real threads for routing."""

import threading

from elbv2_trafficrouter.routing.ports import Mutex


class ThreadRuntime:
    """Python's threads, as routing.ports.Runtime."""

    def mutex(self) -> Mutex:
        return threading.Lock()
