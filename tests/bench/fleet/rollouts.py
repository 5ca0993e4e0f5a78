"""Many Rollouts, each with a rule of its own, on several load balancers and in several regions."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import urllib3
from google.protobuf import json_format

from elbv2_emulator.api import arns
from elbv2_trafficrouter._pb.trafficrouter.v1 import trafficrouter_pb2 as pb
from support.router.petclinic import PLUGIN, REGION

OLD_HASH, NEW_HASH = "687d76d795", "7c9f8b6d5d"
_VPC = "vpc-0a1b2c3d"
_CREATED = "2026-01-01T00:00:00+00:00"


@dataclass(frozen=True, slots=True)
class Canary:
    """A Rollout in an update, and the rule that it steers."""

    namespace: str
    name: str
    rule: str
    stable: str
    canary: str

    @property
    def services(self) -> tuple[str, str]:
        """The stable Service and the canary Service."""
        return f"{self.name}-stable", f"{self.name}-canary"

    @property
    def block(self) -> dict[str, Any]:
        """The router's block in the Rollout."""
        groups = (self.stable, self.canary)
        return {"rules": [{"arn": self.rule}], "targetGroups": dict(zip(self.services, groups, strict=True))}

    @property
    def listener(self) -> str:
        return self.rule.replace(":listener-rule/", ":listener/").rpartition("/")[0]

    def set_weight(
        self, weight: int, *, aborted: bool = False, promoted: bool = False
    ) -> pb.SetWeightRequest:
        request = pb.SetWeightRequest(desired_weight=weight)
        json_format.ParseDict(self.rollout(aborted=aborted, promoted=promoted), request.rollout)
        return request

    def rollout(self, *, aborted: bool = False, promoted: bool = False) -> dict[str, Any]:
        """Without the fields that the contract does not have."""
        stable, canary = self.services
        return {
            "metadata": {"name": self.name, "namespace": self.namespace, "uid": f"uid-{self.name}"},
            "spec": {
                "replicas": 2,
                "strategy": {
                    "canary": {
                        "stableService": stable,
                        "canaryService": canary,
                        "steps": [{"setWeight": 10}, {"pause": {}}, {"setWeight": 50}, {"pause": {}}],
                        "trafficRouting": {"plugins": {PLUGIN: self.block}},
                    }
                },
            },
            "status": {
                "abort": aborted,
                "currentStepIndex": 4 if promoted else 0,
                "stableRS": NEW_HASH if promoted else OLD_HASH,
                "currentPodHash": NEW_HASH,
            },
        }


def rollouts(
    url: str,
    number: int,
    balancers: int,
    *,
    weight: int = 0,
    listeners_each: int = 1,
    regions: Sequence[str] = (REGION,),
) -> list[Canary]:
    """Replaces everything in the emulator by so many rules, each of which gives a canary this weight.

    They are spread evenly over so many load balancers in each region, and over their listeners.
    """
    described = _Described()
    listeners = [
        listener
        for each in range(balancers)
        for region in regions
        for listener in described.listeners(region, each, listeners_each)
    ]
    canaries = [described.canary(listeners[each % len(listeners)], each, weight) for each in range(number)]
    answer = urllib3.request("PUT", f"{url}/_emulator/state", body=json.dumps(described.document).encode())
    assert answer.status == 200, answer.data[:1000]
    return canaries


class _Described:
    """The output of `aws elbv2 describe-…`, which the emulator loads."""

    def __init__(self) -> None:
        self.document: dict[str, list[Any]] = {
            "LoadBalancers": [],
            "Listeners": [],
            "TargetGroups": [],
            "Rules": [],
        }

    def listeners(self, region: str, number: int, listeners: int) -> list[str]:
        name = f"apps-{number}"
        balancer = arns.load_balancer_arn(region, name, arns.identity(number, region, name))
        self.document["LoadBalancers"].append(
            {
                "LoadBalancerArn": balancer,
                "LoadBalancerName": name,
                "CreatedTime": _CREATED,
                "Type": "application",
                "Scheme": "internal",
                "State": {"Code": "active"},
                "VpcId": _VPC,
                "IpAddressType": "ipv4",
                "AvailabilityZones": [],
            }
        )
        return [self._listener(balancer, 80 + each) for each in range(listeners)]

    def _listener(self, balancer: str, port: int) -> str:
        listener = arns.listener_arn(balancer, arns.identity(port, balancer))
        self.document["Listeners"].append(
            {
                "ListenerArn": listener,
                "LoadBalancerArn": balancer,
                "Protocol": "HTTP",
                "Port": port,
                "DefaultActions": [{"Type": "fixed-response", "FixedResponseConfig": {"StatusCode": "404"}}],
            }
        )
        return listener

    def canary(self, listener: str, number: int, weight: int) -> Canary:
        name = f"was-{number}"
        stable, canary = (self._group(arns.region_of(listener), f"{name}-{role}") for role in ("s", "c"))
        rule = arns.rule_arn(listener, arns.identity(number, listener))
        shares = ((stable, 100 - weight), (canary, weight))
        groups = [{"TargetGroupArn": group, "Weight": share} for group, share in shares]
        forward = {"TargetGroups": groups, "TargetGroupStickinessConfig": {"Enabled": False}}
        path = {"Field": "path-pattern", "PathPatternConfig": {"Values": [f"/{name}/*"]}}
        self.document["Rules"].append(
            {
                "RuleArn": rule,
                "Priority": str(number + 1),
                "Conditions": [path],
                "Actions": [{"Type": "forward", "Order": 1, "ForwardConfig": forward}],
                "IsDefault": False,
            }
        )
        return Canary(f"team-{number % 10}", name, rule, stable, canary)

    def _group(self, region: str, name: str) -> str:
        arn = arns.target_group_arn(region, name, arns.identity(0, region, name))
        self.document["TargetGroups"].append(
            {
                "TargetGroupArn": arn,
                "TargetGroupName": name,
                "Protocol": "HTTP",
                "ProtocolVersion": "HTTP1",
                "Port": 8080,
                "VpcId": _VPC,
                "TargetType": "ip",
                "IpAddressType": "ipv4",
                "HealthCheckEnabled": True,
                "HealthCheckProtocol": "HTTP",
                "HealthCheckPort": "traffic-port",
                "HealthCheckPath": "/",
                "HealthCheckIntervalSeconds": 30,
                "HealthCheckTimeoutSeconds": 5,
                "HealthyThresholdCount": 5,
                "UnhealthyThresholdCount": 2,
                "Matcher": {"HttpCode": "200"},
            }
        )
        return arn
