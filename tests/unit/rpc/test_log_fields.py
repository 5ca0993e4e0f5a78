"""What a call's log line says about its request and its response."""

import pytest
from google.protobuf.message import Message

from elbv2_trafficrouter._pb.trafficrouter.v1 import trafficrouter_pb2 as pb
from elbv2_trafficrouter.rpc.log_fields import result_fields, subject_fields

ROLLOUT = pb.Rollout(metadata=pb.ObjectMeta(namespace="petclinic", name="was"))
NAMES = {"namespace": "petclinic", "rollout": "was"}


@pytest.mark.parametrize(
    ("request_", "fields"),
    [
        pytest.param(
            pb.SetWeightRequest(rollout=ROLLOUT, desired_weight=0),
            NAMES | {"desired_weight": 0},
            id="SetWeight to 0",
        ),
        pytest.param(pb.SetWeightRequest(rollout=ROLLOUT), NAMES, id="SetWeight without a weight"),
        pytest.param(
            pb.VerifyWeightRequest(rollout=ROLLOUT, desired_weight=25),
            NAMES | {"desired_weight": 25},
            id="VerifyWeight",
        ),
        pytest.param(pb.UpdateHashRequest(rollout=ROLLOUT), NAMES, id="UpdateHash"),
        pytest.param(pb.SetHeaderRouteRequest(rollout=ROLLOUT), NAMES, id="SetHeaderRoute"),
        pytest.param(pb.SetMirrorRouteRequest(rollout=ROLLOUT), NAMES, id="SetMirrorRoute"),
        pytest.param(pb.RemoveManagedRoutesRequest(rollout=ROLLOUT), NAMES, id="RemoveManagedRoutes"),
        pytest.param(pb.TypeRequest(), {}, id="Type"),
    ],
)
def test_a_request_is_logged_with_its_rollout_and_weight(
    request_: Message, fields: dict[str, object]
) -> None:
    assert subject_fields(request_) == fields


def test_foreign_text_is_escaped() -> None:
    rollout = pb.Rollout(metadata=pb.ObjectMeta(namespace="a\nb", name="x" * 300))
    fields = subject_fields(pb.UpdateHashRequest(rollout=rollout))
    assert fields == {"namespace": "a\\x0ab", "rollout": "x" * 255 + "…"}


def rule_weights(changed: bool) -> pb.RuleWeights:
    groups = [
        pb.TargetGroupWeight(arn="stable", service="was-stable", weight=90),
        pb.TargetGroupWeight(arn="foreign", weight=10),
    ]
    return pb.RuleWeights(rule_arn="rule", changed=changed, target_groups=groups)


def header_rule(changed: bool) -> pb.HeaderRule:
    return pb.HeaderRule(rule_arn="header", changed=changed, priority=9, route="beta")


@pytest.mark.parametrize(
    ("response", "fields"),
    [
        pytest.param(
            pb.SetWeightResponse(rules=[rule_weights(True)], header_rules=[header_rule(True)]),
            {"written": {"rule": {"was-stable": 90, "foreign": 10}}, "header_routes": {"header": "beta"}},
            id="weights and a recreated rule",
        ),
        pytest.param(
            pb.SetWeightResponse(rules=[rule_weights(False)], header_rules=[header_rule(False)]),
            {},
            id="nothing written",
        ),
        pytest.param(
            pb.SetHeaderRouteResponse(rules=[header_rule(True)]),
            {"header_routes": {"header": "beta"}},
            id="a header rule",
        ),
        pytest.param(
            pb.RemoveManagedRoutesResponse(removed_rule_arns=["header"]),
            {"removed": ["header"]},
            id="a removed rule",
        ),
        pytest.param(
            pb.VerifyWeightResponse(reason="It differs.", rules=[rule_weights(False)]),
            {"reason": "It differs."},
            id="not verified",
        ),
        pytest.param(pb.VerifyWeightResponse(rules=[rule_weights(False)]), {}, id="verified"),
        pytest.param(pb.TypeResponse(type="elbv2"), {}, id="Type"),
    ],
)
def test_a_response_is_logged_with_what_was_written_or_why_not_verified(
    response: Message, fields: dict[str, object]
) -> None:
    assert result_fields(response) == fields
