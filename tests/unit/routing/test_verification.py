"""VerifyWeight returns the rules as it read them."""

from dataclasses import replace

from elbv2_trafficrouter.routing.ownership import Installation
from elbv2_trafficrouter.routing.router import Router
from elbv2_trafficrouter.routing.rule import Forward, ListenerRule
from support.router.caller import Caller
from support.router.intents import CANARY, RULE, STABLE, asking_for
from support.router.rules_in_memory import RulesInMemory
from support.router.runtime import Runtime

BEFORE = ListenerRule(RULE, (Forward(STABLE, 100), Forward(CANARY, 0)), ())


def test_a_rule_with_other_weights_is_returned_with_the_weights_that_it_has() -> None:
    aws = RulesInMemory({RULE: BEFORE})
    verification = Router(aws.elbv2, Runtime(), Installation()).verify_weight(asking_for(25), Caller())
    assert [(outcome.rule, outcome.changed) for outcome in verification.rules] == [(BEFORE, False)]
    assert verification.trouble is not None


def test_a_rule_that_lacks_a_group_is_returned_without_it() -> None:
    rule = replace(BEFORE, forwards=(Forward(STABLE, 1),))
    aws = RulesInMemory({RULE: rule})
    verification = Router(aws.elbv2, Runtime(), Installation()).verify_weight(asking_for(25), Caller())
    assert [outcome.rule for outcome in verification.rules] == [rule]
