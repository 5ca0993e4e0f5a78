"""SetHeaderRoute and RemoveManagedRoutes: what is made, changed and deleted, whatever reads show."""

import threading
from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import replace

import pytest

from elbv2_trafficrouter.errors import HeaderRouteLost, NotAllowed, OutcomeUnknown, Overtaken, Problem
from elbv2_trafficrouter.routing import header_routes
from elbv2_trafficrouter.routing.arn import Arn
from elbv2_trafficrouter.routing.config import Config
from elbv2_trafficrouter.routing.memory import Memory
from elbv2_trafficrouter.routing.model import Condition, Forward, HeaderMatch, HeaderRoute, Limits
from support.caller import Caller
from support.header_route_story import (
    BASE,
    BETA,
    INTERNAL,
    LISTENER,
    PATH,
    STABLE,
    WAS,
    WEB,
    Story,
    asking_for,
    rule_of_beta,
)

WRITES = ("CreateRule", "ModifyRule", "DeleteRule", "ModifyRule of weights")


@pytest.fixture
def story() -> Story:
    return Story.of()


# Setting


def test_a_route_is_made_above_its_base_with_its_tags(story: Story) -> None:
    (outcome,) = story.set_header_route()
    assert (outcome.route, outcome.changed) == ("beta", True)
    assert outcome.rule == story.header_rules["beta"]
    assert outcome.rule == rule_of_beta(arn=outcome.rule.arn)
    assert story.aws.tags_of == {outcome.rule.arn: WAS.tags_of("beta")}
    assert story.aws.count(*WRITES) == 1


@pytest.mark.parametrize("seconds", [0, 11, 3600])
def test_ten_times_the_same_is_one_create(story: Story, seconds: float) -> None:
    for _ in range(10):
        (outcome,) = story.set_header_route()
        story.runtime.seconds += seconds
    assert story.aws.count(*WRITES) == 1
    assert outcome.changed is False


def test_a_changed_match_changes_the_rule_in_place(story: Story) -> None:
    (made,) = story.set_header_route()
    (changed,) = story.set_header_route(HeaderRoute("beta", (HeaderMatch("X-User", prefix="bob"),)))
    bobs = Condition("http-header", frozenset({"bob*"}), name="X-User")
    assert story.header_rules == {"beta": rule_of_beta(arn=made.rule.arn, conditions=frozenset({PATH, bobs}))}
    assert (changed.rule, changed.changed) == (story.header_rules["beta"], True)
    assert story.aws.tags_of == {made.rule.arn: WAS.tags_of("beta")}
    assert [call for call in story.aws.calls if call in WRITES] == ["CreateRule", "ModifyRule"]


def test_a_route_without_matches_is_removed_and_no_other(story: Story) -> None:
    story.set_header_route()
    story.set_header_route(INTERNAL)
    assert story.set_header_route(HeaderRoute("beta")) == ()
    assert set(story.header_rules) == {"internal"}
    assert story.set_header_route(HeaderRoute("beta")) == ()
    assert story.aws.count("DeleteRule") == 1


def test_a_rule_that_lost_its_place_is_replaced(story: Story) -> None:
    """Somebody put a rule between it and its base, which takes its requests."""
    story.aws.put(rule_of_beta(priority=3), WAS.tags_of("beta"))
    story.aws.put(rule_of_beta(arn=Arn(f"{BASE.arn}f"), priority=5, conditions=frozenset({PATH})), {})
    (outcome,) = story.set_header_route()
    assert (outcome.rule.priority, outcome.changed) == (8, True)
    assert [call for call in story.aws.calls if call in WRITES] == ["CreateRule", "DeleteRule"]
    assert story.header_rules == {"beta": outcome.rule}


def test_a_rule_that_was_deleted_meanwhile_is_made_by_the_next_call(story: Story) -> None:
    """This process holds what it made for 10 s for what is there."""
    (made,) = story.set_header_route()
    story.aws.delete(made.rule.arn)
    bob = HeaderRoute("beta", (HeaderMatch("X-User", exact="bob"),))
    with pytest.raises(HeaderRouteLost):
        story.set_header_route(bob)
    (again,) = story.set_header_route(bob)
    assert story.header_rules == {"beta": again.rule}


def test_limits_are_looked_at_before_the_write(story: Story) -> None:
    story.aws.limit = Limits(values=5, wildcards=5, rules=1)
    with pytest.raises(Problem, match="has 1 rules, the route needs 1 more, and the account's quota is 1"):
        story.set_header_route()
    assert story.aws.count(*WRITES) == 0


def test_default_actions_do_not_count_for_the_quota(story: Story) -> None:
    story.aws.put(replace(BASE, arn=LISTENER, priority=None), {})
    story.aws.limit = Limits(values=5, wildcards=5, rules=2)
    assert len(story.set_header_route()) == 1


def test_a_rule_that_is_as_it_shall_be_needs_no_quota(story: Story) -> None:
    story.set_header_route()
    story.aws.limit = Limits(values=0, wildcards=0, rules=0)
    story.set_header_route()
    assert story.aws.count("DescribeAccountLimits") == 1


# Removing


def test_all_routes_are_removed(story: Story) -> None:
    made = [story.set_header_route(route)[0].rule.arn for route in (BETA, INTERNAL)]
    assert sorted(story.remove_managed_routes()) == sorted(made)
    assert story.aws.rules == {BASE.arn: BASE}


def test_rules_of_an_earlier_process_are_found_by_their_tags(story: Story) -> None:
    rule = story.aws.put(rule_of_beta(), WAS.tags_of("beta"))
    assert story.remove_managed_routes() == (rule.arn,)


@pytest.mark.parametrize("key", sorted(WAS.tags_of("beta")))
def test_rules_that_lack_one_of_the_tags_are_not_ours(story: Story, key: str) -> None:
    tags = {name: value for name, value in WAS.tags_of("beta").items() if name != key}
    story.aws.put(rule_of_beta(), tags)
    assert story.remove_managed_routes() == ()
    assert story.aws.count("DeleteRule") == 0


@pytest.mark.parametrize(
    ("protected", "removed"), [pytest.param(True, 0, id="protected"), pytest.param(False, 1, id="the harm")]
)
def test_a_forged_tag_deletes_nothing(
    story: Story, protected: bool, removed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """All our tags on a rule of somebody else's."""
    if not protected:
        monkeypatch.setattr(
            header_routes, "is_shaped_like_ours", lambda rule, bases, _: rule.arn not in bases
        )
    story.aws.put(rule_of_beta(forwards=(Forward(WEB, 1),)), WAS.tags_of("beta"))
    assert len(story.remove_managed_routes()) == removed
    assert story.aws.count("DeleteRule") == removed


def test_a_forged_tag_on_the_base_deletes_nothing() -> None:
    """The base may look like a header rule: for a header, to one of the groups alone."""
    story = Story.of(rule_of_beta(arn=BASE.arn, forwards=(Forward(STABLE, 1),)))
    story.aws.tags_of[BASE.arn] = WAS.tags_of("beta")
    assert story.remove_managed_routes() == ()


def test_every_rule_is_tried_when_one_cannot_be_deleted(story: Story) -> None:
    story.set_header_route()
    story.set_header_route(INTERNAL)
    story.aws.refusals["DeleteRule"] = NotAllowed("elasticloadbalancing:DeleteRule", LISTENER, "no")
    with pytest.raises(NotAllowed):
        story.remove_managed_routes()
    assert story.aws.count("DeleteRule") == 2


# What is known to be none


def test_no_call_is_made_for_15_s_when_there_is_none(story: Story) -> None:
    story.runtime.seconds = 11
    story.remove_managed_routes()
    calls = len(story.aws.calls)
    story.runtime.seconds += 14
    assert story.remove_managed_routes() == ()
    assert len(story.aws.calls) == calls
    story.runtime.seconds += 1
    story.remove_managed_routes()
    assert story.aws.calls[calls:] == ["DescribeRules"]


def test_a_group_that_is_new_is_attached_though_there_is_none(story: Story) -> None:
    story.runtime.seconds = 11
    story.remove_managed_routes()
    intent = asking_for(0)
    groups = {**intent.config.target_groups, "was-experiment": WEB}
    config = Config(intent.config.rules, groups)
    story.router.remove_managed_routes(replace(intent, config=config), Caller())
    assert story.aws.rules[BASE.arn].forwards[-1] == Forward(WEB, 0)


def test_no_call_is_made_after_all_were_deleted(story: Story) -> None:
    story.runtime.seconds = 11
    story.set_header_route()
    story.remove_managed_routes()
    calls = len(story.aws.calls)
    assert story.remove_managed_routes() == ()
    assert len(story.aws.calls) == calls


def test_a_process_looks_each_time_in_its_first_10_s(story: Story) -> None:
    """What the process before it made may not be seen yet."""
    story.aws.lagging = dict(story.aws.rules)
    rule = story.aws.put(rule_of_beta(), WAS.tags_of("beta"))
    assert story.remove_managed_routes() == ()
    story.runtime.seconds += 5
    story.aws.lagging = None
    assert story.remove_managed_routes() == (rule.arn,)


def test_the_knowledge_survives_no_restart(story: Story) -> None:
    story.runtime.seconds = 11
    story.remove_managed_routes()
    story.restart()
    story.remove_managed_routes()
    assert story.aws.count("DescribeRules") == 2


# Reads that lag


def test_a_rule_that_no_read_shows_yet_is_not_made_a_second_time(story: Story) -> None:
    story.aws.lagging = dict(story.aws.rules)
    (made,) = story.set_header_route()
    story.runtime.seconds += 9
    (again,) = story.set_header_route()
    assert (again.rule, again.changed) == (made.rule, False)
    assert story.aws.count("CreateRule") == 1


def test_a_rule_that_no_read_shows_yet_is_deleted(story: Story) -> None:
    story.aws.lagging = dict(story.aws.rules)
    (made,) = story.set_header_route()
    assert story.remove_managed_routes() == (made.rule.arn,)
    assert story.header_rules == {}


def test_a_rule_that_a_read_still_shows_is_not_deleted_a_second_time(story: Story) -> None:
    story.set_header_route()
    story.aws.lagging = dict(story.aws.rules)
    story.remove_managed_routes()
    story.runtime.seconds += 20
    assert story.remove_managed_routes() == ()
    assert story.aws.count("DeleteRule") == 1


def test_a_rule_that_a_read_still_shows_is_made_again(story: Story) -> None:
    (first,) = story.set_header_route()
    story.aws.lagging = dict(story.aws.rules)
    story.remove_managed_routes()
    story.verify_weight()
    (second,) = story.set_header_route()
    assert second.rule.arn != first.rule.arn
    assert story.header_rules == {"beta": second.rule}


# Creates without an answer


@pytest.fixture
def lands(story: Story) -> Callable[[], None]:
    """Does the create that was sent and not answered."""
    sent: list[Callable[[], None]] = []
    story.aws.unanswered_creates = sent
    with pytest.raises(OutcomeUnknown):
        story.set_header_route()
    story.aws.unanswered_creates = None
    return sent[0]


@pytest.mark.usefixtures("lands")
def test_a_removal_fails_while_a_create_may_still_be_done(story: Story) -> None:
    for _ in range(3):
        with pytest.raises(OutcomeUnknown) as caught:
            story.remove_managed_routes()
        story.runtime.seconds += 10
    assert caught.value.sentence == (
        "elasticloadbalancing:CreateRule on listener/app/petclinic/50dc/9f2a was sent but not answered, so "
        "it may or may not have been done. The next call reads the rule and repairs it."
    )
    story.runtime.seconds += 1
    assert story.remove_managed_routes() == ()


def test_a_create_that_was_done_late_is_found_and_deleted(story: Story, lands: Callable[[], None]) -> None:
    with pytest.raises(OutcomeUnknown):
        story.remove_managed_routes()
    story.runtime.seconds += 20
    lands()
    (made,) = story.header_rules.values()
    assert story.remove_managed_routes() == (made.arn,)
    assert story.remove_managed_routes() == ()
    assert story.header_rules == {}


def test_a_create_that_was_done_late_is_the_routes_rule(story: Story, lands: Callable[[], None]) -> None:
    lands()
    (outcome,) = story.set_header_route()
    assert (outcome.rule, outcome.changed) == (story.header_rules["beta"], False)
    assert story.aws.count("CreateRule") == 1


# Calls at once


@pytest.mark.parametrize(
    ("protected", "created"), [pytest.param(True, 0, id="protected"), pytest.param(False, 1, id="the harm")]
)
def test_a_route_that_a_removal_overtook_is_not_made(
    story: Story, protected: bool, created: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    if not protected:
        monkeypatch.setattr(Memory, "is_newest", lambda *_: True)
    removal = threading.Thread(target=story.remove_managed_routes)

    def meanwhile() -> None:
        removal.start()
        assert story.runtime.somebody_waits.wait(timeout=10)

    story.aws.during_read = meanwhile
    with (
        pytest.raises(Overtaken, match="A newer SetHeaderRoute or RemoveManagedRoutes")
        if protected
        else nullcontext()
    ):
        story.set_header_route()
    removal.join()
    assert story.aws.count("CreateRule") == created
    assert story.header_rules == {}


# What may not stand


def test_an_ended_update_costs_no_call(story: Story) -> None:
    assert story.set_header_route(may_stand=False) == ()
    assert story.aws.calls == []


def test_after_a_removal_nothing_is_made_until_the_reconcile_has_ended(story: Story) -> None:
    """The controller removes in an update when the canary has no available pod."""
    story.remove_managed_routes()
    calls = list(story.aws.calls)
    assert story.set_header_route() == ()
    assert story.aws.calls == calls
    story.verify_weight()
    (outcome,) = story.set_header_route()
    assert outcome.changed
