"""Every fact has a test and every test names a known fact; and tests of facts that fit nowhere else."""

import re
from pathlib import Path
from typing import Any

import pytest

from elbv2_emulator.api.errors import ApiError
from elbv2_emulator.api.shapes import service
from support.aws.refusals import refused
from support.emulator.facts import FACTS


def test_every_fact_has_a_test() -> None:
    texts = [file.read_text() for file in Path(__file__).parent.rglob("test_*.py")]
    named = {fact for text in texts for fact in re.findall(r'^    """Fact: (.+)\."""$', text, re.MULTILINE)}
    assert named == set(FACTS)


def test_a_write_may_be_repeated(elbv2: Any, petclinic: Any) -> None:
    """Fact: ModifyRule may be repeated."""
    first, second = (
        elbv2.modify_rule(RuleArn=petclinic.rule, Actions=petclinic.split(7, 3))["Rules"] for _ in range(2)
    )
    assert first == second == elbv2.describe_rules(RuleArns=[petclinic.rule])["Rules"]


def test_three_rules_exchange_their_priorities(elbv2: Any, petclinic: Any) -> None:
    """Fact: priorities are unique, and SetRulePriorities may permute them."""
    fixed = [{"Type": "fixed-response", "FixedResponseConfig": {"StatusCode": "200"}}]
    conditions = [{"Field": "path-pattern", "Values": ["/owners/*"]}]
    others = [
        elbv2.create_rule(
            ListenerArn=petclinic.listener, Priority=priority, Conditions=conditions, Actions=fixed
        )["Rules"][0]["RuleArn"]
        for priority in (2, 3)
    ]
    rotated = [others[1], petclinic.rule, others[0]]
    wanted = [{"RuleArn": rule, "Priority": number} for number, rule in enumerate(rotated, start=1)]
    elbv2.set_rule_priorities(RulePriorities=wanted)
    rules = elbv2.describe_rules(ListenerArn=petclinic.listener)["Rules"]
    assert [rule["RuleArn"] for rule in rules[:3]] == rotated


def test_there_is_no_mirroring_action(elbv2: Any, petclinic: Any) -> None:
    """Fact: no mirroring action exists."""
    with refused("ValidationError", "enum value set"):
        elbv2.modify_rule(
            RuleArn=petclinic.rule, Actions=[{"Type": "mirror", "TargetGroupArn": petclinic.canary}]
        )


@pytest.mark.parametrize(
    ("action", "error", "status"),
    [
        ("DescribeTargetHealth", "HealthUnavailable", 500),
        ("ModifyRule", "Throttling", 400),
        ("ModifyRule", "AccessDenied", 403),
    ],
)
def test_an_error_has_the_http_status_of_aws(
    *, elbv2: Any, petclinic: Any, control: Any, action: str, error: str, status: int
) -> None:
    """Fact: HealthUnavailable is 500; Throttling is 400; AccessDenied is 403."""
    control("POST", "faults", {"action": action, "error": error})
    with refused(error, status=status):
        if action == "ModifyRule":
            elbv2.modify_rule(RuleArn=petclinic.rule, Actions=petclinic.split(1, 1))
        else:
            elbv2.describe_target_health(TargetGroupArn=petclinic.stable)


def test_every_error_of_the_service_model_has_its_http_status() -> None:
    shapes = (service().shape_for(name) for name in service().shape_names)
    errors = [shape.metadata["error"] for shape in shapes if shape.metadata.get("exception")]
    assert errors
    for error in errors:
        assert ApiError(error["code"], "").status == error["httpStatusCode"], error["code"]
