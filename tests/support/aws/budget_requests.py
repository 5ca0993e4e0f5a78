"""Requests that wait for tokens of the budget, on a clock that jumps."""

from collections.abc import Callable
from dataclasses import dataclass, field

from elbv2_trafficrouter.arn import Arn
from elbv2_trafficrouter.aws.budget import Budget, Kind
from elbv2_trafficrouter.aws.seats import CallSeats
from elbv2_trafficrouter.errors import Problem
from elbv2_trafficrouter.routing.ports import PrioritizedCall, Priority, Urgency
from support.router.baton import BatonCaller, BatonRuntime
from support.router.intents import RULE

ELSEWHERE = Arn(RULE.replace("eu-west-1", "eu-central-1"))
EXEMPT = (Urgency.ABORT, Urgency.TO_STABLE)
ACTION_OF = {Kind.DESCRIBE: "DescribeRules", Kind.MODIFY: "ModifyRule"}


@dataclass
class Requests:
    """Requests on a budget, and when each got its tokens."""

    share: float = 1.0
    runtime: BatonRuntime = field(default_factory=BatonRuntime)
    granted: list[tuple[str, float]] = field(default_factory=list)
    failed: list[tuple[str, type[Problem]]] = field(default_factory=list)
    sent: list[tuple[float, Kind]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.seats = CallSeats(self.runtime)
        self.budget = Budget(self.runtime, self.seats, self.share)

    def request(
        self,
        name: str,
        urgency: Urgency = Urgency.RISE,
        *,
        kind: Kind = Kind.MODIFY,
        namespace: str = "petclinic",
        after: float = 0.0,
        seconds: float = 1000.0,
        number: int = 1,
        arn: Arn = RULE,
    ) -> Callable[[], None]:
        def send() -> None:
            self.runtime.sleep(after)
            call = PrioritizedCall(BatonCaller(self.runtime, seconds), Priority(urgency, namespace))
            self.seats.enter(call)
            try:
                self.budget.take(arn, kind, call, number)
            except Problem as problem:
                self.failed.append((name, type(problem)))
            else:
                self.granted.append((name, round(self.runtime.now(), 3)))
                self.sent += [(self.runtime.now(), kind)] * number
            finally:
                self.seats.leave(call)

        return send

    def drain(self, kind: Kind = Kind.MODIFY) -> Callable[[], None]:
        """Takes all tokens that anybody may take."""
        return self.request("drain", Urgency.ABORT, kind=kind, number=20 if kind is Kind.MODIFY else 40)

    @property
    def order(self) -> list[str]:
        return [name for name, _ in self.granted if name != "drain"]
