"""A rule with two target groups in an emulator, and the Rollout that controls it."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

import boto3
import urllib3
from google.protobuf import json_format
from mypy_boto3_elbv2 import ElasticLoadBalancingv2Client

from elbv2_trafficrouter._pb.trafficrouter.v1 import trafficrouter_pb2 as pb

REGION = "eu-west-1"
PLUGIN = "trafficrouter/elbv2"


@dataclass(frozen=True, slots=True)
class Petclinic:
    """A rule for /petclinic* that forwards to was-stable alone; was-canary and web exist beside it."""

    url: str
    client: ElasticLoadBalancingv2Client
    listener: str
    rule: str
    stable: str
    canary: str
    web: str

    def rollout(self, config: object = None, **canary: Any) -> dict[str, Any]:
        """The Rollout as kubectl prints it, with fields that the contract does not have."""
        return {
            "apiVersion": "argoproj.io/v1alpha1",
            "kind": "Rollout",
            "metadata": {
                "name": "was",
                "namespace": "petclinic",
                "uid": "0b2f",
                "generation": 4,
                "managedFields": [{}],
            },
            "spec": {
                "replicas": 2,
                "template": {"spec": {"containers": [{"name": "was"}]}},
                "strategy": {
                    "canary": {
                        "stableService": "was-stable",
                        "canaryService": "was-canary",
                        "steps": [{"setWeight": 10}, {"pause": {"duration": "30s"}}, {"pause": {}}],
                        "trafficRouting": {
                            "plugins": {
                                PLUGIN: self.config() if config is None else config,
                                "example/list": [1, "two", None],
                                "example/null": None,
                            }
                        },
                        **canary,
                    }
                },
            },
            "status": {
                "currentStepIndex": 0,
                "stableRS": "687d76d795",
                "conditions": [{"type": "Progressing"}],
            },
        }

    def config(self, **more: Any) -> dict[str, Any]:
        groups = {"was-stable": self.stable, "was-canary": self.canary}
        return {"rules": [{"arn": self.rule}], "targetGroups": groups, **more}

    def set_weight(self, weight: int | None, rollout: Mapping[str, Any] | None = None) -> pb.SetWeightRequest:
        return json_format.ParseDict(
            {"rollout": rollout or self.rollout(), "desiredWeight": weight},
            pb.SetWeightRequest(),
            ignore_unknown_fields=True,
        )

    def verify_weight(self, weight: int, rollout: Mapping[str, Any] | None = None) -> pb.VerifyWeightRequest:
        return pb.VerifyWeightRequest.FromString(self.set_weight(weight, rollout).SerializeToString())

    def set_header_route(
        self, name: str, *match: Mapping[str, Any], rollout: Mapping[str, Any] | None = None
    ) -> pb.SetHeaderRouteRequest:
        """Each match as in a Rollout. Without a match the call removes the route."""
        route = {"name": name, "match": list(match)}
        return json_format.ParseDict(
            {"rollout": rollout or self.with_routes(name), "setHeaderRoute": route},
            pb.SetHeaderRouteRequest(),
            ignore_unknown_fields=True,
        )

    def with_routes(self, *names: str, config: object = None, **canary: Any) -> dict[str, Any]:
        """The Rollout with these managed routes."""
        rollout = self.rollout(config, **canary)
        routing = rollout["spec"]["strategy"]["canary"]["trafficRouting"]
        routing["managedRoutes"] = [{"name": name} for name in names]
        return rollout

    def remove_managed_routes(
        self, rollout: Mapping[str, Any] | None = None
    ) -> pb.RemoveManagedRoutesRequest:
        return pb.RemoveManagedRoutesRequest(rollout=self.set_weight(0, rollout).rollout)

    def rules(self, listener: str | None = None) -> list[Any]:
        """The described rules, without the values that AWS repeats beside a condition's configuration."""
        rules: Any = self.client.describe_rules(ListenerArn=listener or self.listener)["Rules"]
        for rule in rules:
            for condition in rule["Conditions"]:
                condition.pop("Values", None)
                condition.pop("RegexValues", None)
        return list(rules)

    def tags(self, arn: str) -> dict[str, str]:
        (described,) = self.client.describe_tags(ResourceArns=[arn])["TagDescriptions"]
        return {tag["Key"]: tag.get("Value", "") for tag in described["Tags"]}

    def weights(self) -> dict[str, int]:
        """The rule's current weights, by the last part of the target group's name."""
        (rule,) = self.client.describe_rules(RuleArns=[self.rule])["Rules"]
        groups = rule["Actions"][-1]["ForwardConfig"]["TargetGroups"]
        return {
            group["TargetGroupArn"].split("/")[1].removeprefix("was-"): group.get("Weight", 1)
            for group in groups
        }

    def put_weights(self, **weights: int) -> None:
        """Changes the weights as another client of AWS would."""
        groups = [
            {"TargetGroupArn": getattr(self, name), "Weight": weight} for name, weight in weights.items()
        ]
        forward: Any = {"Type": "forward", "ForwardConfig": {"TargetGroups": groups}}
        self.client.modify_rule(RuleArn=self.rule, Actions=[forward])

    def listen(self, port: int, protocol: Literal["HTTP", "HTTPS"] = "HTTP") -> str:
        """Creates another listener. Returns its ARN."""
        (balancer,) = self.client.describe_load_balancers()["LoadBalancers"]
        certificate = "arn:aws:acm:eu-west-1:123456789012:certificate/0d5e9b5c"
        (listener,) = self.client.create_listener(
            LoadBalancerArn=balancer["LoadBalancerArn"],
            Protocol=protocol,
            Port=port,
            Certificates=[{"CertificateArn": certificate}] if protocol == "HTTPS" else [],
            DefaultActions=[{"Type": "fixed-response", "FixedResponseConfig": {"StatusCode": "404"}}],
        )["Listeners"]
        return listener["ListenerArn"]

    def fault(self, action: str, **fault: Any) -> None:
        control(self.url, "POST", "faults", {"action": action, **fault})

    def no_faults(self) -> None:
        control(self.url, "DELETE", "faults")

    def journal(self, *actions: str, principal: str = "AKIAIOSFODNN7EXAMPLE") -> list[dict[str, Any]]:
        """The sidecar's calls of these actions, or all of them, in order of completion."""
        entries = control(self.url, "GET", "journal")
        return [
            entry
            for entry in entries
            if entry["principal"] == principal and (not actions or entry["action"] in actions)
        ]

    def writes(self) -> list[dict[str, Any]]:
        """The sidecar's successful calls that change something."""
        return [
            entry
            for entry in self.journal()
            if entry["status"] == 200 and not entry["action"].startswith("Describe")
        ]


def control(url: str, method: str, what: str, body: object = None) -> Any:
    answer = urllib3.request(method, f"{url}/_emulator/{what}", json=body)
    assert answer.status == 200, answer.data
    return json.loads(answer.data)


def client_of(url: str) -> ElasticLoadBalancingv2Client:
    """A client with other credentials than the sidecar's."""
    session = boto3.session.Session(
        aws_access_key_id="AKIAI44QH8DHBEXAMPLE",
        aws_secret_access_key="example",  # noqa: S106  the emulator checks no signature
        region_name=REGION,
    )
    return session.client("elbv2", endpoint_url=url)


def petclinic(url: str, priority: int = 1) -> Petclinic:
    return petclinic_of(client_of(url), url, priority)


def petclinic_of(client: ElasticLoadBalancingv2Client, url: str = "", priority: int = 1) -> Petclinic:
    """Without the emulator's address everything works except what needs /_emulator/."""
    subnets = ["subnet-0a1b2c3d", "subnet-1a2b3c4d"]
    (balancer,) = client.create_load_balancer(Name="petclinic", Subnets=subnets)["LoadBalancers"]
    stable, canary, web = (
        client.create_target_group(
            Name=name, Protocol="HTTP", Port=8080, VpcId="vpc-0a1b2c3d", TargetType="ip"
        )["TargetGroups"][0]["TargetGroupArn"]
        for name in ("was-stable", "was-canary", "web")
    )
    (listener,) = client.create_listener(
        LoadBalancerArn=balancer["LoadBalancerArn"],
        Protocol="HTTP",
        Port=80,
        DefaultActions=[{"Type": "fixed-response", "FixedResponseConfig": {"StatusCode": "404"}}],
    )["Listeners"]
    (rule,) = client.create_rule(
        ListenerArn=listener["ListenerArn"],
        Priority=priority,
        Conditions=[{"Field": "path-pattern", "PathPatternConfig": {"Values": ["/petclinic*"]}}],
        Actions=[{"Type": "forward", "TargetGroupArn": stable}],
    )["Rules"]
    return Petclinic(url, client, listener["ListenerArn"], rule["RuleArn"], stable, canary, web)
