"""Header rules that could not be removed, or stand where nobody looks for them any more."""

from dataclasses import replace
from fractions import Fraction

import pytest

from elbv2_trafficrouter.arn import Arn
from elbv2_trafficrouter.errors import Problem
from elbv2_trafficrouter.errors.aws import NotAllowed, OutcomeUnknown, Throttled
from elbv2_trafficrouter.rollout.config import Config, NamedRule
from elbv2_trafficrouter.rollout.intent import Destination, Intent
from elbv2_trafficrouter.routing.headers import troubles
from elbv2_trafficrouter.routing.rule import Forward
from support.router.caller import Caller
from support.router.update import (
    BASE,
    BETA,
    INTERNAL,
    LISTENER,
    STABLE,
    WEB,
    Update,
    asking_for,
    rule_of_beta,
)

DELETE = "elasticloadbalancing:DeleteRule"
REFUSED = NotAllowed(DELETE, LISTENER, "no")


@pytest.fixture
def update() -> Update:
    return Update.on()


@pytest.mark.parametrize(
    ("rests", "tries"), [pytest.param(3.0, 3, id="protected"), pytest.param(0.0, 21, id="the harm")]
)
def test_a_refused_deletion_is_not_tried_as_fast_as_the_loop_of_an_abort(
    update: Update, rests: float, tries: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(troubles, "REMOVAL_RESTS_SECONDS", rests)
    update.set_header_route()
    update.aws.refusals["DeleteRule"] = REFUSED
    for _ in range(21):
        with pytest.raises(NotAllowed):
            update.remove_managed_routes()
        update.runtime.seconds += 0.4
    assert update.aws.count("DeleteRule") == tries


def test_a_rule_that_could_not_be_removed_is_asked_about_again(update: Update) -> None:
    """After an abort the controller asks of its own accord only while something is not verified."""
    update.set_header_route()
    update.aws.refusals["DeleteRule"] = REFUSED
    with pytest.raises(NotAllowed):
        update.remove_managed_routes()
    update.set_weight(0, may_exist=False)
    assert update.verify_weight(0, may_exist=False) == REFUSED.sentence
    del update.aws.refusals["DeleteRule"]
    update.runtime.seconds += 10
    assert len(update.remove_managed_routes()) == 1
    assert update.verify_weight(0, may_exist=False) == ""


def test_what_could_not_be_removed_holds_no_step_of_the_next_update(update: Update) -> None:
    update.set_header_route()
    update.aws.refusals["DeleteRule"] = REFUSED
    with pytest.raises(NotAllowed):
        update.remove_managed_routes()
    update.verify_weight(0)
    update.set_weight(0)
    assert update.verify_weight(0) == ""


@pytest.mark.parametrize(
    "trouble",
    [
        pytest.param(OutcomeUnknown(DELETE, LISTENER, "read timed out"), id="no answer"),
        pytest.param(Throttled(DELETE, "Throttling"), id="throttled"),
    ],
)
def test_an_abort_waits_for_one_deletion_that_aws_does_not_answer(update: Update, trouble: Problem) -> None:
    update.set_header_route()
    update.set_header_route(INTERNAL)
    update.aws.refusals["DeleteRule"] = trouble
    with pytest.raises(type(trouble)):
        update.remove_managed_routes()
    assert update.aws.count("DeleteRule") == 1


def test_a_rule_is_removed_when_the_rollout_leads_to_another_group_by_now(update: Update) -> None:
    """Its configuration was changed in mid-canary: the rule's form is no longer of this Rollout."""
    (made,) = update.set_header_route()
    before = asking_for(0)
    config = Config(before.config.rules, {"was-stable": STABLE, "was-canary": WEB})
    intent = replace(before, config=config, canary=Destination("was-canary", Fraction(0)))
    update.aws.rules[BASE.arn] = replace(BASE, forwards=(Forward(STABLE, 1), Forward(WEB, 0)))
    assert update.router.remove_managed_routes(intent, Caller()) == (made.rule.arn,)


MOVED = replace(BASE, arn=Arn(BASE.arn.replace("9f2a", "9f2b")))


def moved(intent: Intent) -> Intent:
    """The Rollout names a rule of another listener by now."""
    return replace(intent, config=Config((NamedRule(MOVED.arn),), intent.config.target_groups))


def test_a_rule_on_the_listener_that_was_named_before_is_removed(update: Update) -> None:
    (made,) = update.set_header_route()
    update.aws.put(MOVED, {})
    assert update.router.remove_managed_routes(moved(asking_for(0)), Caller()) == (made.rule.arn,)


def test_a_listener_that_was_named_before_may_be_gone(update: Update) -> None:
    """Otherwise every removal would fail until the process is started again."""
    update.set_header_route()
    update.aws.put(MOVED, {})
    update.aws.gone = {LISTENER}
    assert update.router.remove_managed_routes(moved(asking_for(0)), Caller()) == ()
    calls = len(update.aws.calls)
    update.runtime.seconds += 3600
    update.router.remove_managed_routes(moved(asking_for(0)), Caller())
    assert update.aws.calls[calls:] == ["DescribeRules"]


def test_a_base_is_never_removed_not_even_one_that_this_process_made(update: Update) -> None:
    """Somebody named the header route's own rule in the configuration."""
    (made,) = update.set_header_route()
    update.runtime.seconds += 11
    before = asking_for(0)
    config = Config((NamedRule(made.rule.arn),), before.config.target_groups)
    update.aws.rules[made.rule.arn] = replace(made.rule, forwards=(Forward(STABLE, 1), Forward(WEB, 0)))
    update.router.remove_managed_routes(replace(before, config=config), Caller())
    assert update.aws.count("DeleteRule") == 0


def test_a_rule_that_is_made_again_elsewhere_is_not_left_where_it_was(update: Update) -> None:
    """The base was given a number below another rule's: from above that one ours would take requests."""
    update.verify_weight()
    (made,) = update.set_header_route()
    web = rule_of_beta(arn=f"{BASE.arn}f", priority=30, conditions=BASE.conditions)
    update.aws.put(replace(web, forwards=(Forward(WEB, 1),)), {})
    update.aws.rules[BASE.arn] = replace(BASE, priority=40)
    update.runtime.seconds += 11
    (again,) = update.set_weight(wanted=(BETA,)).header_rules
    assert (again.rule.priority, again.changed) == (38, True)
    assert made.rule.arn not in update.aws.rules
