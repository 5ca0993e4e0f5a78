"""Target groups, their targets, and the health that is described for these."""

from typing import Any

import pytest
from botocore.exceptions import ClientError

VALID = {"Name": "g", "Protocol": "HTTP", "Port": 8080, "VpcId": "vpc-1", "TargetType": "ip"}


def health(elbv2: Any, group: str, **asked: Any) -> dict[str, tuple[str, str | None]]:
    found = elbv2.describe_target_health(TargetGroupArn=group, **asked)["TargetHealthDescriptions"]
    return {
        f"{target['Target']['Id']}:{target['Target']['Port']}": (
            target["TargetHealth"]["State"],
            target["TargetHealth"].get("Reason"),
        )
        for target in found
    }


def test_a_group_is_described_with_its_defaults(elbv2: Any) -> None:
    (made,) = elbv2.create_target_group(**VALID)["TargetGroups"]
    assert made.pop("TargetGroupArn").startswith(
        "arn:aws:elasticloadbalancing:eu-west-1:123456789012:targetgroup/g/"
    )
    assert made == {
        "TargetGroupName": "g",
        "Protocol": "HTTP",
        "Port": 8080,
        "VpcId": "vpc-1",
        "TargetType": "ip",
        "ProtocolVersion": "HTTP1",
        "IpAddressType": "ipv4",
        "HealthCheckProtocol": "HTTP",
        "HealthCheckPort": "traffic-port",
        "HealthCheckEnabled": True,
        "HealthCheckIntervalSeconds": 30,
        "HealthCheckTimeoutSeconds": 5,
        "HealthyThresholdCount": 5,
        "UnhealthyThresholdCount": 2,
        "HealthCheckPath": "/",
        "Matcher": {"HttpCode": "200"},
        "LoadBalancerArns": [],
    }


@pytest.mark.parametrize(
    ("parameters", "complaint"),
    [
        pytest.param({"Port": None}, "Port must be specified", id="no port"),
        pytest.param({"VpcId": None}, "VpcId must be specified", id="no VPC"),
        pytest.param({"Protocol": None}, "Protocol must be specified", id="no protocol"),
        pytest.param({"Protocol": "TCP"}, "not 'TCP'", id="TCP"),
        pytest.param({"TargetType": "lambda"}, "not 'lambda'", id="lambda"),
        pytest.param({"ProtocolVersion": "HTTP3"}, "HTTP1, HTTP2, GRPC", id="HTTP/3"),
        pytest.param({"HealthCheckEnabled": False}, "cannot be disabled", id="no health checks"),
        pytest.param({"HealthCheckTimeoutSeconds": 30}, "smaller than the interval", id="slow health checks"),
        pytest.param({"HealthCheckPort": "http"}, "'traffic-port' or from 1", id="a named port"),
        pytest.param({"HealthCheckPort": "65536"}, "'traffic-port' or from 1", id="no port to check"),
        *(
            pytest.param({"HealthCheckPath": path}, "must begin with a '/'", id=f"path {path!r}")
            for path in ("@127.0.0.1:19099/x", "health", "http://127.0.0.1:19099/x", "/a b", "/a\nb")
        ),
        pytest.param({"Name": "g-"}, "hyphen", id="name"),
    ],
)
def test_a_group_that_aws_would_refuse_is_refused(
    elbv2: Any, parameters: dict[str, Any], complaint: str
) -> None:
    sent = {name: value for name, value in {**VALID, **parameters}.items() if value is not None}
    with pytest.raises(ClientError, match=rf"(?s)\(ValidationError\).*{complaint}"):
        elbv2.create_target_group(**sent)


def test_creating_the_same_group_again_returns_the_existing_one(elbv2: Any) -> None:
    first = elbv2.create_target_group(**VALID)["TargetGroups"]
    assert elbv2.create_target_group(**VALID)["TargetGroups"] == first
    with pytest.raises(ClientError, match="DuplicateTargetGroupName"):
        elbv2.create_target_group(**{**VALID, "Port": 8081})


def test_groups_are_described_by_one_criterion_at_a_time(elbv2: Any, petclinic: Any, make_group: Any) -> None:
    apart = make_group("apart")

    def described(**asked: Any) -> list[str]:
        return [group["TargetGroupArn"] for group in elbv2.describe_target_groups(**asked)["TargetGroups"]]

    assert described() == [petclinic.stable, petclinic.canary, apart]
    assert described(LoadBalancerArn=petclinic.balancer) == [petclinic.stable, petclinic.canary]
    assert described(Names=["apart"]) == described(TargetGroupArns=[apart]) == [apart]
    with pytest.raises(ClientError, match="ValidationError"):
        described(Names=["apart"], LoadBalancerArn=petclinic.balancer)
    with pytest.raises(ClientError, match=r"\(TargetGroupNotFound\).*nobody"):
        described(Names=["apart", "nobody"])


def test_a_health_check_can_be_changed(elbv2: Any, petclinic: Any) -> None:
    (changed,) = elbv2.modify_target_group(
        TargetGroupArn=petclinic.stable, HealthCheckPath="/actuator/health", Matcher={"HttpCode": "200-299"}
    )["TargetGroups"]
    assert changed["HealthCheckPath"] == "/actuator/health"
    assert changed["HealthCheckIntervalSeconds"] == 30
    assert elbv2.describe_target_groups(TargetGroupArns=[petclinic.stable])["TargetGroups"] == [changed]


def test_a_health_check_path_that_names_a_host_is_refused_when_it_is_changed(
    elbv2: Any, petclinic: Any
) -> None:
    with pytest.raises(ClientError, match=r"\(ValidationError\).*must begin with a '/'"):
        elbv2.modify_target_group(TargetGroupArn=petclinic.stable, HealthCheckPath="@127.0.0.1:19099/x")


def test_attributes_can_be_changed_one_at_a_time(elbv2: Any, petclinic: Any) -> None:
    def attributes() -> dict[str, str]:
        answer = elbv2.describe_target_group_attributes(TargetGroupArn=petclinic.stable)
        return {pair["Key"]: pair["Value"] for pair in answer["Attributes"]}

    before = attributes()
    delay = "deregistration_delay.timeout_seconds"
    elbv2.modify_target_group_attributes(
        TargetGroupArn=petclinic.stable, Attributes=[{"Key": delay, "Value": "5"}]
    )
    assert attributes() == {**before, delay: "5"}
    with pytest.raises(ClientError, match=r"\(ValidationError\).*'colour'"):
        elbv2.modify_target_group_attributes(
            TargetGroupArn=petclinic.stable, Attributes=[{"Key": "colour", "Value": "blue"}]
        )


def test_a_group_in_use_cannot_be_deleted(elbv2: Any, petclinic: Any) -> None:
    """Fact: deleting a target group in use fails with ResourceInUse."""
    for group in (petclinic.stable, petclinic.canary):
        with pytest.raises(ClientError, match=r"\(ResourceInUse\).*currently in use by a listener or a rule"):
            elbv2.delete_target_group(TargetGroupArn=group)
    elbv2.delete_rule(RuleArn=petclinic.rule)
    elbv2.delete_target_group(TargetGroupArn=petclinic.stable)
    with pytest.raises(ClientError, match="TargetGroupNotFound"):
        elbv2.describe_target_groups(TargetGroupArns=[petclinic.stable])


def test_a_group_at_weight_0_is_in_use(elbv2: Any, petclinic: Any) -> None:
    """Fact: a group that a rule names at weight 0 is in use."""
    elbv2.modify_rule(RuleArn=petclinic.rule, Actions=petclinic.split(1, 0))
    with pytest.raises(ClientError, match="ResourceInUse"):
        elbv2.delete_target_group(TargetGroupArn=petclinic.canary)


def test_a_target_is_unused_until_a_rule_names_its_group(
    *, elbv2: Any, petclinic: Any, make_group: Any, backends: Any, control: Any, wait_healthy: Any
) -> None:
    """Fact: a group that is in no rule is unused."""
    group = make_group("late")
    control("PUT", "addresses", {"10.64.0.3:8080": backends.start().address})
    elbv2.register_targets(TargetGroupArn=group, Targets=[{"Id": "10.64.0.3"}])
    assert health(elbv2, group) == {"10.64.0.3:8080": ("unused", "Target.NotInUse")}
    actions = [{"Type": "forward", "TargetGroupArn": group}]
    elbv2.modify_rule(RuleArn=petclinic.rule, Actions=actions)
    wait_healthy(group)
    elbv2.modify_rule(RuleArn=petclinic.rule, Actions=petclinic.split(1, 1))
    assert health(elbv2, group) == {"10.64.0.3:8080": ("unused", "Target.NotInUse")}
    elbv2.modify_listener(ListenerArn=petclinic.listener, DefaultActions=actions)
    wait_healthy(group)


@pytest.mark.parametrize(
    ("state", "reason"),
    [
        ("healthy", None),
        ("initial", "Elb.RegistrationInProgress"),
        ("unhealthy", "Target.FailedHealthChecks"),
        ("draining", "Target.DeregistrationInProgress"),
        ("unavailable", "Elb.InternalError"),
    ],
)
def test_a_state_that_is_set_overrides_the_checks_until_it_is_removed(
    *,
    elbv2: Any,
    petclinic: Any,
    backends: Any,
    control: Any,
    wait_healthy: Any,
    state: str,
    reason: str | None,
) -> None:
    targets = [{"Id": "10.64.0.3", "Port": 8080}, {"Id": "10.64.0.3", "Port": 8081}]
    control("PUT", "addresses", {f"10.64.0.3:{port}": backends.start().address for port in (8080, 8081)})
    elbv2.register_targets(TargetGroupArn=petclinic.stable, Targets=targets)
    wait_healthy(petclinic.stable)
    set_one = {"id": "10.64.0.3", "port": 8081, "state": state}
    control("PUT", "health", {"targetGroupArn": petclinic.stable, "targets": [set_one]})
    assert health(elbv2, petclinic.stable) == {
        "10.64.0.3:8080": ("healthy", None),
        "10.64.0.3:8081": (state, reason),
    }
    shown = {group["targetGroupArn"]: group["targets"] for group in control("GET", "health")}
    assert set_one in shown[petclinic.stable]
    # Registering a target again leaves it unchanged.
    elbv2.register_targets(TargetGroupArn=petclinic.stable, Targets=targets)
    assert health(elbv2, petclinic.stable)["10.64.0.3:8081"] == (state, reason)
    removed = {**set_one, "state": None}
    control("PUT", "health", {"targetGroupArn": petclinic.stable, "targets": [removed]})
    assert health(elbv2, petclinic.stable)["10.64.0.3:8081"] == ("healthy", None)


def test_targets_are_identified_by_id_and_port(elbv2: Any, petclinic: Any) -> None:
    """Fact: a target is identified by its id and port."""
    group = petclinic.stable
    elbv2.register_targets(
        TargetGroupArn=group, Targets=[{"Id": "10.64.0.3"}, {"Id": "10.64.0.3", "Port": 9090}]
    )
    # Without a port it is the group's port: a target with another port is only deregistered with its port.
    elbv2.deregister_targets(TargetGroupArn=group, Targets=[{"Id": "10.64.0.3"}, {"Id": "10.64.0.99"}])
    draining = ("draining", "Target.DeregistrationInProgress")
    checked = ("initial", "Elb.InitialHealthChecking")
    assert health(elbv2, group) == {"10.64.0.3:8080": draining, "10.64.0.3:9090": checked}
    asked = [{"Id": "10.64.0.99"}]
    assert health(elbv2, group, Targets=asked) == {"10.64.0.99:8080": ("unused", "Target.NotRegistered")}


@pytest.mark.parametrize(
    ("kind", "identity", "code"),
    [
        pytest.param("ip", "petclinic", "ValidationError", id="a name for an address"),
        pytest.param("ip", "8.8.8.8", "InvalidTarget", id="a public address"),
        pytest.param("ip", "fd00::3", "ValidationError", id="IPv6 in an IPv4 group"),
        pytest.param("instance", "10.64.0.3", "InvalidTarget", id="an address for an instance"),
    ],
)
def test_a_target_of_the_wrong_type_is_refused(elbv2: Any, kind: str, identity: str, code: str) -> None:
    (group,) = elbv2.create_target_group(**{**VALID, "TargetType": kind})["TargetGroups"]
    with pytest.raises(ClientError, match=rf"\({code}\)"):
        elbv2.register_targets(TargetGroupArn=group["TargetGroupArn"], Targets=[{"Id": identity}])
    assert health(elbv2, group["TargetGroupArn"]) == {}


def test_an_instance_can_be_registered(elbv2: Any) -> None:
    (group,) = elbv2.create_target_group(**{**VALID, "TargetType": "instance"})["TargetGroups"]
    elbv2.register_targets(TargetGroupArn=group["TargetGroupArn"], Targets=[{"Id": "i-0123456789abcdef0"}])
    assert list(health(elbv2, group["TargetGroupArn"])) == ["i-0123456789abcdef0:8080"]
