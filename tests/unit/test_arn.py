"""ELBv2's ARNs."""

import botocore.session
import pytest

from elbv2_trafficrouter.arn import (
    RULE_FORM,
    TARGET_GROUP_FORM,
    Arn,
    is_rule,
    is_target_group,
    listener_of,
    location_of,
    region_of,
)

OWNER = "arn:aws:elasticloadbalancing:eu-west-1:123456789012"
RULE = f"{OWNER}:listener-rule/app/petclinic/50dc6c495c0c9188/f2f7dc8efc522ab2/9683b2d02a6cabee"
GROUP = f"{OWNER}:targetgroup/was-stable/73e2d6bc24d8a067"

NEITHER = [
    pytest.param("", id="empty"),
    pytest.param("was-stable", id="a name"),
    pytest.param("arn:aws:s3:::petclinic", id="another service's"),
    pytest.param(RULE.replace("elasticloadbalancing", "elasticloadbalancingv2"), id="a wrong service"),
    pytest.param(RULE.replace("/app/", "/net/"), id="a Network Load Balancer's rule"),
    pytest.param(RULE.replace("/app/", "/gwy/"), id="a Gateway Load Balancer's rule"),
    pytest.param(RULE.replace("listener-rule", "listener"), id="a listener's name with a rule's ids"),
    pytest.param(RULE.rpartition("/")[0].replace("listener-rule", "listener"), id="a listener"),
    pytest.param(RULE.rpartition("/")[0], id="a rule without its own id"),
    pytest.param(f"{OWNER}:loadbalancer/app/petclinic/50dc6c495c0c9188", id="a load balancer"),
    pytest.param(RULE + "/", id="a slash behind the rule"),
    pytest.param(RULE + "\n", id="a line feed behind the rule"),
    pytest.param(" " + RULE, id="a space before the rule"),
    pytest.param(RULE.upper(), id="capitals"),
    pytest.param(RULE.replace("123456789012", "12345678901"), id="an account of eleven digits"),
    pytest.param(RULE.replace("123456789012", "１２３４５６７８９０１２"), id="an account of other digits"),  # noqa: RUF001  they look alike, which is the case
    pytest.param(RULE.replace("123456789012", ""), id="no account"),
    pytest.param(RULE.replace("eu-west-1", ""), id="no region"),
    pytest.param(RULE.replace("eu-west-1", "eu-west"), id="half a region"),
    pytest.param(RULE.replace("eu-west-1", "eu-west-1a"), id="an availability zone"),
    pytest.param(RULE.replace("eu-west-1", "-"), id="a hyphen as region"),
    pytest.param(RULE.replace("petclinic", "n" * 33), id="a load balancer's name that is too long"),
    pytest.param(GROUP + "\n", id="a line feed behind the target group"),
    pytest.param(GROUP.replace("was-stable", "n" * 33), id="a target group's name that is too long"),
    pytest.param(GROUP.replace("was-stable", "was_stable"), id="a target group's name with an underscore"),
    pytest.param(GROUP.rpartition("/")[0], id="a target group without its id"),
]

PLACES = [
    (partition, region)
    for partition in botocore.session.get_session().get_available_partitions()
    for region in botocore.session.get_session().get_available_regions("elbv2", partition)
]


@pytest.mark.parametrize("text", NEITHER)
def test_what_is_neither_a_rule_nor_a_target_group(text: str) -> None:
    assert not is_rule(text)
    assert not is_target_group(text)


@pytest.mark.parametrize(("partition", "region"), PLACES)
def test_rules_and_target_groups_of_every_partition_and_region(partition: str, region: str) -> None:
    assert is_rule(RULE.replace("arn:aws:", f"arn:{partition}:").replace("eu-west-1", region))
    assert is_target_group(GROUP.replace("arn:aws:", f"arn:{partition}:").replace("eu-west-1", region))


def test_the_partitions_are_all_there() -> None:
    partitions = {partition for partition, _ in PLACES}
    assert partitions >= {"aws", "aws-cn", "aws-us-gov", "aws-eusc", "aws-iso", "aws-iso-b"}


def test_a_rule_is_no_target_group_and_the_other_way_round() -> None:
    assert not is_target_group(RULE)
    assert not is_rule(GROUP)


def test_the_forms_that_users_are_shown_are_those_that_are_accepted() -> None:
    def filled(form: str) -> str:
        for placeholder, value in {
            "REGION": "eu-west-1",
            "ACCOUNT": "123456789012",
            "NAME": "n",
            "ID": "0a",
        }.items():
            form = form.replace(placeholder, value)
        return form

    assert is_rule(filled(RULE_FORM))
    assert is_target_group(filled(TARGET_GROUP_FORM))


def test_a_rules_listener() -> None:
    assert listener_of(Arn(RULE)) == f"{OWNER}:listener/app/petclinic/50dc6c495c0c9188/f2f7dc8efc522ab2"


def test_the_listener_of_a_rule_whose_load_balancer_is_called_like_a_resource_type() -> None:
    rule = Arn(RULE.replace("petclinic", "listener-rule"))
    assert listener_of(rule) == f"{OWNER}:listener/app/listener-rule/50dc6c495c0c9188/f2f7dc8efc522ab2"


def test_an_arns_region_is_its_fourth_part() -> None:
    assert region_of(Arn(GROUP)) == "eu-west-1"


@pytest.mark.parametrize(
    ("part", "other"),
    [
        pytest.param("arn:aws:", "arn:aws-cn:", id="partition"),
        pytest.param("eu-west-1", "eu-west-2", id="region"),
        pytest.param("123456789012", "111122223333", id="account"),
    ],
)
def test_a_place_is_partition_region_and_account(part: str, other: str) -> None:
    assert location_of(Arn(RULE)) == location_of(Arn(GROUP))
    assert location_of(Arn(RULE)) != location_of(Arn(GROUP.replace(part, other)))
