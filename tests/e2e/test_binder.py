"""The pods of a Service in its target group, as the AWS Load Balancer Controller keeps them there."""

import json
import math
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

import pytest
import urllib3
from mypy_boto3_elbv2 import ElasticLoadBalancingv2Client

from cluster.process import wait_until
from cluster.world import World
from support.manifest import Object
from support.petclinic import client_of, control

NAME, VERSION, HASH = "web", "1.0.0", "687d76d795"
STRANGER = "10.64.255.9"


@dataclass(frozen=True, slots=True)
class Web:
    """A Deployment's pods behind a Service. `group`: for its binding; `url`: of the listener before it."""

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

    def pods(self) -> dict[str, str]:
        """Name → address, of the Service's Ready pods."""
        subsets = json.loads(self.kubectl("get", "endpoints", NAME, "-o", "json")).get("subsets", [])
        return {
            one["targetRef"]["name"]: one["ip"] for subset in subsets for one in subset.get("addresses", ())
        }

    def wait_for_pods(self, number: int) -> dict[str, str]:
        wait_until(lambda: len(self.pods()) == number, f"{number} pods were Ready")
        return self.pods()

    def registered(self) -> set[str]:
        health = control(self.world.endpoint, "GET", "health")
        (targets,) = (one["targets"] for one in health if one["targetGroupArn"] == self.group)
        return {target["id"] for target in targets}

    def wait_registered(self) -> set[str]:
        """Until the pods are registered, nothing else is, and all of them answer."""
        wait_until(
            lambda: self.registered() == set(self.pods().values()) <= self.backends().keys(),
            "the pods were registered",
        )
        return self.registered()

    def backends(self) -> dict[str, str]:
        """Address of a pod → the loopback address that answers for it."""
        found = control(self.world.endpoint, "GET", "addresses")
        return {target.partition(":")[0]: backend for target, backend in found.items()}

    def journal(self, after: float) -> list[Any]:
        """What was done with the group, oldest first."""
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
        """The pods whose turn it is in as many requests as there are targets: all of them must answer."""
        answers = [self.get() for _ in self.registered()]
        assert {status for status, _ in answers} == {200}
        return {body["pod"] for _, body in answers}


@pytest.fixture
def web(newest: World) -> Iterator[Web]:
    """Two pods that are Ready, and no binding yet."""
    web = _balanced(newest)
    labels = {"app": NAME, "rollouts-pod-template-hash": HASH}
    container = {"name": NAME, "image": f"petclinic:{VERSION}", "ports": [{"containerPort": 8080}]}
    template = {"metadata": {"labels": labels}, "spec": {"containers": [container]}}
    selector = {"app": NAME}
    newest.cluster.kubectl("create", "namespace", web.namespace)
    web.apply(
        "v1", "Service", {"selector": selector, "ports": [{"name": "http", "port": 80, "targetPort": 8080}]}
    )
    deployment = {"replicas": 2, "selector": {"matchLabels": selector}, "template": template}
    web.apply("apps/v1", "Deployment", deployment)
    web.wait_for_pods(2)
    yield web
    newest.binder.registration_delay = newest.binder.deregistration_delay = 0
    newest.cluster.kubectl("delete", "namespace", web.namespace, "--wait=false")
    assert newest.binder.failure is None


@pytest.fixture
def bound(web: Web) -> Web:
    web.bind()
    web.wait_registered()
    return web


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


def actions(journal: list[Any]) -> list[str]:
    return [entry["action"] for entry in journal]


def targets(entry: Any) -> set[tuple[str, int]]:
    return {(target["Id"], target["Port"]) for target in entry["parameters"]["Targets"]}


def test_a_binding_registers_the_services_pods_which_answer(web: Web) -> None:
    begin = time.time()
    web.bind()
    web.wait_registered()
    pods = web.pods()
    describe, register = web.journal(after=begin)
    assert (describe["action"], register["action"]) == ("DescribeTargetHealth", "RegisterTargets")
    assert targets(register) == {(address, 8080) for address in pods.values()}
    assert web.answering() == pods.keys()
    _, answer = web.get()
    assert answer == {"build": {"version": VERSION}, "pod": answer["pod"], "hash": HASH}


def test_a_replaced_pod_is_deregistered_before_the_new_one_is_registered(bound: Web) -> None:
    bound.world.binder.registration_delay = 1
    begin = time.time()
    before = bound.pods()
    gone = min(before)
    bound.kubectl("delete", "pod", gone, "--wait=false")
    wait_until(lambda: gone not in bound.pods() and len(bound.pods()) == 2, "it was replaced")
    after = bound.wait_registered()
    look, deregister, look_again, register = bound.journal(after=begin)
    assert actions([look, deregister]) == ["DescribeTargetHealth", "DeregisterTargets"]
    assert actions([look_again, register]) == ["DescribeTargetHealth", "RegisterTargets"]
    assert targets(deregister) == {(before[gone], 8080)}
    assert targets(register) == {(address, 8080) for address in after - set(before.values())}


def test_scaling_down_deregisters(bound: Web) -> None:
    begin = time.time()
    bound.scale(1)
    bound.wait_for_pods(1)
    bound.wait_registered()
    assert actions(bound.journal(after=begin)) == ["DescribeTargetHealth", "DeregisterTargets"]
    assert bound.answering() == bound.pods().keys()


def test_pods_are_registered_when_they_have_been_ready_for_the_delay(bound: Web) -> None:
    bound.world.binder.registration_delay = 2
    begin = time.time()
    bound.scale(4)
    pods = bound.wait_for_pods(4)
    assert len(bound.registered()) == 2
    bound.wait_registered()
    journal = [entry for entry in bound.journal(after=begin) if entry["action"] == "RegisterTargets"]
    assert set().union(*map(targets, journal)) <= {(address, 8080) for address in pods.values()}
    assert all(entry["time"] >= begin + 2 for entry in journal)


def test_pods_are_deregistered_when_they_have_been_gone_for_the_delay(bound: Web) -> None:
    bound.world.binder.deregistration_delay = 2
    begin = time.time()
    bound.scale(1)
    bound.wait_for_pods(1)
    assert len(bound.registered()) == 2
    bound.wait_registered()
    (deregister,) = [one for one in bound.journal(after=begin) if one["action"] == "DeregisterTargets"]
    assert deregister["time"] >= begin + 2


def test_a_delay_may_be_changed_while_a_pod_waits(bound: Web) -> None:
    bound.world.binder.registration_delay = math.inf
    bound.scale(3)
    bound.wait_for_pods(3)
    begin = time.time()
    bound.world.binder.registration_delay = 0
    bound.wait_registered()
    assert actions(bound.journal(after=begin)) == ["DescribeTargetHealth", "RegisterTargets"]


def test_pods_that_come_back_within_the_delay_stay_registered(bound: Web) -> None:
    bound.world.binder.deregistration_delay = math.inf
    begin = time.time()
    bound.select("nothing")
    bound.wait_for_pods(0)
    bound.select(NAME)
    bound.wait_for_pods(2)
    # What comes after shows that it has been seen.
    bound.scale(3)
    bound.wait_for_pods(3)
    bound.wait_registered()
    bound.world.binder.deregistration_delay = 0
    bound.scale(4)
    bound.wait_for_pods(4)
    bound.wait_registered()
    assert "DeregisterTargets" not in actions(bound.journal(after=begin))


def test_what_somebody_else_registered_goes_when_pods_change(bound: Web) -> None:
    bound.elbv2.register_targets(TargetGroupArn=bound.group, Targets=[{"Id": STRANGER, "Port": 8080}])
    begin = time.time()
    bound.scale(3)
    bound.wait_for_pods(3)
    bound.wait_registered()
    _, deregister, register, *_ = bound.journal(after=begin)
    assert (deregister["action"], targets(deregister)) == ("DeregisterTargets", {(STRANGER, 8080)})
    assert register["action"] == "RegisterTargets"


def test_without_its_binding_a_group_is_empty(bound: Web) -> None:
    bound.kubectl("delete", "targetgroupbinding", NAME)
    wait_until(lambda: not bound.registered(), "the group was empty")


def test_what_aws_refuses_is_tried_again(web: Web) -> None:
    control(web.world.endpoint, "POST", "faults", {"action": "RegisterTargets", "error": "AccessDenied"})
    begin = time.time()
    web.bind()
    wait_until(lambda: any(one["status"] == 403 for one in web.journal(after=begin)), "AWS refused")
    control(web.world.endpoint, "DELETE", "faults")
    web.wait_registered()
