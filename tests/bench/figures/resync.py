"""500 Rollouts are reconciled at once, as after a restart of the controller. Nothing is to be changed."""

import time

from bench.fleet.aws import Calls, aws
from bench.fleet.controller import Controller, Reconcile, Seconds, reconcile
from bench.fleet.rollouts import Canary, rollouts
from bench.fleet.router import SHIPPED, router
from bench.report.figure import Figure

ROLLOUTS, BALANCERS = 500, 10

_OUTDATED_SECONDS = 3.0  # reads of before must not count: a Rollout at rest was read long ago
_GIVE_UP_SECONDS = 180.0


def resync(module: str = SHIPPED, *, restarted: bool = False) -> Calls:
    """The sidecar's calls. `restarted`: the sidecar, too, has just started."""
    with aws() as account, router(account.url, module) as sidecar, sidecar.stub() as stub:

        def at_rest(canary: Canary) -> Seconds | None:
            return reconcile(stub, canary.set_weight(0, promoted=True), removes_routes=True)

        canaries = rollouts(account.url, ROLLOUTS, BALANCERS)
        if not restarted:
            _run(at_rest, canaries)
            time.sleep(_OUTDATED_SECONDS)
        account.forget_calls()
        account.throttle()
        _run(at_rest, canaries)
        return account.calls()


def _run(reconcile_one: Reconcile, canaries: list[Canary]) -> None:
    controller = Controller(reconcile_one)
    controller.add(canaries)
    assert controller.run(_GIVE_UP_SECONDS), f"Some Rollouts never ended: {controller.codes}"


def figures(module: str = SHIPPED) -> list[Figure]:
    what = f"{ROLLOUTS} Rollouts on {BALANCERS} ALBs are resynced at once"
    running, restarted = resync(module), resync(module, restarted=True)
    return [
        Figure(f"{what}: DescribeRules", len(running.of("DescribeRules")), most=20),
        Figure(f"{what}: throttled calls", running.throttled, most=0),
        Figure(f"{what}, the sidecar restarted, too: DescribeRules", len(restarted.of("DescribeRules"))),
        Figure(f"{what}, the sidecar restarted, too: throttled calls", restarted.throttled),
    ]
