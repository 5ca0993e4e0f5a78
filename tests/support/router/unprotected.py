"""The sidecar without a budget and without shared reads: `python -m support.router.unprotected serve …`.

It never waits before a request, and every call reads for itself.
"""

import sys
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from typing import TypeVar

from elbv2_trafficrouter import assembly
from elbv2_trafficrouter.arn import Arn
from elbv2_trafficrouter.aws.budget import Budget, Kind
from elbv2_trafficrouter.aws.elbv2 import rules
from elbv2_trafficrouter.aws.shared_read import Reading, SharedRead
from elbv2_trafficrouter.cli import main
from elbv2_trafficrouter.routing.ports import Call, Runtime

V = TypeVar("V")


class NoBudget(Budget):
    def take(self, arn: Arn, kind: Kind, call: Call, number: int = 1) -> None: ...

    @contextmanager
    def paid(self, arn: Arn, kind: Kind, call: Call, number: int = 1) -> Iterator[Call]:  # noqa: ARG002  it costs nothing
        yield call

    def halve(self, arn: Arn, kind: Kind) -> None: ...


class OwnRead(SharedRead[V]):
    def __init__(self, read: Callable[[Arn, Call], V], budget: Budget, runtime: Runtime) -> None:
        super().__init__(read, budget, runtime)
        self._read_now, self._now = read, runtime.now

    def of(self, arns: Collection[Arn], since: float, call: Call) -> dict[Arn, Reading[V]]:  # noqa: ARG002  it reads now
        return {arn: self._reading(arn, call) for arn in sorted(arns)}

    def _reading(self, arn: Arn, call: Call) -> Reading[V]:
        reading: Reading[V] = Reading()
        reading.began = self._now()
        reading.value = self._read_now(arn, call)
        reading.is_over = True
        return reading


if __name__ == "__main__":
    setattr(assembly, "Budget", NoBudget)  # noqa: B010  mypy refuses another class in its place
    setattr(rules, "SharedRead", OwnRead)  # noqa: B010  as above
    sys.exit(main())
