"""The petclinic of deploy/examples in a namespace of its own, behind a load balancer of its own."""

import json
import re
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any

from lightkube.generic_resource import create_namespaced_resource
from mypy_boto3_elbv2 import ElasticLoadBalancingv2Client

from cluster.process import NotInTime, wait_until
from cluster.traffic.load import Load
from cluster.world import Headers, World
from support.manifest import ROOT, Object, objects_of
from support.router.petclinic import PLUGIN, client_of, control
from support.router.sidecar import CREDENTIALS

EXAMPLE = ROOT / "deploy" / "examples" / "petclinic"
NAME, STABLE, CANARY = "was", "was-stable", "was-canary"
OLD, NEW = "1.0.0", "1.0.1"
PRIORITY = 100
"""The priority of the rule; header rules get lower ones."""

ROLLOUT = create_namespaced_resource("argoproj.io", "v1alpha1", "Rollout", "rollouts")
_CERTIFICATE = "arn:aws:acm:eu-west-1:123456789012:certificate/0d5e9b5c-2ae4-4b5a-9b0a-0d6b3c1c6b7a"


@dataclass(frozen=True, slots=True)
class Petclinic:
    """`groups`: Service → ARN of its target group. `address`: where the listener takes requests."""

    world: World
    namespace: str
    elbv2: ElasticLoadBalancingv2Client
    listener: str
    rule: str
    groups: Mapping[str, str]
    address: str

    @property
    def block(self) -> Object:
        """The router's block in the Rollout."""
        return {"rules": [{"arn": self.rule}], "targetGroups": dict(self.groups)}

    # What a person does

    def cli(self, *arguments: str) -> str:
        """`kubectl argo rollouts …` in this namespace."""
        return self.world.argo.cli(*arguments, "-n", self.namespace)

    def set_image(self, version: str) -> None:
        """Returns once the controller has observed it: until then the status is that of the old image."""
        before = self.status()["currentPodHash"]
        self.cli("set", "image", NAME, f"{NAME}=petclinic:{version}")
        self.wait(lambda status: status["currentPodHash"] != before, f"{version} was observed")

    def patch(self, change: Object) -> None:
        arguments = ("rollout", NAME, "-n", self.namespace, "--type", "merge", "-p", json.dumps(change))
        self.world.cluster.kubectl("patch", *arguments)

    def configure(self, block: Object | None) -> None:
        """Merges this into the router's block in the Rollout; None takes the block out."""
        routing = {"plugins": {PLUGIN: block}}
        self.patch({"spec": {"strategy": {"canary": {"trafficRouting": routing}}}})

    def load(self, per_second: int = 200, headers: Headers | None = None) -> AbstractContextManager[Load]:
        """Sends requests to the petclinic while the block runs."""
        return self.world.load(self.address, per_second, headers)

    # What a person sees

    def rollout(self) -> Object:
        return dict(self.world.client.get(ROLLOUT, NAME, namespace=self.namespace))

    def status(self) -> Object:
        status: Object = self.rollout().get("status", {})
        return status

    def weights(self) -> dict[str, int]:
        """Service → weight in the rule, by describe-rules."""
        services = {arn: service for service, arn in self.groups.items()}
        (rule,) = self.elbv2.describe_rules(RuleArns=[self.rule])["Rules"]
        return {
            services[group["TargetGroupArn"]]: group["Weight"]
            for group in rule["Actions"][0]["ForwardConfig"]["TargetGroups"]
        }

    def events(self, kind: str = "Warning") -> list[str]:
        """`reason: message` of each event, oldest first."""
        return [text for text, _ in self.counted_events(kind)]

    def counted_events(self, kind: str = "Warning") -> list[tuple[str, int]]:
        """`reason: message` and count of each event, oldest first."""
        arguments = ("-n", self.namespace, "--field-selector", f"involvedObject.name={NAME},type={kind}")
        items = json.loads(self.world.cluster.kubectl("get", "events", *arguments, "-o", "json"))["items"]
        items.sort(key=lambda item: item["metadata"]["creationTimestamp"])
        return [(f"{item['reason']}: {item['message']}", item["count"]) for item in items]

    def calls(self, *actions: str) -> list[Object]:
        """The sidecar's calls about this listener or its rule, in the emulator's journal."""
        return [
            entry
            for entry in control(self.world.endpoint, "GET", "journal")
            if entry["principal"] == CREDENTIALS["AWS_ACCESS_KEY_ID"]
            and (not actions or entry["action"] in actions)
            and self.listener.partition("listener/")[2] in json.dumps(entry["parameters"])
        ]

    def reconciles(self) -> int:
        """How often the controller has reconciled the Rollout."""
        lines = self.world.argo.controller.log.read_text().splitlines()
        return sum("Started syncing rollout" in line and f"={self.namespace} " in line for line in lines)

    def written(self) -> list[int]:
        """The canary's weight in each of the sidecar's ModifyRules, oldest first."""
        return [
            group["Weight"]
            for entry in self.calls("ModifyRule")
            for group in entry["parameters"]["Actions"][0]["ForwardConfig"]["TargetGroups"]
            if group["TargetGroupArn"] == self.groups[CANARY]
        ]

    # What a test waits for

    def wait(self, condition: Callable[[Object], object], what: str, seconds: float = 60) -> Object:
        """Waits for a status that meets the condition. Fails with the last status, events and logs."""
        status: Object = {}

        def met() -> bool:
            nonlocal status
            status = self.status()
            return bool(status) and bool(condition(status))

        try:
            wait_until(met, what, self.world.argo.controller, seconds=seconds)
        except NotInTime as failure:
            failure.add_note(json.dumps(status, indent=1))
            failure.add_note("\n".join(self.events()))
            raise
        return status

    def wait_paused(self, weight: int) -> Object:
        return self.wait(
            lambda status: status.get("pauseConditions") and weights_of(status)["canary"] == weight,
            f"it paused at {weight}",
        )

    def wait_promoted(self, weights: Mapping[str, int] | None = None) -> Object:
        """Waits until the new pods are stable and the rule gives the stable Service's group all weight."""
        wanted = weights or {STABLE: 100, CANARY: 0}
        return self.wait(
            lambda status: is_promoted(status) and self.weights() == wanted, "it was promoted", seconds=120
        )


def is_promoted(status: Object) -> bool:
    """Whether the new pods are stable and the canary has no weight any more."""
    return (
        status.get("phase") == "Healthy"
        and status.get("stableRS") == status.get("currentPodHash")
        and weights_of(status)["canary"] == 0
    )


def weights_of(status: Object) -> dict[str, int]:
    """The weights in `status.canary.weights` of canary and stable; -1 if there is none."""
    weights = status.get("canary", {}).get("weights") or {}
    return {role: weights.get(role, {}).get("weight", -1) for role in ("canary", "stable")}


def petclinic(
    world: World,
    namespace: str,
    *,
    steps: Sequence[Object],
    replicas: int = 2,
    canary: Mapping[str, Any] | None = None,
    spec: Mapping[str, Any] | None = None,
    weights: Mapping[str, int] | None = None,
    routes: Sequence[str] = (),
) -> Petclinic:
    """Applies the first revision without waiting for it. `canary`, `spec`: more fields of the Rollout.

    `weights`: Service → weight in the rule at first. `routes`: the names of the managed routes.
    """
    clinic = _balanced(world, namespace, weights or {STABLE: 100, CANARY: 0})
    rollout, *rest = _objects(clinic)
    rollout["spec"] |= {"replicas": replicas, **(spec or {})}
    strategy = rollout["spec"]["strategy"]["canary"]
    strategy["trafficRouting"] |= {"managedRoutes": [{"name": name} for name in routes]}
    strategy |= {"steps": list(steps), **(canary or {})}
    world.cluster.kubectl("create", "namespace", namespace)
    world.cluster.apply(*rest, rollout)
    return clinic


def _objects(clinic: Petclinic) -> list[Object]:
    """The example's objects, Rollout first, with this namespace and the ARNs of this load balancer."""
    text = "\n---\n".join(
        (EXAMPLE / f"{name}.yaml").read_text() for name in ("rollout", "services", "target-group-bindings")
    )
    text = re.sub(r"arn:aws:\S+:listener-rule/\S+", clinic.rule, text)
    for service, arn in clinic.groups.items():
        text = re.sub(rf"arn:aws:\S+:targetgroup/{service}/\S+", arn, text)
    text = text.replace("namespace: petclinic", f"namespace: {clinic.namespace}")
    return list(objects_of(text))


def _balanced(world: World, namespace: str, weights: Mapping[str, int]) -> Petclinic:
    elbv2 = client_of(world.endpoint)
    (balancer,) = elbv2.create_load_balancer(Name=namespace, Subnets=["subnet-0a1b2c3d", "subnet-1a2b3c4d"])[
        "LoadBalancers"
    ]
    (listener,) = elbv2.create_listener(
        LoadBalancerArn=balancer["LoadBalancerArn"],
        Protocol="HTTPS",
        Port=443,
        Certificates=[{"CertificateArn": _CERTIFICATE}],
        DefaultActions=[{"Type": "fixed-response", "FixedResponseConfig": {"StatusCode": "404"}}],
    )["Listeners"]
    groups = {
        service: elbv2.create_target_group(
            Name=f"{namespace}-{service}"[:32],
            Protocol="HTTP",
            Port=8080,
            VpcId="vpc-0a1b2c3d",
            TargetType="ip",
        )["TargetGroups"][0]["TargetGroupArn"]
        for service in (STABLE, CANARY)
    }
    (rule,) = elbv2.create_rule(
        ListenerArn=listener["ListenerArn"],
        Priority=PRIORITY,
        Conditions=[{"Field": "path-pattern", "PathPatternConfig": {"Values": ["/petclinic*"]}}],
        Actions=[
            {
                "Type": "forward",
                "ForwardConfig": {
                    "TargetGroups": [
                        {"TargetGroupArn": groups[service], "Weight": weight}
                        for service, weight in weights.items()
                    ]
                },
            }
        ],
    )["Rules"]
    (address,) = (
        one["address"]
        for one in control(world.endpoint, "GET", "listeners")
        if one["listenerArn"] == listener["ListenerArn"]
    )
    return Petclinic(world, namespace, elbv2, listener["ListenerArn"], rule["RuleArn"], groups, address)
