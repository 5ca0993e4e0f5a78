"""500 Rollouts are reconciled at once, as after a restart of the controller. Nothing is to be changed."""

import time
from dataclasses import dataclass

from bench.fleet.aws import Calls, aws
from bench.fleet.controller import Controller, Reconcile, Seconds, reconcile
from bench.fleet.limits import REST_SECONDS
from bench.fleet.rollouts import Canary, rollouts
from bench.fleet.router import SHIPPED, router
from bench.report.figure import Figure

ROLLOUTS, BALANCERS = 500, 10

_GIVE_UP_SECONDS = 60.0
_PATIENCE_SECONDS = 600.0


@dataclass(frozen=True, slots=True)
class Resync:
    """`ended`: the number of Rollouts whose reconcile succeeded in time."""

    calls: Calls
    ended: int
    seconds: float

    @property
    def beside(self) -> str:
        return f"{self.ended} of {ROLLOUTS} Rollouts were reconciled in {self.seconds:.0f} s"


def resync(module: str = SHIPPED, *, restarted: bool = False) -> Resync:
    """`restarted`: the sidecar, too, has just started."""
    with aws() as account, router(account.url, module) as sidecar, sidecar.stub() as stub:
        ended: set[str] = set()

        def at_rest(canary: Canary) -> Seconds | None:
            again = reconcile(stub, canary.set_weight(0, promoted=True), removes_routes=True)
            ended.add(canary.name)
            return again

        canaries = rollouts(account.url, ROLLOUTS, BALANCERS)
        if not restarted:
            assert _reconcile_all(canaries, at_rest, _PATIENCE_SECONDS), "Not all Rollouts had an OK before"
            ended.clear()
            time.sleep(REST_SECONDS)
        account.forget_calls()
        account.throttle()
        begun = time.monotonic()
        _reconcile_all(canaries, at_rest, _GIVE_UP_SECONDS)
        return Resync(account.calls(), len(ended), time.monotonic() - begun)


def _reconcile_all(canaries: list[Canary], at_rest: Reconcile, seconds: Seconds) -> bool:
    controller = Controller(at_rest)
    controller.add(canaries)
    return controller.run(seconds)


def figures(module: str = SHIPPED) -> list[Figure]:
    what = f"{ROLLOUTS} Rollouts on {BALANCERS} ALBs resync at once"
    cold = f"{what}, with a restarted sidecar"
    running, restarted = resync(module), resync(module, restarted=True)
    reads, cold_reads = (each.calls.of("DescribeRules") for each in (running, restarted))
    return [
        Figure(f"{what}: DescribeRules", len(reads), most=20, beside=running.beside),
        Figure(f"{what}: throttled calls", running.calls.throttled, most=0),
        Figure(f"{cold}: DescribeRules", len(cold_reads), beside=restarted.beside),
        Figure(f"{cold}: throttled calls", restarted.calls.throttled),
    ]
