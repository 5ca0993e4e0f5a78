"""50 Rollouts are aborted at once: how soon every canary has lost its traffic, and what that costs AWS."""

import math
import time
from collections.abc import Sequence
from dataclasses import dataclass

from bench.fleet.aws import Calls, aws
from bench.fleet.controller import Controller, Seconds, reconcile
from bench.fleet.limits import REST_SECONDS, least_seconds
from bench.fleet.rollouts import Canary, rollouts
from bench.fleet.router import SHIPPED, router
from bench.report.figure import Figure

ROLLOUTS, BALANCERS = 50, 5
LOOP_SECONDS = 30.0
"""As long as an aborted canary has pods (abortScaleDownDelaySeconds), it is reconciled without a pause."""

_WEIGHT = 50
_GIVE_UP_SECONDS = 180.0


@dataclass(frozen=True, slots=True)
class Storm:
    """`begun`: when the Rollouts were aborted."""

    begun: float
    calls: Calls

    @property
    def seconds(self) -> float:
        """Until the last ModifyRule; infinite if a rule was not written."""
        written = self.calls.of("ModifyRule").done
        rules = {entry["parameters"]["RuleArn"] for entry in written.entries}
        return written.times[-1] - self.begun if len(rules) == ROLLOUTS else math.inf

    @property
    def per_second(self) -> Sequence[int]:
        """The number of calls, throttled ones too, in each second since the abort."""
        last = int(LOOP_SECONDS)
        counts = [0] * last
        for moment in self.calls.times:
            if 0 <= (second := int(moment - self.begun)) < last:
                counts[second] += 1
        return counts


def figures(module: str = SHIPPED) -> list[Figure]:
    return _figures(_storm(module))


def _storm(module: str) -> Storm:
    with aws() as account, router(account.url, module) as sidecar, sidecar.stub() as stub:
        canaries = rollouts(account.url, ROLLOUTS, BALANCERS, weight=_WEIGHT)
        for canary in canaries:
            stub.SetWeight(canary.set_weight(_WEIGHT))
        time.sleep(REST_SECONDS)
        account.throttle()
        account.forget_calls()
        begun, looping_until = time.time(), time.monotonic() + LOOP_SECONDS

        def again(canary: Canary) -> Seconds | None:
            reconcile(stub, canary.set_weight(0, aborted=True), removes_routes=True)
            return 0.0 if time.monotonic() < looping_until else None

        controller = Controller(again)
        controller.add(canaries)
        controller.run(_GIVE_UP_SECONDS)
        return Storm(begun, account.calls())


def _figures(storm: Storm) -> list[Figure]:
    own = least_seconds(reads=BALANCERS, writes=ROLLOUTS)
    writes, reads = storm.calls.of("ModifyRule"), storm.calls.of("DescribeRules")
    what = f"{ROLLOUTS} Rollouts on {BALANCERS} ALBs aborted at once"
    return [
        Figure(
            f"{what}: last ModifyRule ÷ the bucket's own time",
            storm.seconds / own,
            most=1.15,
            beside=f"{storm.seconds:.1f} ÷ {own:.1f} s; {len(writes)} ModifyRule, {len(reads)} DescribeRules",
            points=list(enumerate(storm.per_second)),
        ),
        Figure(f"{what}: throttled calls", storm.calls.throttled, most=0),
    ]
