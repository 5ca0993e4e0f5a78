"""One Rollout is aborted while 300 others wait for their turn to get another weight."""

import math
import threading
import time

from bench.fleet.aws import aws
from bench.fleet.controller import Controller, Seconds, reconcile
from bench.fleet.rollouts import Canary, rollouts
from bench.fleet.router import SHIPPED, router
from bench.report.figure import Figure

RISES, BALANCERS = 300, 10
_BUSY_SECONDS = 10.0  # by then the buckets are empty
_WEIGHT = 10
_GIVE_UP_SECONDS = 60.0


def figures(module: str = SHIPPED, rises: int = RISES) -> list[Figure]:
    with aws() as account, router(account.url, module) as sidecar, sidecar.stub() as stub:
        aborted, *others = rollouts(account.url, rises + 1, BALANCERS, weight=0)
        stub.SetWeight(aborted.set_weight(_WEIGHT))
        account.throttle()
        account.forget_calls()
        is_done = threading.Event()

        def change(canary: Canary) -> Seconds | None:
            if canary is aborted:
                reconcile(stub, canary.set_weight(0, aborted=True), removes_routes=True)
                is_done.set()
                return None
            return reconcile(stub, canary.set_weight(_WEIGHT), removes_routes=False)

        controller = Controller(change)
        controller.add(others)
        with controller.running():
            time.sleep(_BUSY_SECONDS)
            before = len(account.calls().of("ModifyRule").done)
            begun = time.time()
            controller.add([aborted])
            is_done.wait(_GIVE_UP_SECONDS)
            calls = account.calls()
    written = calls.of("ModifyRule").done.about(aborted.rule).times
    seconds = written[0] - begun if written else math.inf
    return [
        Figure(
            f"One abort among {rises} rises at the socket: abort → ModifyRule",
            seconds,
            "s",
            most=2,
            beside=f"{before} rises were written before",
        ),
        Figure(f"One abort among {rises} rises at the socket: throttled calls", calls.throttled, most=0),
    ]
