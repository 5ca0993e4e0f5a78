"""What AWS refuses about the rule of a header route names the route, whether it is created or modified."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from elbv2_trafficrouter.arn import Arn
from elbv2_trafficrouter.errors.managed_routes import HeaderRuleRefused
from elbv2_trafficrouter.routing.ports import Elbv2
from elbv2_trafficrouter.routing.rule import Condition, HeaderRule
from support.aws.ports import ports_on
from support.emulator.in_process import InProcess
from support.router.caller import Caller
from support.router.clock import StandingClock
from support.router.petclinic import REGION, petclinic_of

TAGS = {"elbv2-trafficrouter/rollout": "was"}

Write = Callable[[Elbv2, HeaderRule], object]


def create(elbv2: Elbv2, rule: HeaderRule) -> object:
    return elbv2.rules.create(rule, TAGS, Caller())


def replace_the_created(elbv2: Elbv2, rule: HeaderRule) -> object:
    good = replace(rule, conditions=frozenset({Condition("http-header", frozenset({"a"}), name="X-User")}))
    return elbv2.rules.replace(elbv2.rules.create(good, TAGS, Caller()).arn, rule, Caller())


@pytest.mark.parametrize(("write", "action"), [(create, "CreateRule"), (replace_the_created, "ModifyRule")])
def test_a_refused_header_rule_names_its_route(write: Write, action: str) -> None:
    aws = InProcess(StandingClock())
    clinic = petclinic_of(aws.of(REGION), priority=10)
    too_many = Condition("http-header", frozenset("abcdef"), name="X-User")
    rule = HeaderRule("beta", Arn(clinic.rule), 9, frozenset({too_many}), (), Arn(clinic.canary), ())
    with pytest.raises(HeaderRuleRefused) as caught:
        write(ports_on(aws), rule)
    assert caught.value.sentence.startswith(f"AWS rejects elasticloadbalancing:{action} on ")
    assert " for the header route 'beta' with " in caught.value.sentence
    assert caught.value.metadata["route"] == "beta"
