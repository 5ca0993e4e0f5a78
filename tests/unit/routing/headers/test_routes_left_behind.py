"""Header rules that could not be deleted, or that are where the configuration no longer points."""

from dataclasses import replace

import pytest

from elbv2_trafficrouter.arn import Arn
from elbv2_trafficrouter.errors import Problem
from elbv2_trafficrouter.errors.aws import NotAllowed, OutcomeUnknown, Throttled
from elbv2_trafficrouter.routing.headers import troubles
from elbv2_trafficrouter.routing.rule import Forward, ListenerRule
from support.router.caller import Caller
from support.router.intents import LISTENER, STABLE, WEB, asking_for, configuration
from support.router.update import BASE, BETA, INTERNAL, WAS, Update, rule_of_beta

DELETE = "elasticloadbalancing:DeleteRule"
REFUSED = NotAllowed(DELETE, LISTENER, "no")


@pytest.fixture
def update() -> Update:
    return Update.on()


@pytest.mark.parametrize(
    ("rests", "tries"), [pytest.param(3.0, 3, id="protected"), pytest.param(0.0, 21, id="the harm")]
)
def test_a_refused_deletion_is_not_retried_as_often_as_an_abort_calls(
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


def test_an_abort_is_not_verified_until_its_rules_are_deleted(update: Update) -> None:
    """After an abort, the controller calls again only while the weight is not verified."""
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


def test_a_rule_that_was_left_behind_does_not_delay_the_next_update(update: Update) -> None:
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
def test_an_abort_waits_for_at_most_one_deletion_that_aws_does_not_answer(
    update: Update, trouble: Problem
) -> None:
    update.set_header_route()
    update.set_header_route(INTERNAL)
    update.aws.refusals["DeleteRule"] = trouble
    with pytest.raises(type(trouble)):
        update.remove_managed_routes()
    assert update.aws.count("DeleteRule") == 1


def test_a_rule_is_deleted_after_its_target_group_left_the_configuration(update: Update) -> None:
    """The configuration was changed in mid-canary, so the rule no longer looks like one of this Rollout."""
    (created,) = update.set_header_route()
    intent = asking_for(0, config=configuration(groups={"was-canary": WEB}))
    update.aws.rules[BASE.arn] = replace(BASE, forwards=(Forward(STABLE, 1), Forward(WEB, 0)))
    assert update.router.remove_managed_routes(intent, Caller()) == (created.rule.arn,)


MOVED = replace(BASE, arn=Arn(BASE.arn.replace("9f2a", "9f2b")))


TO_MOVED = asking_for(0, config=configuration(MOVED.arn))
"""Of a Rollout that names a rule of another listener now."""


def test_a_rule_on_the_listener_that_was_named_before_is_deleted(update: Update) -> None:
    (created,) = update.set_header_route()
    update.aws.put(MOVED, {})
    assert update.router.remove_managed_routes(TO_MOVED, Caller()) == (created.rule.arn,)


def test_the_listener_that_was_named_before_may_have_been_deleted(update: Update) -> None:
    """Otherwise every removal would fail until the process is restarted."""
    update.set_header_route()
    update.aws.put(MOVED, {})
    update.aws.gone = {LISTENER}
    assert update.router.remove_managed_routes(TO_MOVED, Caller()) == ()
    calls = len(update.aws.calls)
    update.runtime.seconds += 3600
    update.router.remove_managed_routes(TO_MOVED, Caller())
    assert update.aws.calls[calls:] == ["DescribeRules"]


def test_a_base_is_never_deleted_not_even_one_that_this_process_created(update: Update) -> None:
    """The configuration names the header route's own rule."""
    (created,) = update.set_header_route()
    update.runtime.seconds += 11
    intent = asking_for(0, config=configuration(created.rule.arn))
    update.aws.rules[created.rule.arn] = replace(created.rule, forwards=(Forward(STABLE, 1), Forward(WEB, 0)))
    update.router.remove_managed_routes(intent, Caller())
    assert update.aws.count("DeleteRule") == 0


# Rules of a route that is created again elsewhere


@pytest.fixture
def separated(update: Update) -> ListenerRule:
    """Somebody's rule between the base and this rule of beta, which takes requests from that rule, too."""
    update.verify_weight()
    elsewhere = update.aws.put(rule_of_beta(), WAS.tags_of("beta"))
    web = rule_of_beta(arn=f"{BASE.arn}f", priority=9, conditions=BASE.conditions)
    update.aws.put(replace(web, forwards=(Forward(WEB, 1),)), {})
    update.aws.rules[BASE.arn] = replace(BASE, priority=40)
    return elsewhere


def test_a_rule_that_is_created_again_elsewhere_is_deleted_where_it_was(
    update: Update, separated: ListenerRule
) -> None:
    (outcome,) = update.set_weight(wanted=(BETA,)).header_rules
    assert (outcome.rule.priority, outcome.changed) == (38, True)
    assert separated.arn not in update.aws.rules
    assert update.header_rules == {"beta": outcome.rule}


def test_a_rule_below_the_base_is_deleted_when_it_is_created_again_above(update: Update) -> None:
    """Below the base, it takes requests from the rules there and none from the base."""
    update.verify_weight()
    below = update.aws.put(rule_of_beta(priority=11, forwards=(Forward(STABLE, 1),)), WAS.tags_of("beta"))
    (outcome,) = update.set_weight(wanted=(BETA,)).header_rules
    assert below.arn not in update.aws.rules
    assert update.header_rules == {"beta": outcome.rule}


def test_no_rule_is_deleted_when_it_could_not_be_created_again(
    update: Update, separated: ListenerRule
) -> None:
    update.aws.refusals["CreateRule"] = NotAllowed("elasticloadbalancing:CreateRule", LISTENER, "no")
    assert update.set_weight(wanted=(BETA,)).header_rules == ()
    assert update.header_rules == {"beta": separated}


def test_the_rules_of_other_routes_stay_when_one_is_created_again(
    update: Update, separated: ListenerRule
) -> None:
    internal = update.aws.put(rule_of_beta(arn=f"{BASE.arn}1", priority=7), WAS.tags_of("internal"))
    (outcome,) = update.set_weight(wanted=(BETA,)).header_rules
    assert separated.arn not in update.aws.rules
    assert update.header_rules == {"beta": outcome.rule, "internal": internal}


def test_a_rule_is_known_while_the_canary_is_paused_for_a_day(update: Update) -> None:
    """SetWeight and VerifyWeight are the only calls meanwhile. Then the Rollout names another listener."""
    (created,) = update.set_header_route()
    for _ in range(96):
        update.runtime.seconds += 15 * 60
        update.set_weight()
        update.verify_weight()
    update.aws.put(MOVED, {})
    assert update.router.remove_managed_routes(TO_MOVED, Caller()) == (created.rule.arn,)
