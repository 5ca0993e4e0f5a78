"""Target groups: their load balancers, and their targets."""

from collections.abc import Callable
from typing import Any

import pytest

from support.aws.refusals import refused
from support.emulator.ground import Ground

FIXED = [{"Type": "fixed-response", "FixedResponseConfig": {"StatusCode": "200"}}]
PATH = [{"Field": "path-pattern", "PathPatternConfig": {"Values": ["/owners/*"]}}]


def to(group: str) -> list[dict[str, Any]]:
    return [{"Type": "forward", "TargetGroupArn": group}]


def balancers(elbv2: Any, group: str) -> list[str]:
    (found,) = elbv2.describe_target_groups(TargetGroupArns=[group])["TargetGroups"]
    return list(found["LoadBalancerArns"])


def on_listener(elbv2: Any, petclinic: Any, group: str) -> None:
    elbv2.modify_listener(ListenerArn=petclinic.listener, DefaultActions=to(group))


def on_rule(elbv2: Any, petclinic: Any, group: str) -> None:
    elbv2.modify_rule(RuleArn=petclinic.rule, Actions=to(group))


def off_rule(elbv2: Any, petclinic: Any) -> None:
    elbv2.modify_rule(RuleArn=petclinic.rule, Actions=FIXED)


def off_listener(elbv2: Any, petclinic: Any) -> None:
    elbv2.modify_listener(ListenerArn=petclinic.listener, DefaultActions=FIXED)


def rule_gone(elbv2: Any, petclinic: Any) -> None:
    elbv2.delete_rule(RuleArn=petclinic.rule)


@pytest.mark.parametrize(
    ("use", "free"), [(on_rule, off_rule), (on_rule, rule_gone), (on_listener, off_listener)]
)
def test_a_groups_load_balancers_follow_every_write(
    elbv2: Any, petclinic: Any, make_group: Any, use: Callable[..., None], free: Callable[..., None]
) -> None:
    """Row: load balancers of a target group."""
    group = make_group("web")
    use(elbv2, petclinic, group)
    used = balancers(elbv2, group)
    free(elbv2, petclinic)
    assert (used, balancers(elbv2, group)) == ([petclinic.balancer], [])


def test_a_group_belongs_to_one_load_balancer(elbv2: Any, petclinic: Any, ground: Ground) -> None:
    """Row: a group on two load balancers."""
    (other,) = elbv2.create_load_balancer(Name="other", Subnets=ground.subnets)["LoadBalancers"]
    with refused("TargetGroupAssociationLimit"):
        elbv2.create_listener(
            LoadBalancerArn=other["LoadBalancerArn"],
            Protocol="HTTP",
            Port=80,
            DefaultActions=to(petclinic.canary),
        )


def test_a_rule_cannot_forward_to_a_group_of_another_load_balancer(
    elbv2: Any, petclinic: Any, make_group: Any, ground: Ground
) -> None:
    """Row: a group on two load balancers."""
    (other,) = elbv2.create_load_balancer(Name="other", Subnets=ground.subnets)["LoadBalancers"]
    group = make_group("web")
    elbv2.create_listener(
        LoadBalancerArn=other["LoadBalancerArn"], Protocol="HTTP", Port=80, DefaultActions=to(group)
    )
    with refused("TargetGroupAssociationLimit"):
        elbv2.modify_rule(RuleArn=petclinic.rule, Actions=to(group))
    with refused("TargetGroupAssociationLimit"):
        elbv2.modify_listener(ListenerArn=petclinic.listener, DefaultActions=to(group))
    with refused("TargetGroupAssociationLimit"):
        elbv2.create_rule(ListenerArn=petclinic.listener, Priority=2, Conditions=PATH, Actions=to(group))


def test_a_target_is_unused_while_no_rule_names_its_group(elbv2: Any, make_group: Any) -> None:
    """Row: target health."""
    group = make_group("web")
    elbv2.register_targets(TargetGroupArn=group, Targets=[{"Id": "10.64.0.3", "Port": 8080}])
    (target,) = elbv2.describe_target_health(TargetGroupArn=group)["TargetHealthDescriptions"]
    assert (target["TargetHealth"]["State"], target["TargetHealth"].get("Reason")) == (
        "unused",
        "Target.NotInUse",
    )


def test_a_target_is_initial_until_it_has_passed_a_check(elbv2: Any, petclinic: Any) -> None:
    """Row: target health."""
    elbv2.register_targets(TargetGroupArn=petclinic.stable, Targets=[{"Id": "10.64.0.3", "Port": 8080}])
    (target,) = elbv2.describe_target_health(TargetGroupArn=petclinic.stable)["TargetHealthDescriptions"]
    assert target["TargetHealth"]["State"] == "initial"


def test_a_deregistered_target_drains(elbv2: Any, petclinic: Any) -> None:
    """Row: target health."""
    targets = [{"Id": "10.64.0.3", "Port": 8080}]
    elbv2.register_targets(TargetGroupArn=petclinic.stable, Targets=targets)
    elbv2.deregister_targets(TargetGroupArn=petclinic.stable, Targets=targets)
    described = elbv2.describe_target_health(TargetGroupArn=petclinic.stable)["TargetHealthDescriptions"]
    assert [target["TargetHealth"]["State"] for target in described] == ["draining"]


def test_one_address_with_two_ports_is_two_targets(elbv2: Any, petclinic: Any) -> None:
    """Row: targets."""
    targets = [{"Id": "10.64.0.3", "Port": 8080}, {"Id": "10.64.0.3", "Port": 9090}]
    elbv2.register_targets(TargetGroupArn=petclinic.stable, Targets=targets)
    described = elbv2.describe_target_health(TargetGroupArn=petclinic.stable)["TargetHealthDescriptions"]
    assert [target["Target"]["Port"] for target in described] == [8080, 9090]


def test_an_address_with_an_unregistered_port_is_another_target(elbv2: Any, petclinic: Any) -> None:
    """Row: targets."""
    elbv2.register_targets(TargetGroupArn=petclinic.stable, Targets=[{"Id": "10.64.0.3", "Port": 9090}])
    asked = [{"Id": "10.64.0.3", "Port": 8080}]
    answer = elbv2.describe_target_health(TargetGroupArn=petclinic.stable, Targets=asked)
    assert answer["TargetHealthDescriptions"][0]["TargetHealth"]["State"] == "unused"
