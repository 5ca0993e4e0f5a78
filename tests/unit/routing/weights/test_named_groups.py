"""Which target groups the errors of a plan name."""

import pytest

from elbv2_trafficrouter.arn import Arn
from elbv2_trafficrouter.errors.rules import NoForwardToStable, TooManyTargetGroups
from elbv2_trafficrouter.routing.rule import Forward, ListenerRule, Snapshot, SteeredRule
from elbv2_trafficrouter.routing.weights.plan import plan
from support.router.intents import ACCOUNT, CANARY, GROUPS, RULE, STABLE, WEB, asking_for


def plan_for(*forwards: Forward) -> None:
    rule = ListenerRule(RULE, forwards, ())
    plan(asking_for(10), (SteeredRule(RULE, GROUPS),), Snapshot({RULE: rule}), {})


def test_a_rule_without_room_is_reported_with_the_group_that_it_lacks() -> None:
    others = (Forward(Arn(f"{ACCOUNT}:targetgroup/other/{number}"), 1) for number in range(4))
    with pytest.raises(TooManyTargetGroups) as caught:
        plan_for(Forward(STABLE, 1), *others)
    assert caught.value.metadata["target_groups"] == CANARY


def test_a_rule_that_does_not_forward_to_stable_is_reported_with_its_groups() -> None:
    with pytest.raises(NoForwardToStable) as caught:
        plan_for(Forward(WEB, 1), Forward(CANARY, 0))
    assert caught.value.metadata["target_group"] == STABLE
    assert "It forwards to targetgroup/was-canary/2, targetgroup/web/3." in caught.value.sentence
