"""Rules: what a change replaces, how they are described, which rules cannot be changed, order and pages."""

from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError


def only(elbv2: Any, rule: str) -> dict[str, Any]:
    (found,) = elbv2.describe_rules(RuleArns=[rule])["Rules"]
    return dict(found)


def fixed(status: str = "200") -> list[dict[str, Any]]:
    return [{"Type": "fixed-response", "FixedResponseConfig": {"StatusCode": status}}]


def path(*values: str) -> list[dict[str, Any]]:
    return [{"Field": "path-pattern", "PathPatternConfig": {"Values": list(values)}}]


TRANSFORMS = [
    {"Type": "url-rewrite", "UrlRewriteConfig": {"Rewrites": [{"Regex": "^/a/(.*)$", "Replace": "/b/$1"}]}}
]


def test_a_rule_is_described_as_on_aws(elbv2: Any, petclinic: Any) -> None:
    """Fact: Order is required for several actions, and returned even for a single one."""
    rule = only(elbv2, petclinic.rule)
    assert rule == {
        "RuleArn": petclinic.rule,
        "Priority": "1",
        "Conditions": [
            {
                "Field": "path-pattern",
                "Values": ["/petclinic*"],
                "PathPatternConfig": {"Values": ["/petclinic*"]},
            }
        ],
        "Actions": [
            {
                "Type": "forward",
                "Order": 1,
                "ForwardConfig": {
                    "TargetGroups": [
                        {"TargetGroupArn": petclinic.stable, "Weight": 90},
                        {"TargetGroupArn": petclinic.canary, "Weight": 10},
                    ],
                    "TargetGroupStickinessConfig": {"Enabled": False},
                },
            }
        ],
        "IsDefault": False,
    }


def test_arns_have_the_format_of_aws(petclinic: Any) -> None:
    """Fact: ARNs contain the names and ids of the resources above."""
    *_, name, balancer, listener, rule = petclinic.rule.split("/")
    assert petclinic.rule.startswith("arn:aws:elasticloadbalancing:eu-west-1:123456789012:listener-rule/app/")
    assert petclinic.listener.endswith(f":listener/app/{name}/{balancer}/{listener}")
    assert petclinic.balancer.endswith(f":loadbalancer/app/{name}/{balancer}")
    assert all(len(identity) == 16 for identity in (balancer, listener, rule))


def test_a_single_group_is_described_in_both_forms(elbv2: Any, petclinic: Any) -> None:
    """Fact: a single group is also returned beside ForwardConfig."""
    elbv2.modify_rule(
        RuleArn=petclinic.rule, Actions=[{"Type": "forward", "TargetGroupArn": petclinic.stable}]
    )
    (action,) = only(elbv2, petclinic.rule)["Actions"]
    assert action["TargetGroupArn"] == petclinic.stable
    assert action["ForwardConfig"]["TargetGroups"] == [{"TargetGroupArn": petclinic.stable, "Weight": 1}]
    # Both forms may be sent back together as long as they agree.
    elbv2.modify_rule(RuleArn=petclinic.rule, Actions=[action])


def test_two_groups_are_described_without_the_short_form(elbv2: Any, petclinic: Any) -> None:
    assert "TargetGroupArn" not in only(elbv2, petclinic.rule)["Actions"][0]


@pytest.mark.parametrize(
    ("sent", "returned"),
    [
        pytest.param(None, {"Enabled": False}, id="absent"),
        pytest.param({"Enabled": False}, {"Enabled": False}, id="disabled"),
        pytest.param(
            {"Enabled": False, "DurationSeconds": 60}, {"Enabled": False}, id="disabled with a duration"
        ),
        pytest.param(
            {"Enabled": True, "DurationSeconds": 60}, {"Enabled": True, "DurationSeconds": 60}, id="on"
        ),
    ],
)
def test_disabled_stickiness_is_described_without_a_duration(
    elbv2: Any, petclinic: Any, sent: Any, returned: Any
) -> None:
    """Fact: disabled group stickiness is returned without a duration."""
    actions = petclinic.split(1, 1)
    if sent is not None:
        actions[0]["ForwardConfig"]["TargetGroupStickinessConfig"] = sent
    elbv2.modify_rule(RuleArn=petclinic.rule, Actions=actions)
    assert (
        only(elbv2, petclinic.rule)["Actions"][0]["ForwardConfig"]["TargetGroupStickinessConfig"] == returned
    )


def test_modify_rule_replaces_what_is_specified_and_nothing_else(elbv2: Any, petclinic: Any) -> None:
    """Fact: ModifyRule replaces each specified member as a whole; the others stay."""
    elbv2.modify_rule(RuleArn=petclinic.rule, Transforms=TRANSFORMS)
    before = only(elbv2, petclinic.rule)
    (answered,) = elbv2.modify_rule(RuleArn=petclinic.rule, Actions=petclinic.split(1, 3))["Rules"]
    after = only(elbv2, petclinic.rule)
    assert answered == after
    weights = [group["Weight"] for group in after["Actions"][0]["ForwardConfig"]["TargetGroups"]]
    assert weights == [1, 3]
    assert {**after, "Actions": []} == {**before, "Actions": []}
    elbv2.modify_rule(RuleArn=petclinic.rule, Conditions=path("/owners/*", "/vets"))
    changed = only(elbv2, petclinic.rule)
    assert changed["Conditions"][0]["Values"] == ["/owners/*", "/vets"]
    assert {**changed, "Conditions": []} == {**after, "Conditions": []}


def test_modify_rule_replaces_all_actions(elbv2: Any, petclinic: Any) -> None:
    """Fact: ModifyRule replaces each specified member as a whole; the others stay."""
    jwt = {"JwksEndpoint": "https://idp.example.com/jwks", "Issuer": "https://idp.example.com"}
    elbv2.modify_rule(
        RuleArn=petclinic.rule,
        Actions=[
            {"Type": "jwt-validation", "Order": 1, "JwtValidationConfig": jwt},
            {**petclinic.split(90, 10)[0], "Order": 2},
        ],
    )
    assert len(only(elbv2, petclinic.rule)["Actions"]) == 2
    elbv2.modify_rule(RuleArn=petclinic.rule, Actions=petclinic.split(80, 20))
    assert [action["Type"] for action in only(elbv2, petclinic.rule)["Actions"]] == ["forward"]


def test_transforms_stay_until_they_are_reset(elbv2: Any, petclinic: Any) -> None:
    """Fact: ResetTransforms removes transforms; otherwise they stay."""
    elbv2.modify_rule(RuleArn=petclinic.rule, Transforms=TRANSFORMS)
    elbv2.modify_rule(RuleArn=petclinic.rule, Actions=petclinic.split(50, 50))
    assert only(elbv2, petclinic.rule)["Transforms"] == TRANSFORMS
    elbv2.modify_rule(RuleArn=petclinic.rule, ResetTransforms=True)
    assert "Transforms" not in only(elbv2, petclinic.rule)


def test_a_refused_change_changes_nothing(elbv2: Any, petclinic: Any) -> None:
    before = only(elbv2, petclinic.rule)
    with pytest.raises(ClientError, match="ValidationError"):
        elbv2.modify_rule(
            RuleArn=petclinic.rule, Actions=petclinic.split(1, 1), Conditions=path("/a", "/b", "/c", "/d")
        )
    assert only(elbv2, petclinic.rule) == before


def test_modify_rule_cannot_change_the_default_rule(elbv2: Any, petclinic: Any) -> None:
    """Fact: only ModifyListener changes the default rule, and replaces its actions as a whole."""
    default = elbv2.describe_rules(ListenerArn=petclinic.listener)["Rules"][-1]
    assert default["IsDefault"]
    assert default["Priority"] == "default"
    refusals: tuple[Callable[[], Any], ...] = (
        lambda: elbv2.modify_rule(RuleArn=default["RuleArn"], Actions=fixed()),
        lambda: elbv2.delete_rule(RuleArn=default["RuleArn"]),
        lambda: elbv2.set_rule_priorities(RulePriorities=[{"RuleArn": default["RuleArn"], "Priority": 5}]),
    )
    for refused in refusals:
        with pytest.raises(ClientError, match="OperationNotPermitted"):
            refused()


def test_priorities_can_be_swapped_but_not_taken(elbv2: Any, petclinic: Any) -> None:
    """Fact: priorities are unique, and SetRulePriorities may permute them."""
    made = elbv2.create_rule(
        ListenerArn=petclinic.listener, Priority=2, Conditions=path("/x"), Actions=fixed()
    )
    other = made["Rules"][0]["RuleArn"]
    with pytest.raises(ClientError, match="PriorityInUse"):
        elbv2.set_rule_priorities(RulePriorities=[{"RuleArn": other, "Priority": 1}])
    elbv2.set_rule_priorities(
        RulePriorities=[
            {"RuleArn": other, "Priority": 1},
            {"RuleArn": petclinic.rule, "Priority": 2},
        ]
    )
    rules = elbv2.describe_rules(ListenerArn=petclinic.listener)["Rules"]
    assert [rule["RuleArn"] for rule in rules[:2]] == [other, petclinic.rule]


@pytest.fixture
def elsewhere(elbv2: Any, petclinic: Any) -> str:
    """A rule with priority 7 on another listener of the same load balancer."""
    made = elbv2.create_listener(
        LoadBalancerArn=petclinic.balancer, Protocol="HTTP", Port=80, DefaultActions=fixed()
    )
    listener = made["Listeners"][0]["ListenerArn"]
    made = elbv2.create_rule(ListenerArn=listener, Priority=7, Conditions=path("/x"), Actions=fixed())
    return str(made["Rules"][0]["RuleArn"])


def test_priorities_of_two_listeners_cannot_be_set_at_once(
    elbv2: Any, petclinic: Any, elsewhere: str
) -> None:
    pairs = [{"RuleArn": petclinic.rule, "Priority": 4}, {"RuleArn": elsewhere, "Priority": 5}]
    with pytest.raises(ClientError, match="ValidationError"):
        elbv2.set_rule_priorities(RulePriorities=pairs)
    (rule,) = elbv2.describe_rules(RuleArns=[petclinic.rule])["Rules"]
    assert rule["Priority"] == "1"


def test_a_priority_is_taken_on_its_own_listener_only(elbv2: Any, petclinic: Any, elsewhere: str) -> None:
    elbv2.set_rule_priorities(RulePriorities=[{"RuleArn": petclinic.rule, "Priority": 7}])
    rules = elbv2.describe_rules(RuleArns=[petclinic.rule, elsewhere])["Rules"]
    assert [rule["Priority"] for rule in rules] == ["7", "7"]


def test_rules_are_described_in_pages(elbv2: Any, petclinic: Any) -> None:
    """Fact: a page has 1 to 400 items and a marker."""
    for priority in range(2, 12):
        elbv2.create_rule(
            ListenerArn=petclinic.listener, Priority=priority, Conditions=path("/x"), Actions=fixed()
        )
    pages = elbv2.get_paginator("describe_rules").paginate(
        ListenerArn=petclinic.listener, PaginationConfig={"PageSize": 5}
    )
    shown = [[rule["Priority"] for rule in page["Rules"]] for page in pages]
    assert [len(page) for page in shown] == [5, 5, 2]
    assert [priority for page in shown for priority in page] == [*map(str, range(1, 12)), "default"]


def test_a_full_last_page_has_no_next_marker(elbv2: Any, petclinic: Any) -> None:
    first = elbv2.describe_rules(ListenerArn=petclinic.listener, PageSize=1)
    last = elbv2.describe_rules(ListenerArn=petclinic.listener, PageSize=1, Marker=first["NextMarker"])
    assert len(first["Rules"]) == len(last["Rules"]) == 1
    assert "NextMarker" not in last


@pytest.mark.parametrize("size", [0, 401])
def test_a_page_has_1_to_400_items(elbv2: Any, petclinic: Any, size: int) -> None:
    """Fact: a page has 1 to 400 items and a marker."""
    with pytest.raises(ClientError, match=r"\(ValidationError\).*'pageSize'"):
        elbv2.describe_rules(ListenerArn=petclinic.listener, PageSize=size)


def test_a_marker_that_was_never_returned_is_refused(elbv2: Any, petclinic: Any) -> None:
    with pytest.raises(ClientError, match=r"\(ValidationError\).*Marker"):
        elbv2.describe_rules(ListenerArn=petclinic.listener, Marker="page-2")


def test_rules_are_described_by_listener_or_by_arn(elbv2: Any, petclinic: Any) -> None:
    """Fact: DescribeRules takes RuleArns or ListenerArn."""
    with pytest.raises(ClientError, match="ValidationError"):
        elbv2.describe_rules()
    with pytest.raises(ClientError, match="ValidationError"):
        elbv2.describe_rules(ListenerArn=petclinic.listener, RuleArns=[petclinic.rule])


def test_one_missing_rule_fails_the_whole_description(elbv2: Any, petclinic: Any) -> None:
    """Fact: one missing ARN fails the whole call."""
    missing = petclinic.rule[:-16] + "0" * 16
    with pytest.raises(ClientError, match=rf"\(RuleNotFound\).*{missing}"):
        elbv2.describe_rules(RuleArns=[petclinic.rule, missing])


@pytest.mark.parametrize(
    "call",
    [
        pytest.param(lambda elbv2, arn: elbv2.describe_rules(RuleArns=[arn]), id="describe"),
        pytest.param(lambda elbv2, arn: elbv2.modify_rule(RuleArn=arn, Actions=fixed()), id="modify"),
        pytest.param(lambda elbv2, arn: elbv2.delete_rule(RuleArn=arn), id="delete"),
    ],
)
def test_a_missing_rule_and_an_arn_of_another_kind_are_different_errors(
    elbv2: Any, petclinic: Any, call: Callable[[Any, str], Any]
) -> None:
    elbv2.delete_rule(RuleArn=petclinic.rule)
    with pytest.raises(ClientError, match="RuleNotFound"):
        call(elbv2, petclinic.rule)
    with pytest.raises(ClientError, match=r"\(ValidationError\).*is not a valid rule ARN"):
        call(elbv2, petclinic.listener)
