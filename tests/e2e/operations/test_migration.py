"""Migration from Argo Rollouts' own ALB router, which annotates an Ingress: both routers run for a while."""

import json
from itertools import groupby

import pytest

from cluster.applications.petclinic import (
    CANARY,
    NEW,
    OLD,
    STABLE,
    Petclinic,
    is_promoted,
    petclinic,
    weights_of,
)
from cluster.applications.settled import wait_registered, wait_until_settled
from cluster.process import wait_until
from cluster.traffic.shares import assert_only, assert_share
from cluster.world import World
from support.manifest import Object

NEXT = "1.0.2"
ROOT = "was-root"
ALB = {"ingress": "was", "rootService": ROOT, "servicePort": 80}
AT_REST = {STABLE: 100, CANARY: 0}


@pytest.fixture
def clinic(newest: World) -> Petclinic:
    """A promoted Rollout whose Ingress is annotated. No controller reads the Ingress here."""
    clinic = petclinic(
        newest,
        "migration",
        steps=[{"setWeight": 25}, {"pause": {}}, {"setWeight": 50}, {"pause": {}}],
        canary={"scaleDownDelaySeconds": 1, "abortScaleDownDelaySeconds": 1},
    )
    clinic.wait_promoted()
    newest.cluster.apply(_ingress(clinic.namespace))
    route(clinic, alb=ALB)
    clinic.configure(None)
    wait_until(lambda: annotated(clinic) == AT_REST, "the Ingress was annotated")
    return clinic


def _ingress(namespace: str) -> Object:
    backend = {"service": {"name": ROOT, "port": {"name": "use-annotation"}}}
    path = {"path": "/petclinic", "pathType": "Prefix", "backend": backend}
    return {
        "apiVersion": "networking.k8s.io/v1",
        "kind": "Ingress",
        "metadata": {"name": "was", "namespace": namespace},
        "spec": {"ingressClassName": "alb", "rules": [{"http": {"paths": [path]}}]},
    }


def route(clinic: Petclinic, **routers: object) -> None:
    """Merges these routers into the Rollout's trafficRouting; None removes a router."""
    clinic.patch({"spec": {"strategy": {"canary": {"trafficRouting": routers}}}})


def annotated(clinic: Petclinic) -> dict[str, int]:
    """Service → weight in the annotation of the Ingress."""
    metadata = clinic.world.cluster.get("ingress", "was", clinic.namespace)["metadata"]
    action = metadata.get("annotations", {}).get(f"alb.ingress.kubernetes.io/actions.{ROOT}")
    groups = json.loads(action)["ForwardConfig"]["TargetGroups"] if action else []
    return {group["ServiceName"]: group["Weight"] for group in groups}


def wait_for_the_routers(clinic: Petclinic) -> None:
    """Waits until the controller has observed a change of the routers."""
    generation = str(clinic.rollout()["metadata"]["generation"])
    clinic.wait(
        lambda status: status["observedGeneration"] == generation, "the change of the routers was observed"
    )


def test_a_rollout_moves_from_its_ingress_to_this_router(clinic: Petclinic) -> None:
    # While the Rollout is stable, the router's block is added beside `alb`. The rule is correct: no write.
    clinic.configure(clinic.block)
    wait_for_the_routers(clinic)
    assert (annotated(clinic), clinic.weights(), clinic.written()) == (AT_REST, AT_REST, [])

    with clinic.load() as load:
        # From now on both have each weight: the load balancers of the Ingress and of the rule give users the
        # same, and DNS may move from one to the other at any time. An abort applies to both.
        clinic.set_image(NEW)
        wait_until_settled(clinic, 25)
        assert annotated(clinic) == clinic.weights() == {STABLE: 75, CANARY: 25}
        assert_share(load, NEW, 25)
        clinic.cli("abort", "was")
        clinic.wait(lambda status: weights_of(status)["canary"] == 0, "the abort was done")
        assert annotated(clinic) == clinic.weights() == AT_REST
        assert_only(load, OLD)

        # A promotion applies to both, too.
        clinic.cli("retry", "rollout", "was")
        for weight in (25, 50):
            wait_until_settled(clinic, weight)
            assert annotated(clinic) == clinic.weights() == {STABLE: 100 - weight, CANARY: weight}
            assert_share(load, NEW, weight)
            clinic.cli("promote", "was")
        clinic.wait_promoted()
        assert annotated(clinic) == AT_REST
        assert clinic.written() == [25, 0, 25, 50, 100, 0]
        assert annotations(clinic) == [0, *clinic.written()]
        wait_registered(clinic)
        assert_only(load, NEW)

        # After DNS has moved and the Rollout is stable again, `alb` is removed. The annotation stays.
        route(clinic, alb=None)
        wait_for_the_routers(clinic)
        clinic.set_image(NEXT)
        wait_until_settled(clinic, 25)
        assert_share(load, NEXT, 25)
        assert annotated(clinic) == AT_REST
        clinic.cli("promote", "was", "--full")
        clinic.wait(is_promoted, "it was promoted")
        wait_registered(clinic)
        assert_only(load, NEXT)
    assert clinic.weights() == AT_REST


def annotations(clinic: Petclinic) -> list[int]:
    """The canary's weights that the controller wrote into the Ingress, from its log: events may get lost."""
    lines = clinic.world.argo.controller.log.read_text().splitlines()
    updates = [
        line for line in lines if "updating ALB Ingress" in line and f"namespace={clinic.namespace}" in line
    ]
    weights = [int(line.partition("desiredWeight=")[2].partition(" ")[0]) for line in updates]
    # While the controller's cache lags, it writes the same weight once more.
    return [weight for weight, _ in groupby(weights)]
