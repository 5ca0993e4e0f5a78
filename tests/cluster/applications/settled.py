"""When all stands still: what is counted then is the router's doing alone."""

from lightkube.resources.core_v1 import Pod, Service

from cluster.applications.petclinic import CANARY, STABLE, Petclinic, weights_of
from cluster.process import wait_until


def wait_until_settled(clinic: Petclinic, weight: int) -> None:
    """Until it paused at this weight with its pods registered. Fails where status and rule differ from it."""
    status = clinic.wait_paused(weight)
    assert weights_of(status) == {"stable": 100 - weight, "canary": weight}
    assert clinic.weights() == {STABLE: 100 - weight, CANARY: weight}
    wait_registered(clinic)


def wait_registered(clinic: Petclinic) -> None:
    """Until each target group has the pods of its Service healthy, and no others."""

    def registered() -> bool:
        return all(_healthy(clinic, service) == _pods(clinic, service) for service in clinic.groups)

    wait_until(registered, "pods and targets were the same")


def _pods(clinic: Petclinic, service: str) -> set[str | None]:
    """By the Service's selector: its Endpoints may be behind. None is one that has no address yet."""
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
