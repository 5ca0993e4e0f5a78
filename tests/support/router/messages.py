"""Request messages, made of JSON as the CRD writes it."""

from collections.abc import Mapping
from typing import Any

import pytest
from google.protobuf import json_format

from elbv2_trafficrouter._pb.trafficrouter.v1 import trafficrouter_pb2 as pb
from elbv2_trafficrouter.errors import Problem
from elbv2_trafficrouter.errors.request import InvalidConfig, InvalidRequest
from elbv2_trafficrouter.rollout.request import read_intent

PLUGIN = "trafficrouter/elbv2"
OWNER = "arn:aws:elasticloadbalancing:eu-west-1:123456789012"
RULE = f"{OWNER}:listener-rule/app/petclinic/50dc6c495c0c9188/f2f7dc8efc522ab2/9683b2d02a6cabee"
SERVICES = ("was-stable", "was-canary", "was-ping", "was-pong", "was-blue", "was-green")
GROUPS = {service: f"{OWNER}:targetgroup/{service}/73e2d6bc24d8a067" for service in SERVICES}
BLOCK = {"rules": [{"arn": RULE}], "targetGroups": GROUPS}
INT32 = (-(2**31), 2**31 - 1)

Json = dict[str, Any]


def rollout(
    canary: Mapping[str, object] | None = None,
    routing: Mapping[str, object] | None = None,
    status: Mapping[str, object] | None = None,
) -> Json:
    """A Rollout with fields that the contract does not know; `canary`, `routing`, `status` add or replace."""
    return {
        "apiVersion": "argoproj.io/v1alpha1",
        "kind": "Rollout",
        "metadata": {
            "name": "was",
            "namespace": "petclinic",
            "uid": "0c9e4d2c-6f0b-4f8e-9a3e-4f3f0f0a7a11",
            "generation": 7,
            "managedFields": [{"manager": "kubectl", "fieldsV1": {"f:spec": {}}}],
        },
        "spec": {
            "replicas": 4,
            "template": {"spec": {"containers": [{"name": "was", "image": "was:1.0.1"}]}},
            "strategy": {
                "canary": {
                    "stableService": "was-stable",
                    "canaryService": "was-canary",
                    "maxSurge": "25%",
                    "steps": [
                        {"setWeight": 10},
                        {"pause": {}},
                        {"setWeight": 25},
                        {"pause": {"duration": "30s"}},
                    ],
                    "trafficRouting": {"plugins": {PLUGIN: BLOCK}, **(routing or {})},
                    **(canary or {}),
                }
            },
        },
        "status": {
            "stableRS": "6b8f9d7c5",
            "currentPodHash": "7c9d8e6f4",
            "phase": "Paused",
            **(status or {}),
        },
    }


def request(of: Json, weight: int | None = 25, additional: list[Json] | None = None) -> pb.SetWeightRequest:
    message: Json = {"rollout": of, "additionalDestinations": additional or []}
    if weight is not None:
        message["desiredWeight"] = weight
    return json_format.ParseDict(message, pb.SetWeightRequest(), ignore_unknown_fields=True)


def refused(asked: pb.SetWeightRequest, plugin: str = PLUGIN) -> InvalidRequest | InvalidConfig:
    with pytest.raises(Problem) as caught:
        read_intent(asked, plugin)
    assert isinstance(caught.value, InvalidRequest | InvalidConfig)
    return caught.value


def experiment(service: str = "was-blue", weight: int = 5) -> Json:
    return {"serviceName": service, "weight": weight, "podTemplateHash": "5d4c3b2a1"}
