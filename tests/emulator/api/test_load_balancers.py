"""Load balancers and listeners are created, described, changed and deleted as on AWS."""

from collections.abc import Callable
from typing import Any

import pytest
import urllib3
from botocore.exceptions import ClientError

FIXED = [{"Type": "fixed-response", "FixedResponseConfig": {"StatusCode": "404"}}]
SUBNETS = ["subnet-a", "subnet-b"]
CERTIFICATES = [{"CertificateArn": "arn:aws:acm:eu-west-1:123456789012:certificate/1"}]


def test_a_load_balancer_is_described_as_on_aws(elbv2: Any) -> None:
    (made,) = elbv2.create_load_balancer(Name="petclinic", Subnets=SUBNETS, Scheme="internal")[
        "LoadBalancers"
    ]
    assert elbv2.describe_load_balancers(Names=["petclinic"])["LoadBalancers"] == [made]
    assert made["DNSName"].startswith("internal-petclinic-")
    assert made["State"] == {"Code": "active"}
    assert made["Type"] == "application"
    assert [zone["ZoneName"] for zone in made["AvailabilityZones"]] == ["eu-west-1a", "eu-west-1b"]


@pytest.mark.parametrize(
    ("parameters", "complaint"),
    [
        pytest.param({"Type": "network"}, "'application' only, not 'network'", id="network"),
        pytest.param({"Type": "gateway"}, "'application' only, not 'gateway'", id="gateway"),
        pytest.param({"Subnets": ["subnet-a"]}, "At least two subnets", id="one subnet"),
        pytest.param({"Subnets": []}, "At least two subnets", id="no subnets"),
        pytest.param({"Name": "a" * 33}, "longer than '32'", id="long name"),
        pytest.param({"Name": "-a"}, "hyphen", id="hyphen first"),
        pytest.param({"Name": "a_b"}, "alphanumeric", id="underscore"),
        pytest.param({"Name": "internal-a"}, "cannot begin with 'internal-'", id="internal"),
    ],
)
def test_a_load_balancer_that_aws_would_refuse_is_refused(
    elbv2: Any, parameters: dict[str, Any], complaint: str
) -> None:
    with pytest.raises(ClientError, match=rf"\(ValidationError\).*{complaint}"):
        elbv2.create_load_balancer(**{"Name": "petclinic", "Subnets": SUBNETS, **parameters})


def test_creating_the_same_load_balancer_again_returns_the_existing_one(elbv2: Any) -> None:
    first = elbv2.create_load_balancer(Name="petclinic", Subnets=SUBNETS)["LoadBalancers"]
    assert elbv2.create_load_balancer(Name="petclinic", Subnets=SUBNETS)["LoadBalancers"] == first
    with pytest.raises(ClientError, match="DuplicateLoadBalancerName"):
        elbv2.create_load_balancer(Name="petclinic", Subnets=SUBNETS, Scheme="internal")


def test_load_balancers_are_described_in_pages(elbv2: Any) -> None:
    names = [f"lb-{number}" for number in range(5)]
    for name in names:
        elbv2.create_load_balancer(Name=name, Subnets=SUBNETS)
    pages = elbv2.get_paginator("describe_load_balancers").paginate(PaginationConfig={"PageSize": 2})
    assert [balancer["LoadBalancerName"] for page in pages for balancer in page["LoadBalancers"]] == names


def test_a_missing_load_balancer_is_an_error_to_describe_but_not_to_delete(
    elbv2: Any, petclinic: Any
) -> None:
    elbv2.delete_load_balancer(LoadBalancerArn=petclinic.balancer)
    elbv2.delete_load_balancer(LoadBalancerArn=petclinic.balancer)
    for asked in ({"LoadBalancerArns": [petclinic.balancer]}, {"Names": ["k8s-petclinicgroup"]}):
        with pytest.raises(ClientError, match="LoadBalancerNotFound"):
            elbv2.describe_load_balancers(**asked)


def test_deleting_a_load_balancer_deletes_its_listeners_and_rules(elbv2: Any, petclinic: Any) -> None:
    elbv2.delete_load_balancer(LoadBalancerArn=petclinic.balancer)
    with pytest.raises(ClientError, match="ListenerNotFound"):
        elbv2.describe_listeners(ListenerArns=[petclinic.listener])
    with pytest.raises(ClientError, match="RuleNotFound"):
        elbv2.describe_rules(RuleArns=[petclinic.rule])
    elbv2.delete_target_group(TargetGroupArn=petclinic.stable)


def test_a_listener_is_described_as_on_aws(elbv2: Any, petclinic: Any) -> None:
    (listener,) = elbv2.describe_listeners(LoadBalancerArn=petclinic.balancer)["Listeners"]
    assert listener["ListenerArn"] == petclinic.listener
    assert (listener["Protocol"], listener["Port"]) == ("HTTPS", 443)
    assert listener["SslPolicy"] == "ELBSecurityPolicy-2016-08"
    assert listener["DefaultActions"] == [{**FIXED[0], "Order": 1}]
    assert elbv2.describe_listeners(ListenerArns=[petclinic.listener])["Listeners"] == [listener]


@pytest.mark.parametrize(
    ("parameters", "code"),
    [
        pytest.param({"Protocol": "TCP", "Port": 81}, "UnsupportedProtocol", id="TCP"),
        pytest.param({"Protocol": "HTTP"}, "ValidationError", id="no port"),
        pytest.param({"Port": 81}, "ValidationError", id="no protocol"),
        pytest.param({"Protocol": "HTTPS", "Port": 81}, "ValidationError", id="HTTPS without a certificate"),
        pytest.param(
            {"Protocol": "HTTP", "Port": 81, "Certificates": CERTIFICATES},
            "ValidationError",
            id="HTTP with a certificate",
        ),
        pytest.param({"Protocol": "HTTP", "Port": 443}, "DuplicateListener", id="a port that is taken"),
        pytest.param({"Protocol": "HTTP", "Port": 81, "AlpnPolicy": ["None"]}, "ValidationError", id="ALPN"),
    ],
)
def test_a_listener_that_aws_would_refuse_is_refused(
    elbv2: Any, petclinic: Any, control: Any, parameters: dict[str, Any], code: str
) -> None:
    with pytest.raises(ClientError, match=rf"\({code}\)"):
        elbv2.create_listener(LoadBalancerArn=petclinic.balancer, DefaultActions=FIXED, **parameters)
    assert len(control("GET", "listeners")) == 1


def test_creating_the_same_listener_again_returns_the_existing_one(elbv2: Any, petclinic: Any) -> None:
    again = elbv2.create_listener(
        LoadBalancerArn=petclinic.balancer,
        Protocol="HTTPS",
        Port=443,
        Certificates=elbv2.describe_listeners(ListenerArns=[petclinic.listener])["Listeners"][0][
            "Certificates"
        ],
        DefaultActions=FIXED,
    )
    assert again["Listeners"][0]["ListenerArn"] == petclinic.listener


def test_a_listener_on_the_same_port_with_another_default_action_is_refused(
    elbv2: Any, petclinic: Any
) -> None:
    (existing,) = elbv2.describe_listeners(ListenerArns=[petclinic.listener])["Listeners"]
    with pytest.raises(ClientError, match="DuplicateListener"):
        elbv2.create_listener(
            LoadBalancerArn=petclinic.balancer,
            Protocol="HTTPS",
            Port=443,
            Certificates=existing["Certificates"],
            DefaultActions=petclinic.split(1, 0),
        )
    (after,) = elbv2.describe_listeners(ListenerArns=[petclinic.listener])["Listeners"]
    assert after["DefaultActions"] == existing["DefaultActions"]


def test_default_actions_are_those_of_the_default_rule(elbv2: Any, petclinic: Any) -> None:
    """Fact: only ModifyListener changes the default rule, and replaces its actions as a whole."""
    elbv2.modify_listener(ListenerArn=petclinic.listener, DefaultActions=petclinic.split(3, 1))
    (listener,) = elbv2.describe_listeners(ListenerArns=[petclinic.listener])["Listeners"]
    default = elbv2.describe_rules(ListenerArn=petclinic.listener)["Rules"][-1]
    assert listener["DefaultActions"] == default["Actions"]
    assert default["Actions"][0]["ForwardConfig"]["TargetGroups"][0]["Weight"] == 3
    # Nothing else was sent, so nothing else changed.
    assert (listener["Protocol"], listener["Port"]) == ("HTTPS", 443)


def test_a_listener_with_authenticating_rules_stays_https(elbv2: Any, petclinic: Any) -> None:
    jwt = {"JwksEndpoint": "https://idp.example.com/jwks", "Issuer": "https://idp.example.com"}
    actions = [{"Type": "jwt-validation", "Order": 1, "JwtValidationConfig": jwt}, {**FIXED[0], "Order": 2}]
    elbv2.modify_rule(RuleArn=petclinic.rule, Actions=actions)
    with pytest.raises(ClientError, match=r"\(InvalidLoadBalancerAction\).*HTTPS"):
        elbv2.modify_listener(ListenerArn=petclinic.listener, Protocol="HTTP")
    elbv2.modify_rule(RuleArn=petclinic.rule, Actions=FIXED)
    elbv2.modify_listener(ListenerArn=petclinic.listener, Protocol="HTTP")


def test_a_listener_cannot_move_to_a_port_that_is_taken(elbv2: Any, petclinic: Any) -> None:
    (other,) = elbv2.create_listener(
        LoadBalancerArn=petclinic.balancer, Protocol="HTTP", Port=80, DefaultActions=FIXED
    )["Listeners"]
    with pytest.raises(ClientError, match="DuplicateListener"):
        elbv2.modify_listener(ListenerArn=other["ListenerArn"], Port=443)
    (moved,) = elbv2.modify_listener(ListenerArn=other["ListenerArn"], Port=8080)["Listeners"]
    assert moved["Port"] == 8080


def test_listeners_are_described_by_load_balancer_or_by_arn(elbv2: Any, petclinic: Any) -> None:
    with pytest.raises(ClientError, match="ValidationError"):
        elbv2.describe_listeners()
    with pytest.raises(ClientError, match="ValidationError"):
        elbv2.describe_listeners(LoadBalancerArn=petclinic.balancer, ListenerArns=[petclinic.listener])


@pytest.mark.parametrize(
    "call",
    [
        pytest.param(lambda elbv2, arn: elbv2.describe_listeners(ListenerArns=[arn]), id="describe"),
        pytest.param(lambda elbv2, arn: elbv2.describe_rules(ListenerArn=arn), id="describe rules"),
        pytest.param(lambda elbv2, arn: elbv2.modify_listener(ListenerArn=arn, Port=81), id="modify"),
        pytest.param(lambda elbv2, arn: elbv2.delete_listener(ListenerArn=arn), id="delete"),
    ],
)
def test_a_missing_listener_and_an_arn_of_another_kind_are_different_errors(
    elbv2: Any, petclinic: Any, call: Callable[[Any, str], Any]
) -> None:
    elbv2.delete_listener(ListenerArn=petclinic.listener)
    with pytest.raises(ClientError, match="ListenerNotFound"):
        call(elbv2, petclinic.listener)
    with pytest.raises(ClientError, match=r"\(ValidationError\).*is not a valid listener ARN"):
        call(elbv2, petclinic.balancer)


@pytest.mark.parametrize("what", ["listener", "load balancer"])
def test_a_port_is_open_as_long_as_its_listener_exists(
    elbv2: Any, petclinic: Any, listener_url: Any, http: urllib3.PoolManager, what: str
) -> None:
    url = listener_url(petclinic.listener)
    assert http.request("GET", url).status == 404
    if what == "listener":
        elbv2.delete_listener(ListenerArn=petclinic.listener)
    else:
        elbv2.delete_load_balancer(LoadBalancerArn=petclinic.balancer)
    with pytest.raises(urllib3.exceptions.HTTPError):
        http.request("GET", url)
