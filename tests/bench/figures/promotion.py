"""The real controller: from a promotion in the Rollout until the next weight is verified."""

import time
from collections.abc import Iterable
from typing import Any

from bench.fleet.argo import ROLLOUT, argo_rollouts, patch_status
from bench.fleet.router import SHIPPED
from bench.report.figure import Figure, percentile
from cluster.applications.petclinic import NAME, NEW, Petclinic, petclinic, weights_of
from support.manifest import Object
from support.router.petclinic import petclinic as other_petclinic

_LATENCY_SECONDS = 0.05
_TIMES = 40
_REST_SECONDS = 1.5  # the writes of both stay below AWS's limits
_PATIENCE_SECONDS = 60


def figures(module: str = SHIPPED, times: int = _TIMES) -> list[Figure]:
    weights = range(1, times + 2)
    with argo_rollouts(module) as (world, account):
        other = other_petclinic(world.endpoint)
        clinic = petclinic(world, "promoted", steps=_steps(weights), replicas=1)
        clinic.wait_promoted()
        clinic.set_image(NEW)
        clinic.wait_paused(1)
        account.throttle()
        account.delay(_LATENCY_SECONDS)
        ours, theirs = list[float](), list[float]()
        for weight in weights[1:]:
            theirs.append(_by_boto3(other, weight))
            ours.append(_promoted(clinic, weight))
            clinic.wait_paused(weight)
            time.sleep(_REST_SECONDS)
        throttled = account.calls().throttled
    one, alone = percentile(ours, 50), percentile(theirs, 50)
    return [
        Figure(
            "Promotion in the Rollout → verified ÷ boto3 (describe, modify, describe), 50 ms a call: p50",
            one / alone,
            most=2.0,
            beside=f"{one * 1000:.0f} ÷ {alone * 1000:.0f} ms; n = {times}; {throttled} throttled",
        )
    ]


def _steps(weights: Iterable[int]) -> list[Object]:
    """A pause without an end at each weight."""
    return [step for weight in weights for step in (Object(setWeight=weight), Object(pause={}))]


def _promoted(clinic: Petclinic, weight: int) -> float:
    """The seconds until the Rollout's status shows this weight as verified."""
    begun = time.perf_counter()
    version = patch_status(clinic.world, NAME, clinic.namespace, {"pauseConditions": None})
    changes = clinic.world.client.watch(
        ROLLOUT, namespace=clinic.namespace, resource_version=version, server_timeout=_PATIENCE_SECONDS
    )
    for _, rollout in changes:
        status: Any = rollout.status
        if weights_of(status)["canary"] == weight and status["canary"]["weights"].get("verified"):
            return time.perf_counter() - begun
    raise AssertionError(f"The weight {weight} was not verified")


def _by_boto3(other: Any, weight: int) -> float:
    begun = time.perf_counter()
    other.client.describe_rules(RuleArns=[other.rule])
    other.put_weights(stable=100 - weight, canary=weight)
    other.client.describe_rules(RuleArns=[other.rule])
    return time.perf_counter() - begun
