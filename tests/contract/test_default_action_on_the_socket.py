"""A listener's default action: its weights are set, and header routes have priorities above it."""

from typing import Any

import grpc
import pytest

from elbv2_trafficrouter._pb.trafficrouter.v1 import trafficrouter_pb2 as pb
from elbv2_trafficrouter._pb.trafficrouter.v1 import trafficrouter_pb2_grpc as pb_grpc
from support.router.petclinic import Petclinic
from support.router.refusals import Refusal, refusal, resource

Stub = pb_grpc.TrafficRouterStub
Json = dict[str, Any]

ALICE = {"headerName": "X-User", "headerValue": {"exact": "alice"}}


@pytest.fixture
def by_default(clinic: Petclinic) -> Json:
    """A Rollout that steers the listener's default action."""
    forward: Any = {"Type": "forward", "TargetGroupArn": clinic.stable}
    clinic.client.modify_listener(ListenerArn=clinic.listener, DefaultActions=[forward])
    return clinic.with_routes("beta", config=clinic.config(rules=[{"listenerArn": clinic.listener}]))


def test_above_a_default_action_a_route_has_the_last_priority(
    stub: Stub, clinic: Petclinic, by_default: Json
) -> None:
    (returned,) = stub.SetHeaderRoute(clinic.set_header_route("beta", ALICE, rollout=by_default)).rules
    _, made, _ = clinic.rules()
    assert (made["RuleArn"], made["Priority"]) == (returned.rule_arn, "50000")
    assert made["Conditions"] == [
        {"Field": "http-header", "HttpHeaderConfig": {"HttpHeaderName": "X-User", "Values": ["alice"]}}
    ]
    stub.RemoveManagedRoutes(clinic.remove_managed_routes(by_default))
    assert [rule["Priority"] for rule in clinic.rules()] == ["10", "default"]


def test_the_weights_of_a_default_action_are_set_and_everything_else_is_kept(
    stub: Stub, clinic: Petclinic, by_default: Json
) -> None:
    def listener() -> Any:
        (described,) = clinic.client.describe_listeners(ListenerArns=[clinic.listener])["Listeners"]
        return described

    def others() -> Any:
        return [rule for rule in clinic.rules() if not rule["IsDefault"]]

    before, rules = listener(), others()
    (returned,) = stub.SetWeight(clinic.set_weight(25, by_default)).rules
    assert (returned.rule_arn, returned.changed) == (clinic.listener, True)
    after = listener()
    (action,) = after.pop("DefaultActions")
    assert action["ForwardConfig"]["TargetGroups"] == [
        {"TargetGroupArn": clinic.stable, "Weight": 75},
        {"TargetGroupArn": clinic.canary, "Weight": 25},
    ]
    before.pop("DefaultActions")
    assert (after, others()) == (before, rules)
    verified = stub.VerifyWeight(clinic.verify_weight(25, by_default))
    assert verified.verification == pb.VERIFICATION_VERIFIED
    assert stub.SetWeight(clinic.set_weight(25, by_default)).rules[0].changed is False
    assert [entry["action"] for entry in clinic.writes()] == ["ModifyListener"]


@pytest.mark.usefixtures("by_default")
def test_a_default_rule_that_is_named_by_its_own_arn_is_refused(stub: Stub, clinic: Petclinic) -> None:
    """As describe-rules shows it. ELBv2 would answer a write with OperationNotPermitted."""
    default = clinic.rules()[-1]["RuleArn"]
    config = clinic.config(rules=[{"arn": default}])
    rollout = clinic.with_routes("beta", config=config)
    expected = Refusal(
        grpc.StatusCode.INVALID_ARGUMENT,
        "DEFAULT_RULE_NAMED",
        f"{resource(default)} is the default rule of {resource(clinic.listener)}, and ELBv2 changes it only "
        f"through its listener. Instead of arn, use listenerArn: {clinic.listener} in the Rollout's plugin "
        "configuration.",
    )
    assert refusal(stub, clinic.set_weight(25, rollout)) == expected
    assert refusal(stub, clinic.set_header_route("beta", ALICE, rollout=rollout)) == expected
    assert refusal(stub, clinic.remove_managed_routes(rollout)) == expected
    verified = stub.VerifyWeight(clinic.verify_weight(25, rollout))
    assert (verified.verification, verified.reason) == (pb.VERIFICATION_NOT_VERIFIED, expected.sentence)
    assert clinic.writes() == []
