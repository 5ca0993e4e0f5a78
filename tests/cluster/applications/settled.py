"""Waits until nothing changes any more, so that shares depend on the router alone."""

from lightkube.resources.core_v1 import Pod, Service

from cluster.applications.petclinic import CANARY, STABLE, Petclinic, weights_of
from cluster.process import wait_until


def wait_until_settled(clinic: Petclinic, weight: int) -> None:
    """Waits until the Rollout has paused at this weight with its pods registered.

    Fails if the status or the rule has another weight.
    """
    status = clinic.wait_paused(weight)
    assert weights_of(status) == {"stable": 100 - weight, "canary": weight}
    assert clinic.weights() == {STABLE: 100 - weight, CANARY: weight}
    wait_registered(clinic)


def wait_registered(clinic: Petclinic) -> None:
    """Waits until the healthy targets of each group are the pods of its Service."""

    def registered() -> bool:
        return all(_healthy(clinic, service) == _pods(clinic, service) for service in clinic.groups)

    wait_until(registered, "pods and targets were the same")


def _pods(clinic: Petclinic, service: str) -> set[str | None]:
    """Addresses by the Service's selector, as Endpoints may lag. None: a pod without an address yet."""
    client, namespace = clinic.world.client, clinic.namespace
    selector = client.get(Service, service, namespace=namespace).to_dict()["spec"]["selector"]
    pods = (pod.to_dict() for pod in client.list(Pod, namespace=namespace, labels=selector))
    return {pod["status"].get("podIP") for pod in pods if "deletionTimestamp" not in pod["metadata"]}


def _healthy(clinic: Petclinic, service: str) -> set[str | None]:
    health = clinic.elbv2.describe_target_health(TargetGroupArn=clinic.groups[service])
    return {
        one["Target"]["Id"]
        for one in health["TargetHealthDescriptions"]
        if one["TargetHealth"]["State"] == "healthy"
    }
