"""Missing permissions and missing responses for a header route: the error says which."""

from collections.abc import Callable
from typing import Any

import grpc
import pytest

from elbv2_trafficrouter._pb.trafficrouter.v1 import trafficrouter_pb2_grpc as pb_grpc
from support.router.petclinic import Petclinic
from support.router.refusals import Refusal, Request, refusal, resource

Stub = pb_grpc.TrafficRouterStub
Code = grpc.StatusCode

ALICE = {"headerName": "X-User", "headerValue": {"exact": "alice"}}
ALLOW = "Allow this action on this resource in the sidecar's IAM role (see docs/permissions.md)."


def test_a_role_that_may_not_create_rules(stub: Stub, clinic: Petclinic) -> None:
    clinic.fault("CreateRule", error="AccessDenied")
    assert refusal(stub, clinic.set_header_route("beta", ALICE)) == Refusal(
        Code.PERMISSION_DENIED,
        "NOT_ALLOWED",
        f"AWS denies elasticloadbalancing:CreateRule on {resource(clinic.listener)}. {ALLOW}",
    )
    assert clinic.writes() == []


def test_a_role_that_may_not_tag_rules(stub: Stub, clinic: Petclinic) -> None:
    """AWS denies CreateRule, but the message names AddTags."""
    rule = "listener-rule/app/petclinic/*/*"
    message = (
        "User: arn:aws:sts::123456789012:assumed-role/router/1732 is not authorized to perform: "
        "elasticloadbalancing:AddTags on resource: "
        f"arn:aws:elasticloadbalancing:eu-west-1:123456789012:{rule} "
        "because no identity-based policy allows the elasticloadbalancing:AddTags action"
    )
    clinic.fault("CreateRule", error="AccessDenied", message=message)
    assert refusal(stub, clinic.set_header_route("beta", ALICE)) == Refusal(
        Code.PERMISSION_DENIED,
        "NOT_ALLOWED",
        f"AWS denies elasticloadbalancing:AddTags on {rule}. {ALLOW}",
    )


@pytest.mark.parametrize(
    "action", ["DescribeRules", "DescribeTags", "DescribeAccountLimits", "DescribeListeners"]
)
def test_a_role_that_may_not_read(stub: Stub, clinic: Petclinic, action: str) -> None:
    clinic.client.create_rule(  # a rule that may be ours
        ListenerArn=clinic.listener,
        Priority=3,
        Conditions=[{"Field": "http-header", "HttpHeaderConfig": {"HttpHeaderName": "X", "Values": ["1"]}}],
        Actions=[{"Type": "forward", "TargetGroupArn": clinic.canary}],
    )
    clinic.fault(action, error="AccessDenied")
    assert refusal(stub, clinic.set_header_route("beta", ALICE)) == Refusal(
        Code.PERMISSION_DENIED,
        "NOT_ALLOWED",
        f"AWS denies elasticloadbalancing:{action} on *. {ALLOW}",
    )
    assert clinic.writes() == []


@pytest.mark.parametrize(
    ("action", "request_of"),
    [
        pytest.param(
            "ModifyRule",
            lambda clinic: clinic.set_header_route(
                "beta", {"headerName": "X", "headerValue": {"exact": "1"}}
            ),
            id="change",
        ),
        pytest.param("DeleteRule", lambda clinic: clinic.set_header_route("beta"), id="remove one"),
        pytest.param("DeleteRule", lambda clinic: clinic.remove_managed_routes(), id="remove all"),
    ],
)
def test_a_role_that_may_not_change_a_rule_of_ours(
    stub: Stub, clinic: Petclinic, action: str, request_of: Callable[[Petclinic], Request]
) -> None:
    (made,) = stub.SetHeaderRoute(clinic.set_header_route("beta", ALICE)).rules
    clinic.fault(action, error="AccessDenied")
    assert refusal(stub, request_of(clinic)) == Refusal(
        Code.PERMISSION_DENIED,
        "NOT_ALLOWED",
        f"AWS denies elasticloadbalancing:{action} on {resource(made.rule_arn)}. {ALLOW}",
    )
    assert [entry["action"] for entry in clinic.writes()] == ["CreateRule"]


def test_a_role_that_may_not_change_the_listener(stub: Stub, clinic: Petclinic) -> None:
    """The weights are in its default action."""
    forward: Any = {"Type": "forward", "TargetGroupArn": clinic.stable}
    clinic.client.modify_listener(ListenerArn=clinic.listener, DefaultActions=[forward])
    clinic.fault("ModifyListener", error="AccessDenied")
    config = clinic.config(rules=[{"listenerArn": clinic.listener}])
    assert refusal(stub, clinic.set_weight(10, clinic.rollout(config))) == Refusal(
        Code.PERMISSION_DENIED,
        "NOT_ALLOWED",
        f"AWS denies elasticloadbalancing:ModifyListener on {resource(clinic.listener)}. {ALLOW}",
    )
    assert clinic.writes() == []


# Calls without a response


def test_a_rule_whose_creation_got_no_response_is_found_by_the_next_call(
    stub: Stub, clinic: Petclinic
) -> None:
    clinic.fault("CreateRule", answer="close", appliedAfterSeconds=0, times=1)
    assert refusal(stub, clinic.set_header_route("beta", ALICE)) == Refusal(
        Code.UNAVAILABLE,
        "OUTCOME_UNKNOWN",
        f"elasticloadbalancing:CreateRule on {resource(clinic.listener)} was sent, but AWS did not confirm "
        "it, so it may or may not have taken effect. The next call reads the rule and repairs it.",
    )
    while len(clinic.rules()) < 3:
        pass
    (found,) = stub.SetHeaderRoute(clinic.set_header_route("beta", ALICE)).rules
    assert found.changed is False
    assert list(stub.RemoveManagedRoutes(clinic.remove_managed_routes()).removed_rule_arns) == [
        found.rule_arn
    ]
    assert len(clinic.journal("CreateRule")) == 1
