"""Several Rollouts in an emulator, each with a rule of its own, and the valid requests of a controller."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from random import Random
from typing import Any

from google.protobuf import json_format
from google.protobuf.message import Message

from attack.large_account import LARGE_ACCOUNT, TESTS
from elbv2_emulator import Emulator
from elbv2_trafficrouter._pb.trafficrouter.v1 import trafficrouter_pb2 as pb
from support.router.petclinic import PLUGIN, Petclinic, petclinic
from support.router.sidecar import CREDENTIALS, Sidecar, environment, sidecar, volume_directories

METHODS = (
    "SetWeight",
    "VerifyWeight",
    "SetHeaderRoute",
    "RemoveManagedRoutes",
    "SetMirrorRoute",
    "UpdateHash",
    "InitPlugin",
    "Type",
)
_OFTEN = (8, 3, 4, 2, 1, 1, 1, 1)
_ROUTES = ("beta", "internal")


@dataclass(frozen=True, slots=True)
class Request:
    method: str
    message: Message

    @property
    def path(self) -> str:
        return f"/trafficrouter.v1.TrafficRouter/{self.method}"


@dataclass(frozen=True, slots=True)
class RolloutOnARule:
    name: str
    uid: str
    named: dict[str, Any]
    """The rule as the plugin's block names it."""
    stable: str
    canary: str

    def request(self, method: str, random: Random) -> Request:
        """A valid request of this RPC."""
        fields: dict[str, Any] = {}
        match method:
            case "SetWeight" | "VerifyWeight":
                fields = {"desiredWeight": random.randint(0, 100)}
            case "UpdateHash":
                fields = {"canaryHash": "7c9f8b6d5d", "stableHash": "687d76d795"}
            case "SetHeaderRoute":
                fields = {"setHeaderRoute": _header_route(random)}
            case "SetMirrorRoute":
                match = [{"method": {"exact": "GET"}, "path": {"prefix": "/"}}]
                fields = {"setMirrorRoute": {"name": "mirror", "percentage": 50, "match": match}}
            case _:
                pass
        message = getattr(pb, f"{method}Request")()
        if "rollout" in message.DESCRIPTOR.fields_by_name:
            fields["rollout"] = self._rollout(random)
        return Request(method, json_format.ParseDict(fields, message))

    def any_request(self, random: Random) -> Request:
        (method,) = random.choices(METHODS, _OFTEN)
        return self.request(method, random)

    def _rollout(self, random: Random) -> dict[str, Any]:
        groups = {"stable": self.stable, "canary": self.canary}
        block = {"rules": [self.named], "targetGroups": groups}
        return {
            "metadata": {
                "name": self.name,
                "namespace": "petclinic",
                "uid": self.uid,
                "generation": random.randint(1, 1000),
                "labels": {"app": self.name},
                "annotations": {"rollout.argoproj.io/revision": "2"},
            },
            "spec": {
                "replicas": 2,
                "selector": {"matchLabels": {"app": self.name}},
                "strategy": {
                    "canary": {
                        "stableService": "stable",
                        "canaryService": "canary",
                        "steps": [
                            {"setHeaderRoute": _header_route(random)},
                            {"setWeight": 10},
                            {"pause": {"duration": "30s"}},
                            {"setCanaryScale": {"weight": 50}},
                        ],
                        "trafficRouting": {
                            "managedRoutes": [{"name": name} for name in _ROUTES],
                            "plugins": {PLUGIN: block, "example/other": {"list": [1, "two", None]}},
                        },
                    }
                },
            },
            "status": {
                "currentStepIndex": random.randint(0, 3),
                "stableRS": "687d76d795",
                "currentPodHash": "7c9f8b6d5d",
                "canary": {"weights": {"canary": {"weight": 10}, "stable": {"weight": 90}}},
            },
        }


def _header_route(random: Random) -> dict[str, Any]:
    value = random.choice([{"exact": "alice"}, {"prefix": "al"}, {"regex": "al.*"}])
    match = [{"headerName": "X-User", "headerValue": value}]
    return {"name": random.choice(_ROUTES), "match": match if random.random() < 0.7 else []}


@dataclass(frozen=True, slots=True)
class Ground:
    emulator: Emulator
    clinic: Petclinic
    rollouts: list[RolloutOnARule]


def seeded(seed: int) -> Random:
    """The source of an attack's randomness."""
    return Random(seed)  # noqa: S311  no secret


@contextmanager
def ground(rollouts: int) -> Iterator[Ground]:
    """So many Rollouts: the last one on a listener's default action, the others on rules of one listener."""
    with Emulator() as emulator:
        clinic = petclinic(emulator.url, priority=10)
        on_rules = [_on_a_rule(clinic, number) for number in range(1, rollouts)]
        yield Ground(emulator, clinic, [*on_rules, _on_a_default_action(clinic, rollouts)])


def _on_a_rule(clinic: Petclinic, number: int) -> RolloutOnARule:
    stable, canary = _groups(clinic, number)
    (rule,) = clinic.client.create_rule(
        ListenerArn=clinic.listener,
        Priority=10 + 10 * number,
        Conditions=[{"Field": "path-pattern", "PathPatternConfig": {"Values": [f"/rollout-{number}*"]}}],
        Actions=[{"Type": "forward", "TargetGroupArn": stable}],
    )["Rules"]
    return RolloutOnARule(f"rollout-{number}", f"uid-{number}", {"arn": rule["RuleArn"]}, stable, canary)


def _on_a_default_action(clinic: Petclinic, number: int) -> RolloutOnARule:
    stable, canary = _groups(clinic, number)
    listener = clinic.listen(8081)
    clinic.client.modify_listener(
        ListenerArn=listener, DefaultActions=[{"Type": "forward", "TargetGroupArn": stable}]
    )
    return RolloutOnARule(f"rollout-{number}", f"uid-{number}", {"listenerArn": listener}, stable, canary)


def _groups(clinic: Petclinic, number: int) -> list[str]:
    return [
        clinic.client.create_target_group(
            Name=f"{kind}-{number}", Protocol="HTTP", Port=8080, VpcId="vpc-0a1b2c3d", TargetType="ip"
        )["TargetGroups"][0]["TargetGroupArn"]
        for kind in ("stable", "canary")
    ]


@contextmanager
def sidecar_on(ground: Ground) -> Iterator[Sidecar]:
    variables = environment(ground.clinic.url, **CREDENTIALS, PYTHONPATH=TESTS)
    with volume_directories() as volumes, sidecar(volumes, variables, module=LARGE_ACCOUNT) as router:
        yield router
