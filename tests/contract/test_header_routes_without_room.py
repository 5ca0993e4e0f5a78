"""Listeners without room for a header route: the error says why, and nothing is written."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import grpc
import pytest

from elbv2_trafficrouter._pb.trafficrouter.v1 import trafficrouter_pb2_grpc as pb_grpc
from support.aws.proxy import Hold, proxy_to
from support.router.petclinic import Petclinic
from support.router.refusals import Refusal, Request, refusal, resource
from support.router.sidecar import CREDENTIALS, code_of, environment, sidecar

Stub = pb_grpc.TrafficRouterStub
Code = grpc.StatusCode
Json = dict[str, Any]

ALICE = {"headerName": "X-User", "headerValue": {"exact": "alice"}}


def foreign_rule(clinic: Petclinic, priority: int, listener: str | None = None) -> str:
    return clinic.client.create_rule(
        ListenerArn=listener or clinic.listener,
        Priority=priority,
        Conditions=[{"Field": "path-pattern", "PathPatternConfig": {"Values": [f"/{priority}"]}}],
        Actions=[{"Type": "forward", "TargetGroupArn": clinic.web}],
    )["Rules"][0]["RuleArn"]


# Priorities


def test_a_base_rule_at_priority_1(stub: Stub, clinic: Petclinic) -> None:
    clinic.client.set_rule_priorities(RulePriorities=[{"RuleArn": clinic.rule, "Priority": 1}])
    assert refusal(stub, clinic.set_header_route("beta", ALICE)) == Refusal(
        Code.FAILED_PRECONDITION,
        "NO_FREE_PRIORITY",
        f"There is no free priority for the header route 'beta' directly above {resource(clinic.rule)}, "
        "which has priority 1: no lower number is free. Change the priorities of the rules "
        "(SetRulePriorities) so that 1 is free directly above it.",
    )
    assert clinic.writes() == []


def test_a_neighbour_directly_above_is_not_moved(stub: Stub, clinic: Petclinic) -> None:
    foreign_rule(clinic, 9)
    before = clinic.rules()
    rollout = clinic.with_routes("internal", "beta")
    assert refusal(stub, clinic.set_header_route("beta", ALICE, rollout=rollout)) == Refusal(
        Code.FAILED_PRECONDITION,
        "NO_FREE_PRIORITY",
        f"There is no free priority for the header route 'beta' directly above {resource(clinic.rule)}, "
        "which has priority 10: the rule above it has priority 9. Change the priorities of the rules "
        "(SetRulePriorities) so that 2 are free directly above it.",
    )
    assert clinic.writes() == []
    assert clinic.rules() == before


def test_a_default_action_below_a_rule_at_the_last_priority(stub: Stub, clinic: Petclinic) -> None:
    forward: Any = {"Type": "forward", "TargetGroupArn": clinic.stable}
    clinic.client.modify_listener(ListenerArn=clinic.listener, DefaultActions=[forward])
    foreign_rule(clinic, 50_000)
    rollout = clinic.with_routes("beta", config=clinic.config(rules=[{"listenerArn": clinic.listener}]))
    assert refusal(stub, clinic.set_header_route("beta", ALICE, rollout=rollout)) == Refusal(
        Code.FAILED_PRECONDITION,
        "NO_FREE_PRIORITY",
        "There is no free priority for the header route 'beta' directly above the default action of "
        f"{resource(clinic.listener)}: the rule above it has priority 50000. Change the priorities of the "
        "rules (SetRulePriorities) so that 1 is free directly above it.",
    )
    assert clinic.writes() == []


def test_a_priority_that_another_rule_takes_during_the_call(
    clinic: Petclinic, stub_behind: Callable[[Hold], Stub]
) -> None:
    hold = Hold("DescribeListeners")
    call = stub_behind(hold).SetHeaderRoute.future(clinic.set_header_route("beta", ALICE))
    hold.wait_for(1)
    foreign_rule(clinic, 9)
    hold.release()
    assert code_of(call) == Code.ABORTED
    assert call.details() == (
        f"Another rule took priority 9 of {resource(clinic.listener)} while the header route 'beta' was "
        "being created. This is retried automatically."
    )
    assert clinic.writes() == []
    assert len(clinic.journal("CreateRule")) == 1


# Quotas


def test_a_load_balancer_with_as_many_rules_as_the_quota_allows(stub: Stub, clinic: Petclinic) -> None:
    """On all its listeners together."""
    other = clinic.listen(81)
    for number in range(1, 100):
        foreign_rule(clinic, number, other)
    balancer = clinic.listener.replace(":listener/", ":loadbalancer/").rpartition("/")[0]
    assert refusal(stub, clinic.set_header_route("beta", ALICE)) == Refusal(
        Code.RESOURCE_EXHAUSTED,
        "LOAD_BALANCER_FULL",
        f"There is no room for the header route 'beta': {resource(balancer)} has 100 rules, the route needs "
        "1 more, and the account's quota is 100. Remove rules, or raise the quota "
        "'Rules per Application Load Balancer'.",
    )
    assert clinic.journal("CreateRule") == []
    clinic.client.delete_rule(RuleArn=clinic.rules(other)[0]["RuleArn"])
    stub.SetHeaderRoute(clinic.set_header_route("beta", ALICE))


def test_rules_that_aws_counts_differently(stub: Stub, clinic: Petclinic) -> None:
    message = "The maximum number of rules on load balancer 'petclinic' has been reached"
    clinic.fault("CreateRule", error="TooManyRules", message=message)
    assert refusal(stub, clinic.set_header_route("beta", ALICE)) == Refusal(
        Code.FAILED_PRECONDITION,
        "HEADER_RULE_REFUSED",
        f"AWS rejects elasticloadbalancing:CreateRule on {resource(clinic.listener)} for the header route "
        f"'beta' with TooManyRules: {message}. Correct the setHeaderRoute step, or the rule whose conditions "
        "the route shares.",
    )
    assert clinic.writes() == []


def test_more_wildcards_than_elbv2_allows_together_with_those_of_the_base_rule(
    stub: Stub, clinic: Petclinic
) -> None:
    path: Any = {"Field": "path-pattern", "PathPatternConfig": {"Values": ["/*/?", "/*/*"]}}
    clinic.client.modify_rule(RuleArn=clinic.rule, Conditions=[path])
    prefixes = [
        {"headerName": name, "headerValue": {"prefix": "a"}} for name in ("X-User", "X-Region", "X-Team")
    ]
    stub.SetHeaderRoute(clinic.set_header_route("beta", prefixes[0]))
    assert refusal(stub, clinic.set_header_route("beta", *prefixes[:2])) == Refusal(
        Code.INVALID_ARGUMENT,
        "TOO_MANY_CONDITIONS",
        f"Together with the conditions of {resource(clinic.rule)}, the header route 'beta' needs 6 "
        "wildcards, but ELBv2 allows 5 per rule. Use fewer in the setHeaderRoute step or in that rule.",
    )
    assert [entry["action"] for entry in clinic.writes()] == ["CreateRule"]


# Base rules


def on_another_base(clinic: Petclinic, *actions: Json) -> tuple[str, Request]:
    """The base rule and a SetHeaderRoute for it."""
    listener = clinic.listen(443, "HTTPS")
    path: Any = {"Field": "path-pattern", "PathPatternConfig": {"Values": ["/petclinic*"]}}
    described: Any = {
        "ListenerArn": listener,
        "Priority": 7,
        "Conditions": [path],
        "Actions": actions,
    }
    base = clinic.client.create_rule(**described)["Rules"][0]["RuleArn"]
    rollout = clinic.with_routes("beta", config=clinic.config(rules=[{"arn": base}]))
    return base, clinic.set_header_route("beta", ALICE, rollout=rollout)


def test_a_base_rule_with_oidc(stub: Stub, clinic: Petclinic) -> None:
    oidc = {
        "Type": "authenticate-oidc",
        "Order": 1,
        "AuthenticateOidcConfig": {
            "Issuer": "https://example.com",
            "AuthorizationEndpoint": "https://example.com/authorize",
            "TokenEndpoint": "https://example.com/token",
            "UserInfoEndpoint": "https://example.com/user",
            "ClientId": "petclinic",
            "ClientSecret": "secret",
        },
    }
    forward = {"Type": "forward", "Order": 2, "TargetGroupArn": clinic.stable}
    base, request = on_another_base(clinic, oidc, forward)
    assert refusal(stub, request) == Refusal(
        Code.FAILED_PRECONDITION,
        "OIDC_NOT_COPYABLE",
        f"{resource(base)} uses authenticate-oidc, and AWS never returns the client secret that the rule of "
        "a header route would need. Use authenticate-cognito or jwt-validation there, or remove the "
        "setHeaderRoute steps from the Rollout.",
    )
    assert clinic.writes() == []


def test_a_base_rule_that_redirects(stub: Stub, clinic: Petclinic) -> None:
    redirect = {"Type": "redirect", "RedirectConfig": {"Port": "8443", "StatusCode": "HTTP_301"}}
    base, request = on_another_base(clinic, redirect)
    assert refusal(stub, request) == Refusal(
        Code.NOT_FOUND,
        "NO_FORWARD_TO_STABLE",
        f"{resource(base)} does not forward to {resource(clinic.stable)}, the target group of the Service "
        "was-stable. It forwards to no target group. Add the target group to the rule's forward action, or "
        "name another rule or target group in the Rollout's plugin configuration.",
    )
    assert clinic.writes() == []


def test_a_base_rule_that_is_gone(stub: Stub, clinic: Petclinic) -> None:
    clinic.client.delete_rule(RuleArn=clinic.rule)
    assert refusal(stub, clinic.set_header_route("beta", ALICE)) == Refusal(
        Code.NOT_FOUND,
        "RULE_NOT_FOUND",
        f"There is no {resource(clinic.rule)}: its listener exists but has no such rule. "
        "Correct the rule's ARN in the Rollout's plugin configuration.",
    )
    assert clinic.writes() == []


def test_a_listener_that_is_gone(stub: Stub, clinic: Petclinic) -> None:
    clinic.client.delete_listener(ListenerArn=clinic.listener)
    assert refusal(stub, clinic.set_header_route("beta", ALICE)) == Refusal(
        Code.NOT_FOUND,
        "LISTENER_NOT_FOUND",
        f"There is no {resource(clinic.listener)} in eu-west-1 (account 123456789012). "
        "Correct the rule's ARN in the Rollout's plugin configuration.",
    )


@pytest.mark.parametrize(
    ("element", "reason", "sentence"),
    [
        pytest.param(
            (b"</IsDefault>", b"</IsDefault><Owner>petclinic</Owner>"),
            "RULE_NOT_COPYABLE",
            "has elements that this version can't copy into a header route's rule (Owner). "
            "Upgrade the router (a newer boto3 may know them), or remove them from the rule.",
            id="beside the actions",
        ),
        pytest.param(
            (b"<Type>forward</Type>", b"<Type>forward</Type><MirrorConfig><Arn>x</Arn></MirrorConfig>"),
            "RULE_NOT_WRITABLE",
            "has elements that this version can't write back (Actions[0].MirrorConfig); changing its weights "
            "would erase them. Upgrade the router (a newer boto3 may know them), or remove them from the "
            "rule.",
            id="in an action",
        ),
    ],
)
def test_a_base_rule_with_elements_unknown_to_botocore(
    clinic: Petclinic, volumes: Path, element: tuple[bytes, bytes], reason: str, sentence: str
) -> None:
    with (
        proxy_to(clinic.url, change=lambda answer: answer.replace(*element)) as aws,
        sidecar(volumes, environment(aws, **CREDENTIALS)) as router,
        router.stub() as stub,
    ):
        refused = refusal(stub, clinic.set_header_route("beta", ALICE))
    assert refused == Refusal(Code.FAILED_PRECONDITION, reason, f"{resource(clinic.rule)} {sentence}")
    assert clinic.writes() == []
