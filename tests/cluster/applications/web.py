"""A plain Deployment named web, in a namespace and behind a load balancer of its own."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

import urllib3
from mypy_boto3_elbv2 import ElasticLoadBalancingv2Client

from cluster.process import wait_until
from cluster.world import World
from support.manifest import Object
from support.router.petclinic import client_of, control

NAME, VERSION, HASH = "web", "1.0.0", "687d76d795"


@dataclass(frozen=True, slots=True)
class Web:
    """The Deployment's pods behind a Service. `group`: the target group to bind. `url`: of the listener."""

    world: World
    namespace: str
    elbv2: ElasticLoadBalancingv2Client
    group: str
    url: str

    def kubectl(self, *arguments: str) -> str:
        return self.world.cluster.kubectl(*arguments, "-n", self.namespace)

    def apply(self, version: str, kind: str, spec: Object) -> None:
        metadata = {"name": NAME, "namespace": self.namespace}
        self.world.cluster.apply({"apiVersion": version, "kind": kind, "metadata": metadata, "spec": spec})

    def bind(self) -> None:
        reference = {"name": NAME, "port": "http"}
        spec = {"serviceRef": reference, "targetGroupARN": self.group, "targetType": "ip"}
        self.apply("elbv2.k8s.aws/v1beta1", "TargetGroupBinding", spec)

    def scale(self, replicas: int) -> None:
        self.kubectl("scale", "deployment", NAME, f"--replicas={replicas}")

    def select(self, app: str) -> None:
        self.kubectl("patch", "service", NAME, "-p", json.dumps({"spec": {"selector": {"app": app}}}))

    def send_to(self, port: int) -> None:
        """Makes the Service send to this port of the pods."""
        ports = [{"name": "http", "port": 80, "targetPort": port}]
        self.kubectl("patch", "service", NAME, "-p", json.dumps({"spec": {"ports": ports}}))

    def pods(self) -> dict[str, str]:
        """Name → address of the Service's Ready pods."""
        subsets = json.loads(self.kubectl("get", "endpoints", NAME, "-o", "json")).get("subsets", [])
        return {
            one["targetRef"]["name"]: one["ip"] for subset in subsets for one in subset.get("addresses", ())
        }

    def wait_for_pods(self, number: int) -> dict[str, str]:
        wait_until(lambda: len(self.pods()) == number, f"{number} pods were Ready")
        return self.pods()

    def health(self) -> dict[str, str]:
        """Address → state of the targets that are not draining."""
        health = control(self.world.endpoint, "GET", "health")
        (targets,) = (one["targets"] for one in health if one["targetGroupArn"] == self.group)
        return {target["id"]: target["state"] for target in targets if target["state"] != "draining"}

    def registered(self) -> set[str]:
        return set(self.health())

    def wait_registered(self) -> set[str]:
        """Waits until exactly the Ready pods are registered, and healthy."""
        wait_until(
            lambda: self.health() == dict.fromkeys(self.pods().values(), "healthy"),
            "the pods were registered",
        )
        return self.registered()

    def backends(self) -> dict[str, str]:
        """Address of a pod → the loopback address that answers for the pod."""
        found = control(self.world.endpoint, "GET", "addresses")
        return {target.partition(":")[0]: backend for target, backend in found.items()}

    def journal(self, after: float) -> list[Any]:
        """The calls about targets of the group after this time, oldest first."""
        return [
            entry
            for entry in control(self.world.endpoint, "GET", "journal")
            if entry["time"] > after
            and entry["parameters"].get("TargetGroupArn") == self.group
            and entry["action"].endswith(("Targets", "TargetHealth"))
        ]

    def get(self) -> tuple[int, Any]:
        answer = urllib3.request("GET", f"{self.url}/actuator/info", retries=False)
        return answer.status, answer.json() if answer.status == 200 else None

    def answering(self) -> set[str]:
        """The pods that answer as many requests as there are targets. Every request must succeed."""
        answers = [self.get() for _ in self.registered()]
        assert {status for status, _ in answers} == {200}
        return {body["pod"] for _, body in answers}


@contextmanager
def web(world: World) -> Iterator[Web]:
    """A Deployment with two Ready pods, not bound yet."""
    made = _balanced(world)
    labels = {"app": NAME, "rollouts-pod-template-hash": HASH}
    container = {"name": NAME, "image": f"petclinic:{VERSION}", "ports": [{"containerPort": 8080}]}
    template = {"metadata": {"labels": labels}, "spec": {"containers": [container]}}
    selector = {"app": NAME}
    world.cluster.kubectl("create", "namespace", made.namespace)
    made.apply(
        "v1", "Service", {"selector": selector, "ports": [{"name": "http", "port": 80, "targetPort": 8080}]}
    )
    deployment = {"replicas": 2, "selector": {"matchLabels": selector}, "template": template}
    made.apply("apps/v1", "Deployment", deployment)
    made.wait_for_pods(2)
    yield made
    world.binder.registration_delay = world.binder.deregistration_delay = 0
    world.cluster.kubectl("delete", "namespace", made.namespace, "--wait=false")
    assert world.binder.failure is None


def _balanced(world: World) -> Web:
    name = f"web-{uuid4().hex[:8]}"
    elbv2 = client_of(world.endpoint)
    subnets = ["subnet-0a1b2c3d", "subnet-1a2b3c4d"]
    (balancer,) = elbv2.create_load_balancer(Name=name, Subnets=subnets)["LoadBalancers"]
    (group,) = elbv2.create_target_group(
        Name=name, Protocol="HTTP", Port=8080, VpcId="vpc-0a1b2c3d", TargetType="ip"
    )["TargetGroups"]
    (listener,) = elbv2.create_listener(
        LoadBalancerArn=balancer["LoadBalancerArn"],
        Protocol="HTTP",
        Port=80,
        DefaultActions=[{"Type": "forward", "TargetGroupArn": group["TargetGroupArn"]}],
    )["Listeners"]
    (address,) = (
        one["address"]
        for one in control(world.endpoint, "GET", "listeners")
        if one["listenerArn"] == listener["ListenerArn"]
    )
    return Web(world, name, elbv2, group["TargetGroupArn"], f"http://{address}")
