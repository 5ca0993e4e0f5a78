"""The demo's application on AWS, with the canary's rule and another rule, and its Rollout."""

import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self

import boto3
from botocore.config import Config
from google.protobuf import json_format

from elbv2_trafficrouter._pb.trafficrouter.v1 import trafficrouter_pb2 as pb
from elbv2_trafficrouter.cli.demo.step import Groups
from elbv2_trafficrouter.settings import DEFAULT_PLUGIN_NAME

if TYPE_CHECKING:  # the stubs are for development only
    from mypy_boto3_elbv2 import ElasticLoadBalancingv2Client
    from mypy_boto3_elbv2.type_defs import TargetDescriptionTypeDef

REGION = "eu-west-1"
GROUPS = Groups(stable="was-stable", canary="was-canary", other="web-service")
OLD, NEW = "1.0.0", "1.0.1"
STEPS = (10, 25, 50, 75)
"""The Rollout's setWeight steps, each followed by a pause. After the last, the controller asks for 100."""

_HEALTHY_SECONDS = 10  # for a loaded machine; otherwise it takes a fraction of a second
_LOOK_AGAIN_SECONDS = 0.02
_CERTIFICATE = f"arn:aws:acm:{REGION}:123456789012:certificate/0d5e9b5c-2ae4-4b5a-9b0a-0d6b3c1c6b7a"
_HASHES = {OLD: "6d4b75cb6d", NEW: "7c8f9d5b84"}


@dataclass(frozen=True, slots=True)
class Pod:
    """A pod behind a Service, registered by its address in the Service's target group."""

    service: str
    address: str
    version: str


STABLE_PODS = (Pod(GROUPS.stable, "10.64.0.11:8080", OLD), Pod(GROUPS.stable, "10.64.0.12:8080", OLD))
CANARY_PODS = (Pod(GROUPS.canary, "10.64.0.21:8080", NEW), Pod(GROUPS.canary, "10.64.0.22:8080", NEW))
# In a cluster the canary's pods become the stable pods. Here each group has its own pods, so that an answer
# shows which group it came from.
PROMOTED_PODS = (Pod(GROUPS.stable, "10.64.0.31:8080", NEW), Pod(GROUPS.stable, "10.64.0.32:8080", NEW))
WEB_PODS = (Pod(GROUPS.other, "10.64.0.5:80", "nginx"),)


class NotHealthy(Exception):  # noqa: N818  it says what is wrong
    """Some pods did not pass the load balancer's health checks in time."""


class Petclinic:
    def __init__(
        self, elbv2: "ElasticLoadBalancingv2Client", listener: str, rule: str, groups: Mapping[str, str]
    ) -> None:
        self._elbv2 = elbv2
        self._rule = rule
        self._groups = groups
        self.listener = listener

    @classmethod
    def create(cls, endpoint: str) -> Self:
        """Creates all resources. The stable pods are registered, but not the canary pods yet."""
        elbv2 = boto3.client(
            "elbv2", REGION, endpoint_url=endpoint, config=Config(retries={"total_max_attempts": 1})
        )
        balancer = elbv2.create_load_balancer(Name="k8s-petclinicgroup", Subnets=["subnet-a", "subnet-b"])
        listener = elbv2.create_listener(
            LoadBalancerArn=balancer["LoadBalancers"][0]["LoadBalancerArn"],
            Protocol="HTTPS",
            Port=443,
            Certificates=[{"CertificateArn": _CERTIFICATE}],
            DefaultActions=[{"Type": "fixed-response", "FixedResponseConfig": {"StatusCode": "404"}}],
        )["Listeners"][0]["ListenerArn"]
        ports = {GROUPS.stable: 8080, GROUPS.canary: 8080, GROUPS.other: 80}
        groups = {service: _target_group(elbv2, service, port) for service, port in ports.items()}
        rule = _forward(elbv2, listener, 1, "/petclinic*", groups[GROUPS.stable])
        _forward(elbv2, listener, 2, "/*", groups[GROUPS.other])
        petclinic = cls(elbv2, listener, rule, groups)
        petclinic.register((*STABLE_PODS, *WEB_PODS))
        return petclinic

    def register(self, pods: Iterable[Pod]) -> None:
        for pod in pods:
            self._elbv2.register_targets(TargetGroupArn=self._groups[pod.service], Targets=[_target(pod)])

    def deregister(self, pods: Iterable[Pod]) -> None:
        for pod in pods:
            self._elbv2.deregister_targets(TargetGroupArn=self._groups[pod.service], Targets=[_target(pod)])

    def wait_healthy(self) -> None:
        """Waits until the load balancer finds every pod behind a rule healthy. Raises NotHealthy."""
        deadline = time.monotonic() + _HEALTHY_SECONDS
        while waiting := [target for arn in self._groups.values() for target in self._not_healthy(arn)]:
            if time.monotonic() > deadline:
                raise NotHealthy(f"not healthy after {_HEALTHY_SECONDS} s: {', '.join(waiting)}")
            time.sleep(_LOOK_AGAIN_SECONDS)

    def _not_healthy(self, group: str) -> list[str]:
        return [
            f"{target['Target']['Id']} ({target['TargetHealth']['State']})"
            for target in self._elbv2.describe_target_health(TargetGroupArn=group)["TargetHealthDescriptions"]
            if target["TargetHealth"]["State"] in {"initial", "unhealthy"}
        ]

    def weights(self) -> dict[str, int]:
        """The weights in the canary's rule."""
        services = {arn: service for service, arn in self._groups.items()}
        rule: Any = self._elbv2.describe_rules(RuleArns=[self._rule])["Rules"][0]
        return {
            services[group["TargetGroupArn"]]: group["Weight"]
            for group in rule["Actions"][0]["ForwardConfig"]["TargetGroups"]
        }

    def other_rules(self) -> list[object]:
        """All rules of the listener except the canary's, as DescribeRules returns them."""
        rules = self._elbv2.describe_rules(ListenerArn=self.listener)["Rules"]
        return [rule for rule in rules if rule["RuleArn"] != self._rule]

    def rollout(self, *, stable: str, current: str, step: int) -> pb.Rollout:
        """The Rollout as the controller sends it. `stable` and `current` are versions."""
        services = (GROUPS.stable, GROUPS.canary)
        plugin = {
            "rules": [{"arn": self._rule}],
            "targetGroups": {service: self._groups[service] for service in services},
        }
        pairs = [({"setWeight": weight}, {"pause": {"duration": "30s"}}) for weight in STEPS]
        return json_format.ParseDict(
            {
                "metadata": {"name": "was", "namespace": "petclinic", "uid": "0b2f"},
                "spec": {
                    "replicas": 2,
                    "selector": {"matchLabels": {"app": "petclinic", "tier": "was"}},
                    "strategy": {
                        "canary": {
                            "stableService": GROUPS.stable,
                            "canaryService": GROUPS.canary,
                            "steps": [step for pair in pairs for step in pair],
                            "trafficRouting": {"plugins": {DEFAULT_PLUGIN_NAME: plugin}},
                        }
                    },
                },
                "status": {
                    "stableRS": _HASHES[stable],
                    "currentPodHash": _HASHES[current],
                    "currentStepIndex": step,
                },
            },
            pb.Rollout(),
        )


def _target_group(elbv2: "ElasticLoadBalancingv2Client", name: str, port: int) -> str:
    return elbv2.create_target_group(
        Name=name, Protocol="HTTP", Port=port, VpcId="vpc-0123456789abcdef0", TargetType="ip"
    )["TargetGroups"][0]["TargetGroupArn"]


def _forward(
    elbv2: "ElasticLoadBalancingv2Client", listener: str, priority: int, path: str, group: str
) -> str:
    return elbv2.create_rule(
        ListenerArn=listener,
        Priority=priority,
        Conditions=[{"Field": "path-pattern", "PathPatternConfig": {"Values": [path]}}],
        Actions=[
            {
                "Type": "forward",
                "ForwardConfig": {"TargetGroups": [{"TargetGroupArn": group, "Weight": 100}]},
            }
        ],
    )["Rules"][0]["RuleArn"]


def _target(pod: Pod) -> "TargetDescriptionTypeDef":
    address, port = pod.address.split(":")
    return {"Id": address, "Port": int(port)}
