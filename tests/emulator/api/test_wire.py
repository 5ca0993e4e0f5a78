"""The query protocol: invalid requests are refused as AWS refuses them, and responses arrive unchanged."""

import logging
from collections.abc import Callable, Mapping
from typing import Any, cast

import pytest
import urllib3
from botocore.exceptions import ClientError
from botocore.model import ListShape, MapShape, Shape, StructureShape
from mypy_boto3_elbv2.client import ElasticLoadBalancingv2Client

from elbv2_emulator import Emulator
from elbv2_emulator.api import shapes
from elbv2_emulator.api.actions import ACTIONS
from elbv2_emulator.api.errors import ApiError

AUTHORIZATION = (
    "AWS4-HMAC-SHA256 Credential=AKIAEXAMPLE/20260101/eu-central-1/elasticloadbalancing/aws4_request"
)


@pytest.fixture
def post(emulator: Emulator, http: urllib3.PoolManager) -> Callable[..., tuple[int, str]]:
    """Send a form unchanged, so that it can be invalid."""

    def send(form: str, authorization: str | None = AUTHORIZATION) -> tuple[int, str]:
        headers = {"Content-Type": "application/x-www-form-urlencoded"}
        if authorization is not None:
            headers["Authorization"] = authorization
        answer = http.request("POST", emulator.url + "/", body=form.encode(), headers=headers)
        return answer.status, answer.data.decode()

    return send


def form(action: str, **parameters: str) -> str:
    return "&".join((f"Action={action}", "Version=2015-12-01", *(f"{k}={v}" for k, v in parameters.items())))


def test_a_request_without_authorization_is_refused(post: Callable[..., tuple[int, str]]) -> None:
    status, text = post(form("DescribeLoadBalancers"), None)
    assert status == 403
    assert "<Code>MissingAuthenticationToken</Code>" in text


def test_an_operation_that_elbv2_does_not_have_is_refused_by_name(
    post: Callable[..., tuple[int, str]],
) -> None:
    status, text = post(form("MirrorTraffic"))
    assert status == 400
    assert "<Code>InvalidAction</Code>" in text
    assert "MirrorTraffic" in text


def test_an_operation_that_the_emulator_does_not_implement_is_refused_by_name(
    elbv2: ElasticLoadBalancingv2Client,
) -> None:
    with pytest.raises(ClientError, match=r"\(InvalidAction\).*'DescribeSSLPolicies'"):
        elbv2.describe_ssl_policies()


def test_another_version_of_the_api_is_refused(post: Callable[..., tuple[int, str]]) -> None:
    status, text = post("Action=DescribeLoadBalancers&Version=2012-06-01")
    assert status == 400
    assert "2012-06-01" in text


@pytest.mark.parametrize(
    ("parameters", "complaint"),
    [
        pytest.param({}, "Value null at 'name' failed", id="required"),
        pytest.param({"Name": "a", "Colour": "blue"}, "Unknown parameter 'Colour'", id="unknown"),
        pytest.param({"Name": "a", "Port": "0"}, "greater than or equal to 1", id="minimum"),
        pytest.param({"Name": "a", "Port": "65536"}, "less than or equal to 65535", id="maximum"),
        pytest.param({"Name": "a", "Port": "http"}, "Member must be of type integer", id="integer"),
        pytest.param(
            {"Name": "a", "HealthCheckEnabled": "1"}, "Member must be of type boolean", id="boolean"
        ),
        pytest.param({"Name": "a", "Protocol": "SPDY"}, "enum value set: [HTTP, HTTPS,", id="enum"),
        pytest.param({"Name": "a", "Tags.member.1.Key": "a!"}, "regular expression pattern", id="pattern"),
        pytest.param({"Name": "a", "Tags.member.1": "a"}, "Member must be a structure", id="structure"),
        pytest.param({"Name": "a", "Tags.1.Key": "a"}, "A list must be sent as", id="list"),
        pytest.param({"Name": "a", "Tags": ""}, "length greater than or equal to 1", id="empty list"),
        pytest.param({"Name": "a", "Name.x": "a"}, "contradicts another parameter", id="contradiction"),
        pytest.param({"Name": "%ff"}, "not form-encoded UTF-8", id="encoding"),
    ],
)
def test_what_the_service_model_forbids_is_a_validation_error(
    post: Callable[..., tuple[int, str]], parameters: Mapping[str, str], complaint: str
) -> None:
    status, text = post(form("CreateTargetGroup", **parameters))
    assert status == 400
    assert "<Code>ValidationError</Code>" in text
    assert complaint in text


def test_a_request_of_more_than_a_mebibyte_is_refused(post: Callable[..., tuple[int, str]]) -> None:
    status, text = post(form("CreateTargetGroup", Name="a" * 2**20))
    assert status == 400
    assert "too large" in text


def test_all_validation_errors_are_reported_at_once(post: Callable[..., tuple[int, str]]) -> None:
    _, text = post(form("CreateTargetGroup", Port="0", Protocol="SPDY"))
    assert "3 validation errors detected" in text


def test_a_tag_may_be_written_in_any_script(elbv2: ElasticLoadBalancingv2Client, petclinic: Any) -> None:
    tags: list[Any] = [{"Key": "équipe/チーム", "Value": "ねこ 7_+-=.:/@"}]
    elbv2.add_tags(ResourceArns=[petclinic.rule], Tags=tags)
    assert elbv2.describe_tags(ResourceArns=[petclinic.rule])["TagDescriptions"][0]["Tags"] == tags


def test_text_is_returned_as_it_was_sent(elbv2: ElasticLoadBalancingv2Client, petclinic: Any) -> None:
    body = "<b>\"é\" & 'ねこ' 😺</b>\r\n\tend"
    config: Any = {"StatusCode": "503", "ContentType": "text/html", "MessageBody": body}
    elbv2.modify_rule(
        RuleArn=petclinic.rule, Actions=[{"Type": "fixed-response", "FixedResponseConfig": config}]
    )
    action = elbv2.describe_rules(RuleArns=[petclinic.rule])["Rules"][0]["Actions"][0]
    assert action["FixedResponseConfig"] == config


def test_resources_belong_to_the_region_of_the_credential_scope(
    client: Callable[[str], ElasticLoadBalancingv2Client],
) -> None:
    here, there = client("ap-northeast-2"), client("us-gov-west-1")
    made = here.create_load_balancer(Name="here", Subnets=["subnet-a", "subnet-b"])["LoadBalancers"][0]
    assert made["LoadBalancerArn"].startswith("arn:aws:elasticloadbalancing:ap-northeast-2:123456789012:")
    assert made["DNSName"].endswith(".ap-northeast-2.elb.amazonaws.com")
    assert there.describe_load_balancers()["LoadBalancers"] == []
    made = there.create_load_balancer(Name="here", Subnets=["subnet-a", "subnet-b"])["LoadBalancers"][0]
    assert made["LoadBalancerArn"].startswith("arn:aws-us-gov:elasticloadbalancing:us-gov-west-1:")


def test_a_bug_is_answered_as_internal_failure_and_logged(
    elbv2: ElasticLoadBalancingv2Client, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(*_: object) -> Any:
        raise ZeroDivisionError

    monkeypatch.setitem(cast("dict[str, Any]", ACTIONS), "DescribeLoadBalancers", broken)
    with caplog.at_level(logging.ERROR), pytest.raises(ClientError, match="InternalFailure") as caught:
        elbv2.describe_load_balancers()
    assert caught.value.response["ResponseMetadata"]["HTTPStatusCode"] == 500
    assert "DescribeLoadBalancers failed" in caplog.text


def test_an_error_that_the_model_does_not_list_for_the_operation_is_a_bug(
    elbv2: ElasticLoadBalancingv2Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    def wrong(*_: object) -> Any:
        raise ApiError("PriorityInUse", "belongs to CreateRule")

    monkeypatch.setitem(cast("dict[str, Any]", ACTIONS), "DescribeLoadBalancers", wrong)
    with pytest.raises(ClientError, match="InternalFailure"):
        elbv2.describe_load_balancers()


def test_every_operation_is_one_of_the_service_model() -> None:
    assert set(ACTIONS) <= set(shapes.service().operation_names)


def test_every_constraint_of_the_service_model_can_be_checked() -> None:
    """This fails when a newer botocore has a pattern or type that the validator does not know."""
    for name in shapes.service().operation_names:
        shape = shapes.service().operation_model(name).input_shape
        assert shape is not None
        for scalar in _scalars(shape):
            assert scalar.type_name in {"string", "integer", "long", "boolean"}
            shapes.pattern_of(scalar)


def _scalars(shape: Shape) -> list[Shape]:
    if isinstance(shape, StructureShape):
        return [scalar for member in shape.members.values() for scalar in _scalars(member)]
    if isinstance(shape, ListShape):
        return _scalars(shape.member)
    if isinstance(shape, MapShape):
        return [*_scalars(shape.key), *_scalars(shape.value)]
    return [shape]
