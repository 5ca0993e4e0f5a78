"""A rule on the listener that the configuration named before, while reads do not show the rule yet."""

from dataclasses import replace

from elbv2_trafficrouter.arn import Arn
from support.router.caller import Caller
from support.router.intents import asking_for, configuration
from support.router.update import BASE, Update

MOVED = replace(BASE, arn=Arn(BASE.arn.replace("9f2a", "9f2b")))
TO_MOVED = asking_for(0, config=configuration(MOVED.arn))
"""Of a Rollout that names a rule of another listener now."""


def test_a_rule_that_reads_do_not_show_yet_is_deleted_on_the_listener_that_was_named_before() -> None:
    update = Update.on()
    update.aws.put(MOVED, {})
    update.aws.lagging = dict(update.aws.rules)
    (created,) = update.set_header_route()
    update.runtime.seconds += 9
    assert update.router.remove_managed_routes(TO_MOVED, Caller()) == (created.rule.arn,)
    assert update.header_rules == {}
