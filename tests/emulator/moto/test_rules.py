"""Rules: their order, number, conditions and pages."""

from typing import Any

import pytest

from support.aws.refusals import accepted, refused

FIXED = [{"Type": "fixed-response", "FixedResponseConfig": {"StatusCode": "200"}}]


def path(*values: str) -> dict[str, Any]:
    return {"Field": "path-pattern", "PathPatternConfig": {"Values": list(values)}}


def host(*values: str, **more: Any) -> dict[str, Any]:
    return {"Field": "host-header", "HostHeaderConfig": {"Values": list(values)}, **more}


def method(*values: str) -> dict[str, Any]:
    return {"Field": "http-request-method", "HttpRequestMethodConfig": {"Values": list(values)}}


def source(*values: str) -> dict[str, Any]:
    return {"Field": "source-ip", "SourceIpConfig": {"Values": list(values)}}


def make(elbv2: Any, petclinic: Any, priority: int, *conditions: dict[str, Any]) -> str:
    made = elbv2.create_rule(
        ListenerArn=petclinic.listener,
        Priority=priority,
        Conditions=list(conditions) or [path("/owners/*")],
        Actions=FIXED,
    )
    return str(made["Rules"][0]["RuleArn"])


def test_rules_are_described_in_the_order_of_their_priorities(elbv2: Any, petclinic: Any) -> None:
    """Row: rules."""
    for priority in (300, 20, 4):
        make(elbv2, petclinic, priority)
    rules = elbv2.describe_rules(ListenerArn=petclinic.listener)["Rules"]
    assert [rule["Priority"] for rule in rules] == ["1", "4", "20", "300", "default"]


@pytest.mark.parametrize("priority", [0, 50001, 99999])
def test_a_priority_outside_1_to_50000_is_refused(elbv2: Any, petclinic: Any, priority: int) -> None:
    """Row: rules."""
    with refused("ValidationError", "priority"):
        make(elbv2, petclinic, priority)


def test_a_load_balancer_has_at_most_100_rules_besides_default_rules(elbv2: Any, petclinic: Any) -> None:
    """Row: rules."""
    for priority in range(2, 101):
        make(elbv2, petclinic, priority)
    with refused("TooManyRules"):
        make(elbv2, petclinic, 101)


def test_two_rules_swap_their_priorities(elbv2: Any, petclinic: Any) -> None:
    """Row: SetRulePriorities swap."""
    other = make(elbv2, petclinic, 2)
    swapped = [{"RuleArn": other, "Priority": 1}, {"RuleArn": petclinic.rule, "Priority": 2}]
    with accepted():
        elbv2.set_rule_priorities(RulePriorities=swapped)
    rules = elbv2.describe_rules(RuleArns=[other, petclinic.rule])["Rules"]
    assert {rule["RuleArn"]: rule["Priority"] for rule in rules} == {other: "1", petclinic.rule: "2"}


@pytest.mark.parametrize("size", [401, 500])
def test_a_page_has_at_most_400_items(elbv2: Any, petclinic: Any, size: int) -> None:
    """Row: paging."""
    with refused("ValidationError", "pageSize"):
        elbv2.describe_rules(ListenerArn=petclinic.listener, PageSize=size)


def test_a_page_may_have_more_than_50_items(elbv2: Any, petclinic: Any) -> None:
    """Row: paging."""
    for priority in range(2, 60):
        make(elbv2, petclinic, priority)
    assert len(elbv2.describe_rules(ListenerArn=petclinic.listener)["Rules"]) == 60


def test_listeners_are_described_in_pages(elbv2: Any, petclinic: Any) -> None:
    """Row: paging."""
    for port in (80, 81):
        elbv2.create_listener(
            LoadBalancerArn=petclinic.balancer, Protocol="HTTP", Port=port, DefaultActions=FIXED
        )
    first = elbv2.describe_listeners(LoadBalancerArn=petclinic.balancer, PageSize=2)
    assert len(first["Listeners"]) == 2
    last = elbv2.describe_listeners(
        LoadBalancerArn=petclinic.balancer, PageSize=2, Marker=first["NextMarker"]
    )
    assert [listener["Port"] for listener in last["Listeners"]] == [81]


def test_target_groups_are_described_in_pages(elbv2: Any, make_group: Any) -> None:
    """Row: paging."""
    for name in ("was-stable", "was-canary", "web"):
        make_group(name)
    first = elbv2.describe_target_groups(PageSize=2)
    assert len(first["TargetGroups"]) == 2
    last = elbv2.describe_target_groups(PageSize=2, Marker=first["NextMarker"])
    assert [group["TargetGroupName"] for group in last["TargetGroups"]] == ["web"]


def test_account_limits_are_described_in_pages(elbv2: Any) -> None:
    """Row: paging."""
    limits = elbv2.describe_account_limits()["Limits"]
    pages = elbv2.get_paginator("describe_account_limits").paginate(PaginationConfig={"PageSize": 3})
    shown = [page["Limits"] for page in pages]
    assert max(map(len, shown)) == 3
    assert [limit for page in shown for limit in page] == limits


def test_tags_of_at_most_20_resources_are_described_in_one_call(elbv2: Any, petclinic: Any) -> None:
    """Row: DescribeTags."""
    arns = [petclinic.rule, *(make(elbv2, petclinic, priority) for priority in range(2, 22))]
    assert len(elbv2.describe_tags(ResourceArns=arns[:20])["TagDescriptions"]) == 20
    with refused("ValidationError", "20"):
        elbv2.describe_tags(ResourceArns=arns)


@pytest.mark.parametrize(
    "conditions",
    [
        pytest.param([path("/a", "/b", "/c", "/d")], id="4 values"),
        pytest.param([path("/a", "/b", "/c"), host("a.b", "c.d"), method("GET")], id="6 values in the rule"),
        pytest.param([path("/*/*/*"), host("*.*.*.com")], id="6 wildcards in the rule"),
        pytest.param([path("/a"), path("/b")], id="two paths"),
        pytest.param([host("a.b"), host("c.d")], id="two hosts"),
        pytest.param([method("GET"), method("PUT")], id="two methods"),
        pytest.param([source("10.0.0.0/8"), source("172.16.0.0/12")], id="two sources"),
        pytest.param([host("a.b", Values=["a.b"])], id="values beside their config"),
        pytest.param(
            [{"Field": "path-pattern", "PathPatternConfig": {"Values": ["/a"], "RegexValues": ["^/a"]}}],
            id="values and regular expressions",
        ),
    ],
)
def test_conditions_beyond_the_limits_are_refused(elbv2: Any, petclinic: Any, conditions: Any) -> None:
    """Row: conditions."""
    with refused("ValidationError"):
        make(elbv2, petclinic, 2, *conditions)


def test_values_are_described_beside_their_config_but_cannot_be_sent_like_this(
    elbv2: Any, petclinic: Any
) -> None:
    """Row: conditions."""
    rule = make(elbv2, petclinic, 2, host("a.example.com"))
    (found,) = elbv2.describe_rules(RuleArns=[rule])["Rules"]
    assert found["Conditions"] == [host("a.example.com", Values=["a.example.com"])]
    with refused("ValidationError", "You cannot provide both Values and 'HostHeaderConfig'"):
        elbv2.modify_rule(RuleArn=rule, Conditions=found["Conditions"])
