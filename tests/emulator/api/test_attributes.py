"""Attributes of load balancers, listeners and target groups."""

from collections.abc import Callable
from typing import Any

import pytest

from support.aws.refusals import refused

Attributes = Callable[..., dict[str, str]]
ROUTING = "routing.http.response.server.enabled"


def by_key(answer: Any) -> dict[str, str]:
    return {pair["Key"]: pair["Value"] for pair in answer["Attributes"]}


def pairs(**values: str) -> list[dict[str, str]]:
    return [{"Key": key.replace("__", "."), "Value": value} for key, value in values.items()]


@pytest.fixture
def load_balancer(elbv2: Any, petclinic: Any) -> Attributes:
    arn = petclinic.balancer
    return lambda **sent: by_key(
        elbv2.modify_load_balancer_attributes(LoadBalancerArn=arn, Attributes=pairs(**sent))
        if sent
        else elbv2.describe_load_balancer_attributes(LoadBalancerArn=arn)
    )


@pytest.fixture
def listener(elbv2: Any, petclinic: Any) -> Attributes:
    arn = petclinic.listener
    return lambda **sent: by_key(
        elbv2.modify_listener_attributes(ListenerArn=arn, Attributes=pairs(**sent))
        if sent
        else elbv2.describe_listener_attributes(ListenerArn=arn)
    )


@pytest.fixture
def group(elbv2: Any, petclinic: Any) -> Attributes:
    elbv2.delete_rule(RuleArn=petclinic.rule)
    arn = petclinic.canary
    return lambda **sent: by_key(
        elbv2.modify_target_group_attributes(TargetGroupArn=arn, Attributes=pairs(**sent))
        if sent
        else elbv2.describe_target_group_attributes(TargetGroupArn=arn)
    )


def test_setting_an_attribute_of_a_load_balancer_leaves_the_others_unchanged(
    load_balancer: Attributes,
) -> None:
    before = load_balancer()
    assert before["idle_timeout.timeout_seconds"] == "60"
    after = load_balancer(idle_timeout__timeout_seconds="30")
    assert after == load_balancer() == {**before, "idle_timeout.timeout_seconds": "30"}


def test_setting_an_attribute_of_a_listener_leaves_the_others_unchanged(listener: Attributes) -> None:
    before = listener()
    assert before[ROUTING] == "true"
    after = listener(routing__http__response__server__enabled="false")
    assert after == listener() == {**before, ROUTING: "false"}


def test_a_listener_keeps_its_attributes_when_it_is_modified(
    elbv2: Any, petclinic: Any, listener: Attributes
) -> None:
    listener(routing__http__response__server__enabled="false")
    elbv2.modify_listener(ListenerArn=petclinic.listener, DefaultActions=petclinic.split(1, 1))
    assert listener()[ROUTING] == "false"


@pytest.mark.parametrize(
    "sent",
    [
        pytest.param({"colour": "blue"}, id="unknown"),
        pytest.param({"idle_timeout__timeout_seconds": "0"}, id="too short"),
        pytest.param({"idle_timeout__timeout_seconds": "4001"}, id="too long"),
        pytest.param({"routing__http2__enabled": "yes"}, id="not a boolean"),
        pytest.param({"routing__http__xff_header_processing__mode": "drop"}, id="not a mode"),
    ],
)
def test_attributes_that_a_load_balancer_cannot_have_are_refused(
    load_balancer: Attributes, sent: dict[str, str]
) -> None:
    before = load_balancer()
    with refused("ValidationError", "Load balancer attribute"):
        load_balancer(**sent)
    assert load_balancer() == before


@pytest.mark.parametrize(
    "sent",
    [
        pytest.param({"load_balancing__cross_zone__enabled": "false"}, id="no cross-zone load balancing"),
        pytest.param({"access_logs__s3__enabled": "true"}, id="logs without a bucket"),
    ],
)
def test_attributes_that_cannot_be_combined_are_refused(
    load_balancer: Attributes, sent: dict[str, str]
) -> None:
    with refused("InvalidConfigurationRequest"):
        load_balancer(**sent)


def test_a_load_balancer_with_deletion_protection_is_not_deleted(
    elbv2: Any, petclinic: Any, load_balancer: Attributes
) -> None:
    load_balancer(deletion_protection__enabled="true")
    with refused("OperationNotPermitted", "deletion protection"):
        elbv2.delete_load_balancer(LoadBalancerArn=petclinic.balancer)
    load_balancer(deletion_protection__enabled="false")
    elbv2.delete_load_balancer(LoadBalancerArn=petclinic.balancer)


@pytest.mark.parametrize(
    "sent",
    [
        pytest.param({"colour": "blue"}, id="unknown"),
        pytest.param({"deregistration_delay__timeout_seconds": "3601"}, id="too long a delay"),
        pytest.param({"slow_start__duration_seconds": "29"}, id="too short a start"),
        pytest.param({"stickiness__type": "source_ip"}, id="another load balancer's stickiness"),
        pytest.param({"stickiness__lb_cookie__duration_seconds": "604801"}, id="a cookie for over a week"),
        pytest.param({"stickiness__enabled": "on"}, id="not a boolean"),
        pytest.param(
            {"target_group_health__unhealthy_state_routing__minimum_healthy_targets__percentage": "101"},
            id="over 100 percent",
        ),
    ],
)
def test_attributes_that_a_group_cannot_have_are_refused(group: Attributes, sent: dict[str, str]) -> None:
    before = group()
    with refused("ValidationError", "Target group attribute"):
        group(**sent)
    assert group() == before


@pytest.mark.parametrize("name", ["", "AWSALBAPP-0"])
def test_an_application_cookie_needs_a_name_of_its_own(group: Attributes, name: str) -> None:
    with refused("InvalidConfigurationRequest", "application cookie"):
        group(
            stickiness__enabled="true",
            stickiness__type="app_cookie",
            stickiness__app_cookie__cookie_name=name,
        )


@pytest.mark.parametrize(
    "call",
    [
        lambda elbv2, clinic: elbv2.describe_load_balancer_attributes(LoadBalancerArn=clinic.balancer),
        lambda elbv2, clinic: elbv2.modify_load_balancer_attributes(
            LoadBalancerArn=clinic.balancer, Attributes=[{"Key": "routing.http2.enabled", "Value": "true"}]
        ),
    ],
    ids=["describe", "modify"],
)
def test_a_missing_load_balancer_has_no_attributes(elbv2: Any, petclinic: Any, call: Any) -> None:
    elbv2.delete_load_balancer(LoadBalancerArn=petclinic.balancer)
    with refused("LoadBalancerNotFound"):
        call(elbv2, petclinic)


def test_a_missing_listener_has_no_attributes(elbv2: Any, petclinic: Any) -> None:
    elbv2.delete_listener(ListenerArn=petclinic.listener)
    with refused("ListenerNotFound"):
        elbv2.describe_listener_attributes(ListenerArn=petclinic.listener)
