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
from support.router.header_route_story import (
    BASE,
    BETA,
    INTERNAL,
    LISTENER,
    STABLE,
    WEB,
    Story,
    asking_for,
    rule_of_beta,
)

DELETE = "elasticloadbalancing:DeleteRule"
REFUSED = NotAllowed(DELETE, LISTENER, "no")


@pytest.fixture
def story() -> Story:
    return Story.of()


@pytest.mark.parametrize(
    ("rests", "tries"), [pytest.param(3.0, 3, id="protected"), pytest.param(0.0, 21, id="the harm")]
)
def test_a_refused_deletion_is_not_tried_as_fast_as_the_loop_of_an_abort(
    story: Story, rests: float, tries: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(troubles, "REMOVAL_RESTS_SECONDS", rests)
    story.set_header_route()
    story.aws.refusals["DeleteRule"] = REFUSED
    for _ in range(21):
        with pytest.raises(NotAllowed):
            story.remove_managed_routes()
        story.runtime.seconds += 0.4
    assert story.aws.count("DeleteRule") == tries


def test_a_rule_that_could_not_be_removed_is_asked_about_again(story: Story) -> None:
    """After an abort the controller asks of its own accord only while something is not verified."""
    story.set_header_route()
    story.aws.refusals["DeleteRule"] = REFUSED
    with pytest.raises(NotAllowed):
        story.remove_managed_routes()
    story.set_weight(0, may_exist=False)
    assert story.verify_weight(0, may_exist=False) == REFUSED.sentence
    del story.aws.refusals["DeleteRule"]
    story.runtime.seconds += 10
    assert len(story.remove_managed_routes()) == 1
    assert story.verify_weight(0, may_exist=False) == ""


def test_what_could_not_be_removed_holds_no_step_of_the_next_update(story: Story) -> None:
    story.set_header_route()
    story.aws.refusals["DeleteRule"] = REFUSED
    with pytest.raises(NotAllowed):
        story.remove_managed_routes()
    story.verify_weight(0)
    story.set_weight(0)
    assert story.verify_weight(0) == ""


@pytest.mark.parametrize(
    "trouble",
    [
        pytest.param(OutcomeUnknown(DELETE, LISTENER, "read timed out"), id="no answer"),
        pytest.param(Throttled(DELETE, "Throttling"), id="throttled"),
    ],
)
def test_an_abort_waits_for_one_deletion_that_aws_does_not_answer(story: Story, trouble: Problem) -> None:
    story.set_header_route()
    story.set_header_route(INTERNAL)
    story.aws.refusals["DeleteRule"] = trouble
    with pytest.raises(type(trouble)):
        story.remove_managed_routes()
    assert story.aws.count("DeleteRule") == 1


def test_a_rule_is_removed_when_the_rollout_leads_to_another_group_by_now(story: Story) -> None:
    """Its configuration was changed in mid-canary: the rule's form is no longer of this Rollout."""
    (made,) = story.set_header_route()
    before = asking_for(0)
    config = Config(before.config.rules, {"was-stable": STABLE, "was-canary": WEB})
    intent = replace(before, config=config, canary=Destination("was-canary", Fraction(0)))
    story.aws.rules[BASE.arn] = replace(BASE, forwards=(Forward(STABLE, 1), Forward(WEB, 0)))
    assert story.router.remove_managed_routes(intent, Caller()) == (made.rule.arn,)


MOVED = replace(BASE, arn=Arn(BASE.arn.replace("9f2a", "9f2b")))


def moved(intent: Intent) -> Intent:
    """The Rollout names a rule of another listener by now."""
    return replace(intent, config=Config((NamedRule(MOVED.arn),), intent.config.target_groups))


def test_a_rule_on_the_listener_that_was_named_before_is_removed(story: Story) -> None:
    (made,) = story.set_header_route()
    story.aws.put(MOVED, {})
    assert story.router.remove_managed_routes(moved(asking_for(0)), Caller()) == (made.rule.arn,)


def test_a_listener_that_was_named_before_may_be_gone(story: Story) -> None:
    """Otherwise every removal would fail until the process is started again."""
    story.set_header_route()
    story.aws.put(MOVED, {})
    story.aws.gone = {LISTENER}
    assert story.router.remove_managed_routes(moved(asking_for(0)), Caller()) == ()
    calls = len(story.aws.calls)
    story.runtime.seconds += 3600
    story.router.remove_managed_routes(moved(asking_for(0)), Caller())
    assert story.aws.calls[calls:] == ["DescribeRules"]


def test_a_base_is_never_removed_not_even_one_that_this_process_made(story: Story) -> None:
    """Somebody named the header route's own rule in the configuration."""
    (made,) = story.set_header_route()
    story.runtime.seconds += 11
    before = asking_for(0)
    config = Config((NamedRule(made.rule.arn),), before.config.target_groups)
    story.aws.rules[made.rule.arn] = replace(made.rule, forwards=(Forward(STABLE, 1), Forward(WEB, 0)))
    story.router.remove_managed_routes(replace(before, config=config), Caller())
    assert story.aws.count("DeleteRule") == 0


def test_a_rule_that_is_made_again_elsewhere_is_not_left_where_it_was(story: Story) -> None:
    """The base was given a number below another rule's: from above that one ours would take requests."""
    story.verify_weight()
    (made,) = story.set_header_route()
    web = rule_of_beta(arn=f"{BASE.arn}f", priority=30, conditions=BASE.conditions)
    story.aws.put(replace(web, forwards=(Forward(WEB, 1),)), {})
    story.aws.rules[BASE.arn] = replace(BASE, priority=40)
    story.runtime.seconds += 11
    (again,) = story.set_weight(wanted=(BETA,)).header_rules
    assert (again.rule.priority, again.changed) == (38, True)
    assert made.rule.arn not in story.aws.rules
