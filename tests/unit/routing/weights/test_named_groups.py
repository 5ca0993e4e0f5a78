"""Which target groups the error for a rule names that cannot get the shares."""

import pytest

from elbv2_trafficrouter.arn import Arn
from elbv2_trafficrouter.errors.rules import NoForwardToStable, TooManyTargetGroups
from elbv2_trafficrouter.routing.ownership import Installation
from elbv2_trafficrouter.routing.router import Router
from elbv2_trafficrouter.routing.rule import Forward, ListenerRule
from support.router.caller import Caller
from support.router.intents import ACCOUNT, CANARY, RULE, STABLE, WEB, asking_for
from support.router.rules_in_memory import RulesInMemory
from support.router.runtime import Runtime


def set_weight_of(*forwards: Forward) -> None:
    aws = RulesInMemory({RULE: ListenerRule(RULE, forwards, ())})
    Router(aws.elbv2, Runtime(), Installation()).set_weight(asking_for(10), Caller())


def test_a_rule_without_room_is_reported_with_the_group_that_it_lacks() -> None:
    others = (Forward(Arn(f"{ACCOUNT}:targetgroup/other/{number}"), 1) for number in range(4))
    with pytest.raises(TooManyTargetGroups) as caught:
        set_weight_of(Forward(STABLE, 1), *others)
    assert caught.value.metadata["target_groups"] == CANARY


def test_a_rule_that_does_not_forward_to_stable_is_reported_with_its_groups() -> None:
    with pytest.raises(NoForwardToStable) as caught:
        set_weight_of(Forward(WEB, 1), Forward(CANARY, 0))
    assert caught.value.metadata["target_group"] == STABLE
    assert "It forwards to targetgroup/was-canary/2, targetgroup/web/3." in caught.value.sentence
