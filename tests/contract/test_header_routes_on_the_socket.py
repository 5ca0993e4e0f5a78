"""SetHeaderRoute and RemoveManagedRoutes from a real socket to the ELBv2 API."""

from pathlib import Path
from typing import Any

import pytest

from elbv2_trafficrouter._pb.trafficrouter.v1 import trafficrouter_pb2 as pb
from elbv2_trafficrouter._pb.trafficrouter.v1 import trafficrouter_pb2_grpc as pb_grpc
from support.router.petclinic import Petclinic
from support.router.sidecar import CREDENTIALS, environment, sidecar

Stub = pb_grpc.TrafficRouterStub
Json = dict[str, Any]

PATH = {"Field": "path-pattern", "PathPatternConfig": {"Values": ["/petclinic*"]}}
TAGS = {
    "elbv2-trafficrouter/cluster": "",
    "elbv2-trafficrouter/instance": "",
    "elbv2-trafficrouter/rollout-namespace": "petclinic",
    "elbv2-trafficrouter/rollout": "was",
    "elbv2-trafficrouter/rollout-uid": "0b2f",
    "elbv2-trafficrouter/route": "beta",
}


def match(header: str, **value: str) -> Json:
    return {"headerName": header, "headerValue": value}


def values(name: str, *some: str) -> Json:
    return {"Field": "http-header", "HttpHeaderConfig": {"HttpHeaderName": name, "Values": list(some)}}


def patterns(name: str, *some: str) -> Json:
    return {"Field": "http-header", "HttpHeaderConfig": {"HttpHeaderName": name, "RegexValues": list(some)}}


ALICE = match("X-User", exact="alice")


@pytest.mark.parametrize(
    ("matches", "conditions"),
    [
        pytest.param([ALICE], [values("X-User", "alice")], id="exact"),
        pytest.param([match("X-User", prefix="int-")], [values("X-User", "int-*")], id="prefix"),
        pytest.param([match("X-User", regex="^(a|b)$")], [patterns("X-User", "^(a|b)$")], id="regex"),
        pytest.param(
            [match("X-User", exact="a*b?")], [patterns("X-User", r"^a\*b\?$")], id="exact with * and ?"
        ),
        pytest.param(
            [ALICE, match("X-Region", prefix="eu-")],
            [values("X-Region", "eu-*"), values("X-User", "alice")],
            id="two headers",
        ),
        pytest.param(
            [ALICE, match("x-user", exact="bob")], [values("X-User", "alice", "bob")], id="one header twice"
        ),
        pytest.param(
            [ALICE, match("X-User", regex="^b")],
            [patterns("X-User", "^alice$", "^b")],
            id="one header in two kinds",
        ),
    ],
)
def test_requests_with_the_headers_go_to_the_canary_only(
    stub: Stub, clinic: Petclinic, matches: list[Json], conditions: list[Json]
) -> None:
    (returned,) = stub.SetHeaderRoute(clinic.set_header_route("beta", *matches)).rules
    made, base, _ = clinic.rules()
    assert (returned.rule_arn, returned.route, returned.priority, returned.changed) == (
        made["RuleArn"],
        "beta",
        9,
        True,
    )
    assert base["RuleArn"] == clinic.rule
    assert made["Priority"] == "9"
    assert sorted(made["Conditions"], key=str) == sorted([*conditions, PATH], key=str)
    (forward,) = made["Actions"]
    assert forward["ForwardConfig"]["TargetGroups"] == [{"TargetGroupArn": clinic.canary, "Weight": 1}]
    assert clinic.tags(returned.rule_arn) == TAGS
    assert [entry["action"] for entry in clinic.writes()] == ["CreateRule"]


@pytest.mark.parametrize("made", [("a", "b", "c"), ("c", "b", "a"), ("b", "c", "a")], ids="".join)
def test_routes_have_priorities_in_the_order_of_managed_routes(
    stub: Stub, clinic: Petclinic, made: tuple[str, ...]
) -> None:
    rollout = clinic.with_routes("a", "b", "c")
    for name in made:
        stub.SetHeaderRoute(clinic.set_header_route(name, match("X-User", exact=name), rollout=rollout))
    rules = clinic.rules()
    assert [rule["Priority"] for rule in rules] == ["7", "8", "9", "10", "default"]
    routes = [clinic.tags(rule["RuleArn"])["elbv2-trafficrouter/route"] for rule in rules[:3]]
    assert routes == ["a", "b", "c"]


def test_tags_contain_the_cluster_and_the_instance(clinic: Petclinic, volumes: Path) -> None:
    names = ("--cluster", "lab", "--instance", "green")
    with sidecar(volumes, environment(clinic.url, **CREDENTIALS), *names) as router, router.stub() as stub:
        (returned,) = stub.SetHeaderRoute(clinic.set_header_route("beta", ALICE)).rules
    assert clinic.tags(returned.rule_arn) == TAGS | {
        "elbv2-trafficrouter/cluster": "lab",
        "elbv2-trafficrouter/instance": "green",
    }


def test_everything_in_the_base_rule_is_copied(stub: Stub, clinic: Petclinic) -> None:
    """An HTTPS rule with a login, transforms and conditions of all kinds."""
    listener = clinic.listen(443, "HTTPS")
    conditions: Any = [
        {"Field": "host-header", "HostHeaderConfig": {"RegexValues": [r"^petclinic\.example\.com$"]}},
        {"Field": "http-request-method", "HttpRequestMethodConfig": {"Values": ["GET"]}},
        {"Field": "query-string", "QueryStringConfig": {"Values": [{"Key": "v", "Value": "1"}]}},
        {"Field": "source-ip", "SourceIpConfig": {"Values": ["10.0.0.0/8"]}},
    ]
    login: Any = {
        "Type": "authenticate-cognito",
        "Order": 1,
        "AuthenticateCognitoConfig": {
            "UserPoolArn": "arn:aws:cognito-idp:eu-west-1:123456789012:userpool/eu-west-1_AbCdEfGhI",
            "UserPoolClientId": "petclinic",
            "UserPoolDomain": "petclinic",
            "OnUnauthenticatedRequest": "deny",
        },
    }
    forward: Any = {
        "Type": "forward",
        "Order": 2,
        "ForwardConfig": {
            "TargetGroups": [{"TargetGroupArn": clinic.stable, "Weight": 1}],
            "TargetGroupStickinessConfig": {"Enabled": True, "DurationSeconds": 300},
        },
    }
    transforms: Any = [
        {"Type": "url-rewrite", "UrlRewriteConfig": {"Rewrites": [{"Regex": "^/a/(.*)", "Replace": "/$1"}]}},
        {
            "Type": "host-header-rewrite",
            "HostHeaderRewriteConfig": {"Rewrites": [{"Regex": "petclinic", "Replace": "was"}]},
        },
    ]
    base = clinic.client.create_rule(
        ListenerArn=listener,
        Priority=7,
        Conditions=conditions,
        Actions=[login, forward],
        Transforms=transforms,
    )["Rules"][0]["RuleArn"]
    rollout = clinic.with_routes("beta", config=clinic.config(rules=[{"arn": base}]))
    stub.SetHeaderRoute(clinic.set_header_route("beta", ALICE, rollout=rollout))
    made, base_rule, _ = clinic.rules(listener)
    assert made["Priority"] == "6"
    assert base_rule["Transforms"] == transforms
    assert sorted(made["Transforms"], key=str) == sorted(transforms, key=str)
    assert made["Actions"][0] == base_rule["Actions"][0]
    assert made["Actions"][1]["ForwardConfig"]["TargetGroups"] == [
        {"TargetGroupArn": clinic.canary, "Weight": 1}
    ]
    alice = values("X-User", "alice")
    assert sorted(made["Conditions"], key=str) == sorted([*base_rule["Conditions"], alice], key=str)


def test_a_jwt_validation_and_values_in_the_old_form_are_copied(stub: Stub, clinic: Petclinic) -> None:
    listener = clinic.listen(443, "HTTPS")
    jwt: Any = {
        "Type": "jwt-validation",
        "Order": 1,
        "JwtValidationConfig": {"JwksEndpoint": "https://example.com/jwks", "Issuer": "https://example.com"},
    }
    base = clinic.client.create_rule(
        ListenerArn=listener,
        Priority=7,
        Conditions=[{"Field": "path-pattern", "Values": ["/petclinic*"]}],
        Actions=[jwt, {"Type": "forward", "Order": 2, "TargetGroupArn": clinic.stable}],
    )["Rules"][0]["RuleArn"]
    rollout = clinic.with_routes("beta", config=clinic.config(rules=[{"arn": base}]))
    stub.SetHeaderRoute(clinic.set_header_route("beta", ALICE, rollout=rollout))
    made, base_rule, _ = clinic.rules(listener)
    assert made["Actions"][0] == base_rule["Actions"][0]
    assert sorted(made["Conditions"], key=str) == sorted([PATH, values("X-User", "alice")], key=str)


# Routes that are repeated, changed and removed


def test_ten_times_the_same_route_is_one_create(stub: Stub, clinic: Petclinic) -> None:
    answers = [stub.SetHeaderRoute(clinic.set_header_route("beta", ALICE)) for _ in range(10)]
    assert [entry["action"] for entry in clinic.writes()] == ["CreateRule"]
    assert [answer.rules[0].changed for answer in answers] == [True] + [False] * 9
    assert len({answer.rules[0].rule_arn for answer in answers}) == 1


def test_another_match_modifies_the_rule_in_place(stub: Stub, clinic: Petclinic) -> None:
    (made,) = stub.SetHeaderRoute(clinic.set_header_route("beta", ALICE)).rules
    for _ in range(10):
        (changed,) = stub.SetHeaderRoute(clinic.set_header_route("beta", match("X-User", prefix="bob"))).rules
    rule, _, _ = clinic.rules()
    assert (rule["RuleArn"], rule["Priority"]) == (changed.rule_arn, "9")
    assert changed.rule_arn == made.rule_arn
    assert values("X-User", "bob*") in rule["Conditions"]
    assert clinic.tags(changed.rule_arn) == TAGS
    assert [entry["action"] for entry in clinic.writes()] == ["CreateRule", "ModifyRule"]


def test_a_route_without_a_match_is_the_only_one_removed(stub: Stub, clinic: Petclinic) -> None:
    rollout = clinic.with_routes("beta", "internal")
    for name in ("beta", "internal"):
        stub.SetHeaderRoute(clinic.set_header_route(name, ALICE, rollout=rollout))
    for _ in range(10):
        assert list(stub.SetHeaderRoute(clinic.set_header_route("beta", rollout=rollout)).rules) == []
    kept, base, _ = clinic.rules()
    assert clinic.tags(kept["RuleArn"]) == TAGS | {"elbv2-trafficrouter/route": "internal"}
    assert base["RuleArn"] == clinic.rule
    assert [entry["action"] for entry in clinic.writes()] == ["CreateRule", "CreateRule", "DeleteRule"]


def test_a_removal_deletes_all_of_our_rules_and_no_others(stub: Stub, clinic: Petclinic) -> None:
    stub.SetWeight(clinic.set_weight(10))
    before = clinic.rules()
    rollout = clinic.with_routes("beta", "internal")
    made = [
        stub.SetHeaderRoute(clinic.set_header_route(name, ALICE, rollout=rollout)).rules[0].rule_arn
        for name in ("beta", "internal")
    ]
    removed = stub.RemoveManagedRoutes(clinic.remove_managed_routes(rollout)).removed_rule_arns
    assert sorted(removed) == sorted(made)
    assert clinic.rules() == before
    again = stub.RemoveManagedRoutes(clinic.remove_managed_routes(rollout))
    assert list(again.removed_rule_arns) == []
    assert [entry["action"] for entry in clinic.writes()[3:]] == ["DeleteRule"] * 2


def test_a_forged_tag_deletes_nothing(stub: Stub, clinic: Petclinic) -> None:
    """A rule that forwards elsewhere and the base rule have all our tags; one like ours has most of them."""
    alice: Any = values("X-User", "alice")
    for priority, group, tags in (
        (3, clinic.web, TAGS),
        (4, clinic.canary, TAGS | {"elbv2-trafficrouter/rollout-uid": "another"}),
    ):
        clinic.client.create_rule(
            ListenerArn=clinic.listener,
            Priority=priority,
            Conditions=[alice],
            Actions=[{"Type": "forward", "TargetGroupArn": group}],
            Tags=[{"Key": key, "Value": value} for key, value in tags.items()],
        )
    clinic.client.modify_rule(RuleArn=clinic.rule, Conditions=[alice])
    clinic.client.add_tags(
        ResourceArns=[clinic.rule], Tags=[{"Key": key, "Value": value} for key, value in TAGS.items()]
    )
    assert list(stub.RemoveManagedRoutes(clinic.remove_managed_routes()).removed_rule_arns) == []
    assert [rule["Priority"] for rule in clinic.rules()] == ["3", "4", "10", "default"]


# A lost rule, and an update that has ended


def test_a_new_process_recreates_a_lost_rule(clinic: Petclinic, volumes: Path) -> None:
    steps = [{"setHeaderRoute": {"name": "beta", "match": [ALICE]}}, {"setWeight": 10}]
    rollout = clinic.with_routes("beta", steps=steps)
    variables = environment(clinic.url, **CREDENTIALS)
    with sidecar(volumes, variables) as router, router.stub() as stub:
        (made,) = stub.SetHeaderRoute(clinic.set_header_route("beta", ALICE, rollout=rollout)).rules
        router.end()
    clinic.client.delete_rule(RuleArn=made.rule_arn)
    with sidecar(volumes, variables) as router, router.stub() as stub:
        first = stub.SetWeight(clinic.set_weight(10, rollout))
        assert (first.rules[0].changed, list(first.header_rules)) == (True, [])
        verified = stub.VerifyWeight(clinic.verify_weight(10, rollout))
        assert verified.verification == pb.VERIFICATION_NOT_VERIFIED
        assert verified.reason == (
            f"The rule of the header route 'beta' is missing above {clinic.rule.split(':')[-1]}. "
            "The next SetWeight recreates it."
        )
        (again,) = stub.SetWeight(clinic.set_weight(10, rollout)).header_rules
        assert (again.route, again.priority, again.changed) == ("beta", 9, True)
        assert clinic.tags(again.rule_arn) == TAGS
        verified = stub.VerifyWeight(clinic.verify_weight(10, rollout))
        assert (verified.verification, verified.reason) == (pb.VERIFICATION_VERIFIED, "")


@pytest.mark.parametrize(
    "status",
    [
        pytest.param({"abort": True}, id="aborted"),
        pytest.param({"promoteFull": True}, id="promoted in full"),
        pytest.param({"currentPodHash": "687d76d795"}, id="done"),
    ],
)
def test_after_an_update_has_ended_no_route_is_created_and_aws_is_not_called(
    stub: Stub, clinic: Petclinic, status: Json
) -> None:
    rollout = clinic.with_routes("beta")
    rollout["status"] |= status
    assert list(stub.SetHeaderRoute(clinic.set_header_route("beta", ALICE, rollout=rollout)).rules) == []
    assert clinic.journal() == []
