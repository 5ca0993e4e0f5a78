"""What moto does like AWS, and the emulator too."""

from typing import Any

from support.aws.refusals import refused

FIXED = [{"Type": "fixed-response", "FixedResponseConfig": {"StatusCode": "200"}}]
PATH = [{"Field": "path-pattern", "PathPatternConfig": {"Values": ["/owners/*"]}}]


def only(elbv2: Any, rule: str) -> dict[str, Any]:
    (found,) = elbv2.describe_rules(RuleArns=[rule])["Rules"]
    return dict(found)


def missing(arn: str) -> str:
    return arn[:-16] + "0" * 16


def test_actions_are_replaced_as_a_whole(elbv2: Any, petclinic: Any) -> None:
    """Faithful: wholesale replacement."""
    elbv2.modify_rule(RuleArn=petclinic.rule, Actions=FIXED)
    (action,) = only(elbv2, petclinic.rule)["Actions"]
    assert action["Type"] == "fixed-response"
    assert "ForwardConfig" not in action


def test_what_is_not_specified_stays(elbv2: Any, petclinic: Any) -> None:
    """Faithful: conditions-only keeps actions."""
    before = only(elbv2, petclinic.rule)
    elbv2.modify_rule(RuleArn=petclinic.rule, Conditions=PATH)
    after = only(elbv2, petclinic.rule)
    assert after["Actions"] == before["Actions"]
    assert after["Conditions"][0]["PathPatternConfig"] == {"Values": ["/owners/*"]}


def test_a_missing_rule_is_not_found(elbv2: Any, petclinic: Any) -> None:
    """Faithful: RuleNotFound."""
    with refused("RuleNotFound"):
        elbv2.describe_rules(RuleArns=[missing(petclinic.rule)])
    with refused("RuleNotFound"):
        elbv2.modify_rule(RuleArn=missing(petclinic.rule), Actions=FIXED)


def test_a_missing_group_is_not_found(elbv2: Any, petclinic: Any) -> None:
    """Faithful: TargetGroupNotFound."""
    forward = [{"Type": "forward", "TargetGroupArn": missing(petclinic.stable)}]
    with refused("TargetGroupNotFound"):
        elbv2.describe_target_groups(TargetGroupArns=[missing(petclinic.stable)])
    with refused("TargetGroupNotFound"):
        elbv2.modify_rule(RuleArn=petclinic.rule, Actions=forward)


def test_a_priority_can_be_used_only_once(elbv2: Any, petclinic: Any) -> None:
    """Faithful: PriorityInUse on create."""
    with refused("PriorityInUse"):
        elbv2.create_rule(ListenerArn=petclinic.listener, Priority=1, Conditions=PATH, Actions=FIXED)


def test_rules_are_found_by_their_arns(elbv2: Any, petclinic: Any) -> None:
    """Faithful: RuleArns filter."""
    elbv2.create_rule(ListenerArn=petclinic.listener, Priority=2, Conditions=PATH, Actions=FIXED)
    assert only(elbv2, petclinic.rule)["RuleArn"] == petclinic.rule


def test_a_rule_can_have_tags(elbv2: Any, petclinic: Any) -> None:
    """Faithful: rule tags."""
    made = elbv2.create_rule(
        ListenerArn=petclinic.listener,
        Priority=2,
        Conditions=PATH,
        Actions=FIXED,
        Tags=[{"Key": "app", "Value": "petclinic"}],
    )
    rule = made["Rules"][0]["RuleArn"]
    elbv2.add_tags(ResourceArns=[rule], Tags=[{"Key": "tier", "Value": "web"}])
    elbv2.remove_tags(ResourceArns=[rule], TagKeys=["app"])
    (resource,) = elbv2.describe_tags(ResourceArns=[rule])["TagDescriptions"]
    assert resource == {"ResourceArn": rule, "Tags": [{"Key": "tier", "Value": "web"}]}


def test_a_group_that_a_rule_names_cannot_be_deleted(elbv2: Any, petclinic: Any) -> None:
    """Faithful: ResourceInUse."""
    with refused("ResourceInUse", "is currently in use by a listener or a rule"):
        elbv2.delete_target_group(TargetGroupArn=petclinic.stable)
