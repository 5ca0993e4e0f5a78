"""A client of the router that is there and has time, or not."""

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
