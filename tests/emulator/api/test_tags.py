"""Tags on every kind of resource, set at creation and later."""

from typing import Any

import pytest
from botocore.exceptions import ClientError

FIXED = [{"Type": "fixed-response", "FixedResponseConfig": {"StatusCode": "404"}}]


def tags(elbv2: Any, *arns: str) -> list[dict[str, str]]:
    found = elbv2.describe_tags(ResourceArns=list(arns))["TagDescriptions"]
    assert [resource["ResourceArn"] for resource in found] == list(arns)
    return [{tag["Key"]: tag["Value"] for tag in resource["Tags"]} for resource in found]


def test_tags_can_be_set_at_creation(elbv2: Any) -> None:
    given = {"Tags": [{"Key": "app", "Value": "petclinic"}, {"Key": "empty"}]}
    (balancer,) = elbv2.create_load_balancer(Name="a", Subnets=["subnet-a", "subnet-b"], **given)[
        "LoadBalancers"
    ]
    (group,) = elbv2.create_target_group(Name="a", Protocol="HTTP", Port=1, VpcId="vpc-1", **given)[
        "TargetGroups"
    ]
    (listener,) = elbv2.create_listener(
        LoadBalancerArn=balancer["LoadBalancerArn"], Protocol="HTTP", Port=80, DefaultActions=FIXED, **given
    )["Listeners"]
    (rule,) = elbv2.create_rule(
        ListenerArn=listener["ListenerArn"],
        Priority=1,
        Conditions=[{"Field": "path-pattern", "Values": ["/"]}],
        Actions=FIXED,
        **given,
    )["Rules"]
    arns = (
        balancer["LoadBalancerArn"],
        group["TargetGroupArn"],
        listener["ListenerArn"],
        rule["RuleArn"],
    )
    assert tags(elbv2, *arns) == [{"app": "petclinic", "empty": ""}] * 4


def test_tags_are_added_replaced_and_removed(elbv2: Any, petclinic: Any) -> None:
    arns = [petclinic.rule, petclinic.canary]
    elbv2.add_tags(ResourceArns=arns, Tags=[{"Key": "a", "Value": "1"}, {"Key": "b", "Value": "2"}])
    elbv2.add_tags(ResourceArns=arns[:1], Tags=[{"Key": "a", "Value": "3"}])
    elbv2.remove_tags(ResourceArns=arns, TagKeys=["b", "never"])
    assert tags(elbv2, *arns) == [{"a": "3"}, {"a": "1"}]


@pytest.mark.parametrize(
    ("given", "code"),
    [
        pytest.param([("a", "1"), ("a", "2")], "DuplicateTagKeys", id="twice"),
        pytest.param([(f"k{number}", "") for number in range(51)], "TooManyTags", id="51"),
        pytest.param([("aws:cloudformation", "x")], "ValidationError", id="reserved"),
        pytest.param([("a" * 129, "x")], "ValidationError", id="long key"),
        pytest.param([("a", "x" * 257)], "ValidationError", id="long value"),
    ],
)
def test_tags_that_aws_refuses_are_refused(elbv2: Any, petclinic: Any, given: Any, code: str) -> None:
    pairs = [{"Key": key, "Value": value} for key, value in given]
    with pytest.raises(ClientError, match=rf"\({code}\)"):
        elbv2.add_tags(ResourceArns=[petclinic.rule], Tags=pairs)
    assert tags(elbv2, petclinic.rule) == [{}]


@pytest.mark.parametrize(
    ("resource", "code"),
    [
        ("balancer", "LoadBalancerNotFound"),
        ("listener", "ListenerNotFound"),
        ("rule", "RuleNotFound"),
        ("canary", "TargetGroupNotFound"),
    ],
)
def test_a_missing_resource_has_no_tags(elbv2: Any, petclinic: Any, resource: str, code: str) -> None:
    missing = getattr(petclinic, resource)[:-16] + "0" * 16
    for call in (
        lambda: tags(elbv2, petclinic.stable, missing),
        lambda: elbv2.add_tags(ResourceArns=[missing], Tags=[{"Key": "a"}]),
        lambda: elbv2.remove_tags(ResourceArns=[missing], TagKeys=["a"]),
    ):
        with pytest.raises(ClientError, match=rf"\({code}\)"):
            call()


def test_tags_of_something_that_is_not_an_arn_are_refused(elbv2: Any) -> None:
    with pytest.raises(ClientError, match=r"\(ValidationError\).*'petclinic' is not a valid ARN"):
        tags(elbv2, "petclinic")


def test_tags_are_deleted_with_their_resource(elbv2: Any, petclinic: Any) -> None:
    elbv2.add_tags(ResourceArns=[petclinic.rule], Tags=[{"Key": "a", "Value": "1"}])
    elbv2.delete_rule(RuleArn=petclinic.rule)
    with pytest.raises(ClientError, match="RuleNotFound"):
        tags(elbv2, petclinic.rule)
