"""A listener's default action: its weights are set, and header routes have priorities above it."""

from typing import Any

import pytest

from elbv2_trafficrouter._pb.trafficrouter.v1 import trafficrouter_pb2 as pb
from elbv2_trafficrouter._pb.trafficrouter.v1 import trafficrouter_pb2_grpc as pb_grpc
from support.router.petclinic import Petclinic

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
