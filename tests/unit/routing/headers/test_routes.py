"""SetHeaderRoute: what is made and changed, and how it gets on with removals, whatever reads show."""

import threading
from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import replace

import pytest

from elbv2_trafficrouter.arn import Arn
from elbv2_trafficrouter.errors import Problem
from elbv2_trafficrouter.errors.aws import OutcomeUnknown
from elbv2_trafficrouter.errors.call import Superseded
from elbv2_trafficrouter.errors.managed_routes import HeaderRouteMissing
from elbv2_trafficrouter.rollout.intent import HeaderMatch, HeaderRoute
from elbv2_trafficrouter.routing.rule import Condition, Limits
from elbv2_trafficrouter.routing.turns import Turn
from support.router.header_route_story import BASE, INTERNAL, LISTENER, PATH, WAS, Story, rule_of_beta

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
    story.aws.remove(made.rule.arn)
    bob = HeaderRoute("beta", (HeaderMatch("X-User", exact="bob"),))
    with pytest.raises(HeaderRouteMissing):
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
        "elasticloadbalancing:CreateRule on listener/app/petclinic/50dc/9f2a was sent, but AWS did not "
        "confirm it, so it may or may not have taken effect. The next call reads the rule and repairs it."
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
        monkeypatch.setattr(Turn, "require_current", lambda *_: None)
    removal = threading.Thread(target=story.remove_managed_routes)

    def meanwhile() -> None:
        removal.start()
        assert story.runtime.somebody_waits.wait(timeout=10)

    story.aws.during_read = meanwhile
    with (
        pytest.raises(Superseded, match="by a newer SetHeaderRoute or RemoveManagedRoutes")
        if protected
        else nullcontext()
    ):
        story.set_header_route()
    removal.join()
    assert story.aws.count("CreateRule") == created
    assert story.header_rules == {}


# What may not stand


def test_an_ended_update_costs_no_call(story: Story) -> None:
    assert story.set_header_route(may_exist=False) == ()
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
