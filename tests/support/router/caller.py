"""A call as routing sees it, whose client is connected and waits, or is not."""

from dataclasses import dataclass

from elbv2_trafficrouter.routing.ports import Call


@dataclass
class Caller(Call):
    seconds: float = 10
    present: bool = True

    def seconds_left(self) -> float:
        return self.seconds

    def is_connected(self) -> bool:
        return self.present
