"""A route's rule keeps its place when another Rollout's rule is between it and the base."""

from dataclasses import replace

import pytest

from elbv2_trafficrouter.arn import Arn
from elbv2_trafficrouter.routing.rule import Condition, Forward
from support.router.intents import WEB
from support.router.update import BASE, PATH, Update, rule_of_beta

OF_ANOTHER_ROLLOUT = replace(
    rule_of_beta(),
    arn=Arn(f"{BASE.arn}a"),
    forwards=(Forward(WEB, 1),),
    conditions=frozenset({PATH, Condition("http-header", frozenset({"bob"}), name="X-User")}),
)


@pytest.fixture
def update() -> Update:
    return Update.on()


def test_a_rule_above_another_rollouts_rule_is_kept(update: Update) -> None:
    (created,) = update.set_header_route()
    assert created.rule.priority is not None
    base = replace(BASE, priority=created.rule.priority + 2)
    update.aws.put(base, {})
    update.aws.put(replace(OF_ANOTHER_ROLLOUT, priority=created.rule.priority + 1), {})
    (again,) = update.set_header_route()
    assert (again.rule, again.changed) == (created.rule, False)
    assert update.aws.count("CreateRule", "DeleteRule") == 1
