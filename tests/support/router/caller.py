"""A call whose client waits for the response, unless a test says that it does not."""

from dataclasses import dataclass

from elbv2_trafficrouter.routing.ports import Call


@dataclass(eq=False)
class Caller(Call):
    seconds: float = 10
    present: bool = True

    def seconds_left(self) -> float:
        return self.seconds

    def is_connected(self) -> bool:
        return self.present
