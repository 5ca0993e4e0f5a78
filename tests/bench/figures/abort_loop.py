"""What an aborted Rollout costs while its canary has pods: the controller reconciles it without a pause."""

import time

from bench.fleet.argo import argo_rollouts, patch_status
from bench.fleet.router import SHIPPED
from bench.report.figure import Figure
from cluster.applications.petclinic import NAME, NEW, petclinic

_SECONDS = 20.0  # abortScaleDownDelaySeconds is 30 by default


def figures(module: str = SHIPPED) -> list[Figure]:
    with argo_rollouts(module) as (world, account):
        clinic = petclinic(world, "aborted", steps=[{"setWeight": 50}, {"pause": {}}], replicas=1)
        clinic.wait_promoted()
        clinic.set_image(NEW)
        clinic.wait_paused(50)
        account.throttle()
        account.forget_calls()
        patch_status(world, NAME, "aborted", {"abort": True})
        time.sleep(_SECONDS)
        calls = account.calls()
    reads, writes = calls.of("DescribeRules"), calls.of("ModifyRule")
    what = "Upstream's loop after an abort"
    return [
        Figure(
            f"{what}: DescribeRules a second",
            len(reads) / _SECONDS,
            most=1,
            beside=f"{len(reads)} in {_SECONDS:.0f} s, {calls.throttled} throttled",
        ),
        Figure(f"{what}: ModifyRule in all", len(writes), most=1),
    ]
