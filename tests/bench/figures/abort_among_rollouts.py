"""The real controller: one Rollout is aborted while many others wait for their turn to get another weight."""

import math
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from lightkube.types import PatchType

from bench.fleet.argo import ROLLOUT, argo_rollouts, patch_status
from bench.fleet.rollouts import Canary, rollouts
from bench.fleet.router import SHIPPED
from bench.report.figure import Figure
from cluster.process import wait_until
from cluster.world import World
from support.manifest import Object

RISES, BALANCERS = 300, 10
_BUSY_WRITES = 30  # more than the burst: the rises wait for tokens
_GIVE_UP_SECONDS = 60.0
_PATIENCE_SECONDS = 900.0


def figures(module: str = SHIPPED, rises: int = RISES) -> list[Figure]:
    with argo_rollouts(module) as (world, account):
        aborted, *others = canaries = rollouts(world.endpoint, rises + 1, BALANCERS)
        _deploy(world, canaries)
        _update(world, [aborted])
        _wait_for(world, "Paused", 1)
        account.throttle()
        account.forget_calls()
        _update(world, others)
        wait_until(
            lambda: len(account.calls().of("ModifyRule").done) >= min(_BUSY_WRITES, rises // 2),
            "the first rises were written",
            seconds=_PATIENCE_SECONDS,
        )
        begun = time.time()
        before = len(account.calls().of("ModifyRule").done)
        patch_status(world, aborted.name, aborted.namespace, {"abort": True})

        def written() -> list[float]:
            return account.calls().after(begun).of("ModifyRule").done.about(aborted.rule).times

        until = time.monotonic() + _GIVE_UP_SECONDS
        while not (found := written()) and time.monotonic() < until:
            time.sleep(0.2)
        calls = account.calls()
    return [
        Figure(
            f"One abort among {rises} rises, real controller: abort → ModifyRule",
            found[0] - begun if found else math.inf,
            "s",
            most=2,
            beside=f"{before} rises were written before",
        ),
        Figure(f"One abort among {rises} rises, real controller: throttled calls", calls.throttled, most=0),
    ]


def _deploy(world: World, canaries: Sequence[Canary]) -> None:
    """Applies the first revision of all, and waits until it runs."""
    for namespace in sorted({canary.namespace for canary in canaries}):
        world.cluster.kubectl("create", "namespace", namespace)
    world.cluster.apply(*(each for canary in canaries for each in _objects(canary)))
    _wait_for(world, "Healthy", len(canaries))


def _update(world: World, canaries: Sequence[Canary]) -> None:
    change = {"spec": {"template": _template("1.0.1")}}

    def update(canary: Canary) -> None:
        world.client.patch(
            ROLLOUT, canary.name, change, namespace=canary.namespace, patch_type=PatchType.MERGE
        )

    with ThreadPoolExecutor(4) as people:
        list(people.map(update, canaries))


def _wait_for(world: World, phase: str, number: int) -> None:
    def reached() -> bool:
        statuses: list[Any] = [rollout.status or {} for rollout in world.client.list(ROLLOUT, namespace="*")]
        return len([status for status in statuses if status.get("phase") == phase]) >= number

    wait_until(reached, f"{number} Rollouts were {phase}", world.argo.controller, seconds=_PATIENCE_SECONDS)


def _objects(canary: Canary) -> list[Object]:
    labels = {"app": canary.name}
    rollout = canary.rollout()
    del rollout["status"], rollout["metadata"]["uid"]
    rollout |= {"apiVersion": "argoproj.io/v1alpha1", "kind": "Rollout"}
    rollout["spec"] |= {"replicas": 1, "selector": {"matchLabels": labels}}
    template = _template("1.0.0")
    template["metadata"] = {"labels": labels}
    rollout["spec"]["template"] = template
    services = [
        {
            "apiVersion": "v1",
            "kind": "Service",
            "metadata": {"name": service, "namespace": canary.namespace},
            # Headless: the control plane has 254 addresses for Services.
            "spec": {"selector": labels, "clusterIP": "None", "ports": [{"port": 80, "targetPort": 8080}]},
        }
        for service in canary.services
    ]
    return [*services, rollout]


def _template(version: str) -> Object:
    return {"spec": {"containers": [{"name": "was", "image": f"petclinic:{version}"}]}}
