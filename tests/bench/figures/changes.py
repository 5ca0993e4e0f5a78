"""500 Rollouts reach a step with another weight at once."""

import math
import time

from bench.fleet.aws import aws
from bench.fleet.controller import Controller, Seconds, reconcile
from bench.fleet.limits import least_seconds
from bench.fleet.rollouts import Canary, rollouts
from bench.fleet.router import SHIPPED, router
from bench.report.figure import Figure

ROLLOUTS, BALANCERS = 500, 50
_WEIGHT = 10


def figures(module: str = SHIPPED, number: int = ROLLOUTS, balancers: int = BALANCERS) -> list[Figure]:
    own = least_seconds(reads=balancers, writes=number)
    with aws() as account, router(account.url, module) as sidecar, sidecar.stub() as stub:
        canaries = rollouts(account.url, number, balancers)
        account.throttle()

        def rise(canary: Canary) -> Seconds | None:
            return reconcile(stub, canary.set_weight(_WEIGHT), removes_routes=False)

        controller = Controller(rise)
        controller.add(canaries)
        begun = time.time()
        controller.run(2 * own + 60)
        calls = account.calls()
    writes = calls.of("ModifyRule").done
    seconds = writes.times[-1] - begun if len(writes) >= number else math.inf
    what = f"{number} changes on {balancers} ALBs"
    return [
        Figure(
            f"{what}: last ModifyRule ÷ the bucket's own time",
            seconds / own,
            most=1.1,
            beside=f"{seconds:.1f} s ÷ {own:.1f} s; {len(writes)} ModifyRule, "
            f"{len(calls.of('DescribeRules'))} DescribeRules",
        ),
        Figure(f"{what}: throttled calls", calls.throttled, most=0),
    ]
