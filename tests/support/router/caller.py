"""A call as routing sees it, whose client is connected and waits, or is not."""

from dataclasses import dataclass


@dataclass
class Caller:
    """routing.ports.Call."""

    seconds: float = 10
    present: bool = True

    def seconds_left(self) -> float:
        return self.seconds

    def client_is_there(self) -> bool:
        return self.present
