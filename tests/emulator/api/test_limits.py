"""Quotas are described by DescribeAccountLimits, and enforced."""

from typing import Any

import pytest

from support.aws.refusals import refused

FIXED = [{"Type": "fixed-response", "FixedResponseConfig": {"StatusCode": "404"}}]
SUBNETS = ["subnet-a", "subnet-b"]


def targets(first: int, count: int) -> list[dict[str, Any]]:
    return [{"Id": "10.64.0.3", "Port": first + number} for number in range(count)]


def test_the_quotas_are_described(elbv2: Any) -> None:
    """Fact: DescribeAccountLimits describes the quotas."""
    limits = {limit["Name"]: limit["Max"] for limit in elbv2.describe_account_limits()["Limits"]}
    assert limits["rules-per-application-load-balancer"] == "100"
    assert limits["target-groups-per-application-load-balancer"] == "100"
    assert limits["target-groups-per-action-on-application-load-balancer"] == "5"
    assert limits["condition-values-per-alb-rule"] == "5"
    assert limits["condition-wildcards-per-alb-rule"] == "5"


def test_an_account_has_at_most_50_load_balancers(elbv2: Any) -> None:
    for number in range(50):
        elbv2.create_load_balancer(Name=f"lb-{number}", Subnets=SUBNETS)
    with refused("TooManyLoadBalancers"):
        elbv2.create_load_balancer(Name="lb-50", Subnets=SUBNETS)


def test_a_load_balancer_has_at_most_50_listeners(elbv2: Any, petclinic: Any) -> None:
    def listen(port: int) -> None:
        elbv2.create_listener(
            LoadBalancerArn=petclinic.balancer, Protocol="HTTP", Port=port, DefaultActions=FIXED
        )

    for port in range(1000, 1049):
        listen(port)
    with refused("TooManyListeners"):
        listen(1049)


def test_a_group_has_at_most_1000_targets(elbv2: Any, make_group: Any) -> None:
    group = make_group("web")
    elbv2.register_targets(TargetGroupArn=group, Targets=targets(1, 1000))
    with refused("TooManyTargets"):
        elbv2.register_targets(TargetGroupArn=group, Targets=targets(1001, 1))


@pytest.mark.parametrize("by", ["registration", "rule"])
def test_a_load_balancer_has_at_most_1000_targets(
    elbv2: Any, petclinic: Any, make_group: Any, by: str
) -> None:
    group = make_group("web")
    forward = [{"Type": "forward", "TargetGroupArn": group}]
    elbv2.register_targets(TargetGroupArn=petclinic.stable, Targets=targets(1, 1000))
    if by == "registration":
        elbv2.modify_listener(ListenerArn=petclinic.listener, DefaultActions=forward)
        with refused("TooManyTargets"):
            elbv2.register_targets(TargetGroupArn=group, Targets=targets(1, 1))
    else:
        elbv2.register_targets(TargetGroupArn=group, Targets=targets(1, 1))
        with refused("TooManyTargets"):
            elbv2.modify_listener(ListenerArn=petclinic.listener, DefaultActions=forward)


@pytest.mark.parametrize("by", ["Names", "LoadBalancerArns"])
def test_at_most_20_load_balancers_are_described_by_name_at_once(elbv2: Any, petclinic: Any, by: str) -> None:
    named = {"Names": "k8s-petclinicgroup", "LoadBalancerArns": petclinic.balancer}[by]
    assert len(elbv2.describe_load_balancers(**{by: [named] * 20})["LoadBalancers"]) == 1
    with refused("ValidationError", "cannot describe more than '20' load balancers"):
        elbv2.describe_load_balancers(**{by: [named] * 21})


def test_at_most_20_target_groups_are_described_by_arn_at_once(elbv2: Any, petclinic: Any) -> None:
    with refused("ValidationError", "cannot describe more than '20' target groups"):
        elbv2.describe_target_groups(TargetGroupArns=[petclinic.stable] * 21)
