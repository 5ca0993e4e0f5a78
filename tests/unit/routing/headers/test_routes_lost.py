"""SetWeight makes header rules that were lost again, VerifyWeight tells of those that it could not make."""

import threading
from dataclasses import replace
from typing import Any

import pytest

from elbv2_trafficrouter.arn import Arn
from elbv2_trafficrouter.errors import Problem
from elbv2_trafficrouter.errors.aws import NotAllowed, OutcomeUnknown
from elbv2_trafficrouter.errors.managed_routes import PriorityTaken, TooManyManagedRoutes
from elbv2_trafficrouter.rollout.intent import HeaderMatch, HeaderRoute
from elbv2_trafficrouter.routing.headers import routes
from elbv2_trafficrouter.routing.rule import Condition, Forward, Limits, ListenerRule
from support.router.ending_problems import ENDING_PROBLEMS
from support.router.header_route_story import (
    BASE,
    BETA,
    INTERNAL,
    LISTENER,
    PATH,
    STABLE,
    WAS,
    WEB,
    Story,
    rule_of_beta,
)

NOT_SEEN = (
    "The rule of the header route 'beta' is missing above listener-rule/app/petclinic/50dc/9f2a/ba5e. "
    "The next SetWeight recreates it."
)


@pytest.fixture
def story() -> Story:
    """A process that saw a reconcile end."""
    story = Story.of()
    story.set_weight(wanted=())
    story.verify_weight()
    story.aws.calls.clear()
    return story


def somebody_deletes_the_rule(story: Story) -> None:
    story.runtime.seconds += 11  # what this process has made is looked up again
    story.aws.remove(story.header_rules["beta"].arn)


# Making again


def test_a_lost_rule_is_made_again(story: Story) -> None:
    story.set_header_route()
    somebody_deletes_the_rule(story)
    (outcome,) = story.set_weight().header_rules
    assert (outcome.route, outcome.changed) == ("beta", True)
    assert story.header_rules == {"beta": outcome.rule}
    assert story.aws.tags_of[outcome.rule.arn] == WAS.tags_of("beta")
    assert story.verify_weight() == ""


def test_all_routes_of_the_steps_are_made_again(story: Story) -> None:
    outcomes = story.set_weight(wanted=(INTERNAL, BETA)).header_rules
    assert [outcome.route for outcome in outcomes] == ["internal", "beta"]
    priorities = {name: rule.priority for name, rule in story.header_rules.items()}
    assert priorities == {"beta": 8, "internal": 9}


def test_a_rule_that_is_there_costs_one_read(story: Story) -> None:
    story.aws.put(rule_of_beta(), WAS.tags_of("beta"))
    assert story.set_weight().header_rules == ()
    assert story.aws.calls == ["DescribeRules"]


@pytest.mark.parametrize(
    "differing",
    [
        pytest.param(rule_of_beta(forwards=(Forward(STABLE, 1),)), id="another target group of ours"),
        pytest.param(
            rule_of_beta(
                conditions=frozenset({PATH, Condition("http-header", frozenset({"bob"}), name="X-User")})
            ),
            id="another header",
        ),
        pytest.param(rule_of_beta(transforms=({"Type": "url-rewrite"},)), id="a transform"),
    ],
)
def test_a_rule_of_ours_that_differs_is_left_as_it_is(story: Story, differing: ListenerRule) -> None:
    """SetHeaderRoute gives a rule its form; somebody may have changed it for a reason."""
    story.aws.put(differing, WAS.tags_of("beta"))
    assert story.set_weight().header_rules == ()
    assert story.header_rules == {"beta": differing}
    assert story.verify_weight() == ""


@pytest.mark.parametrize(
    "wanted",
    [pytest.param({"wanted": ()}, id="before its step"), pytest.param({"may_exist": False}, id="ended")],
)
def test_nothing_is_made_that_should_not_be_there(story: Story, wanted: dict[str, Any]) -> None:
    assert story.set_weight(**wanted).header_rules == ()
    assert story.aws.calls == ["DescribeRules"]
    assert story.verify_weight(**wanted) == ""


def test_header_rules_are_kept_out_of_weights(story: Story) -> None:
    story.set_header_route()
    (rule,) = story.header_rules.values()
    story.set_weight(50)
    assert story.aws.rules[BASE.arn].forwards == (Forward(STABLE, 50), replace(BASE.forwards[1], weight=50))
    assert story.header_rules == {"beta": rule}


# A canary without pods, a process without a past


def test_after_a_removal_nothing_is_made_until_the_reconcile_has_ended(story: Story) -> None:
    story.remove_managed_routes()
    assert story.set_weight().header_rules == ()
    assert story.aws.count("CreateRule") == 0
    assert story.verify_weight() == ""
    assert len(story.set_weight().header_rules) == 1


def test_a_fresh_process_makes_nothing_until_a_reconcile_has_ended(story: Story) -> None:
    """RemoveManagedRoutes may have come just before its start."""
    story.restart()
    assert story.set_weight().header_rules == ()
    assert story.aws.count("CreateRule") == 0
    assert story.verify_weight() == NOT_SEEN
    assert len(story.set_weight().header_rules) == 1
    assert story.verify_weight() == ""


def test_a_fresh_process_finds_the_rules_of_the_one_before(story: Story) -> None:
    story.set_header_route()
    story.restart()
    assert story.set_weight().header_rules == ()
    assert story.verify_weight() == ""
    assert story.aws.count("CreateRule") == 1


# Reads that lag


def test_a_rule_that_no_read_shows_yet_is_not_made_again_but_not_verified(story: Story) -> None:
    story.aws.lagging = dict(story.aws.rules)
    story.set_header_route()
    assert story.set_weight().header_rules == ()
    assert story.aws.count("CreateRule") == 1
    assert story.verify_weight() == NOT_SEEN
    story.aws.lagging = None
    story.set_weight()
    assert story.verify_weight() == ""


def test_a_rule_that_is_not_seen_for_10_s_is_lost(story: Story) -> None:
    story.aws.lagging = dict(story.aws.rules)
    story.set_header_route()
    story.runtime.seconds += 11
    assert len(story.set_weight().header_rules) == 1


# Rules that can't be made


@pytest.mark.parametrize(
    "problem",
    [
        NotAllowed("elasticloadbalancing:CreateRule", LISTENER, "no"),
        PriorityTaken("beta", LISTENER, 8),
        OutcomeUnknown("elasticloadbalancing:CreateRule", LISTENER, "read timed out"),
    ],
    ids=lambda problem: type(problem).__name__,
)
def test_weights_stand_when_a_rule_cannot_be_made(story: Story, problem: Problem) -> None:
    story.aws.refusals["CreateRule"] = problem
    outcome = story.set_weight(50)
    assert (outcome.rules[0].changed, outcome.header_rules) == (True, ())
    assert story.verify_weight(50) == problem.sentence
    del story.aws.refusals["CreateRule"]
    assert len(story.set_weight(50).header_rules) == 1
    assert story.verify_weight(50) == ""


def test_one_route_that_cannot_be_made_does_not_hinder_the_next(story: Story) -> None:
    """Somebody's rule directly above the base leaves room for one."""
    story.aws.put(rule_of_beta(priority=8, forwards=(Forward(WEB, 1),)), {})
    (outcome,) = story.set_weight(wanted=(BETA, INTERNAL)).header_rules
    assert (outcome.route, outcome.rule.priority) == ("beta", 9)
    assert story.verify_weight(wanted=(BETA, INTERNAL)) == (
        "There is no free priority for the header route 'internal' directly above "
        "listener-rule/app/petclinic/50dc/9f2a/ba5e, which has priority 10: the rule above it has priority "
        "8. Change the priorities of the rules (SetRulePriorities) so that 2 are free directly above it."
    )


# Many routes: other calls wait for the listener meanwhile


def routes_for(users: int) -> tuple[HeaderRoute, ...]:
    return tuple(
        HeaderRoute(f"user-{user}", (HeaderMatch("X-User", exact=str(user)),)) for user in range(users)
    )


MANY = routes_for(98)  # with beta and internal, managedRoutes has 100
READS = ("DescribeTags", "DescribeAccountLimits", "DescribeListeners", "DescribeRules")


@pytest.mark.parametrize(
    ("protected", "creates"), [pytest.param(True, 1, id="protected"), pytest.param(False, 98, id="the harm")]
)
@pytest.mark.parametrize("problem", ENDING_PROBLEMS, ids=lambda problem: type(problem).__name__)
def test_after_some_failures_no_further_rule_is_created(
    story: Story, problem: Problem, protected: bool, creates: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    if not protected:
        monkeypatch.setattr(routes, "ends_the_call", lambda _: False)
    story.aws.refusals["CreateRule"] = problem
    assert story.set_weight(50, wanted=MANY).rules[0].changed
    assert story.aws.count("CreateRule") == creates
    assert story.verify_weight(50) == problem.sentence


@pytest.mark.parametrize("refused", [None, *READS[:3]])
def test_everything_is_read_once_for_all_routes(story: Story, refused: str | None) -> None:
    """DescribeRules reads this listener first, and then the load balancer's other listeners."""
    if refused:
        story.aws.refusals[refused] = NotAllowed(f"elasticloadbalancing:{refused}", LISTENER, "no")
    story.aws.put(rule_of_beta(), {})
    story.set_weight(wanted=MANY)
    most = {"DescribeTags": 1, "DescribeAccountLimits": 1, "DescribeListeners": 1, "DescribeRules": 2}
    assert all(story.aws.count(read) <= most[read] for read in READS)
    assert story.aws.count("CreateRule") == (0 if refused else 1)  # 8 is taken, so only 9 is free


def test_a_full_load_balancer_is_not_asked_again_for_each_route(story: Story) -> None:
    story.aws.limit = Limits(values=5, wildcards=5, rules=1)
    assert story.set_weight(wanted=MANY).header_rules == ()
    assert story.aws.calls == [
        "DescribeRules",
        "DescribeAccountLimits",
        "DescribeListeners",
        "DescribeRules",
    ]


TOO_MANY = (
    "The Rollout's trafficRouting.managedRoutes lists 101 routes. Each one needs its own listener "
    "rule, but the account's quota is 100 rules per load balancer. Remove routes from the list, or raise the "
    "quota 'Rules per Application Load Balancer'."
)


def test_more_routes_than_a_load_balancer_takes_rules_cost_one_read(story: Story) -> None:
    assert story.set_weight(wanted=routes_for(99)).header_rules == ()
    assert story.aws.calls == ["DescribeRules", "DescribeAccountLimits"]
    assert story.verify_weight(wanted=routes_for(99)) == TOO_MANY
    with pytest.raises(TooManyManagedRoutes, match="lists 101 routes"):
        story.set_header_route(wanted=routes_for(99))
    assert story.set_header_route(HeaderRoute("beta"), wanted=routes_for(99)) == ()


def test_an_account_with_a_higher_quota_may_have_more_routes() -> None:
    story = Story.of(replace(BASE, priority=500))
    story.verify_weight()
    story.aws.limit = Limits(values=5, wildcards=5, rules=200)
    assert len(story.set_weight(wanted=routes_for(99)).header_rules) == 99
    assert story.verify_weight(wanted=routes_for(99)) == ""


def test_at_the_maximum_a_lost_rule_hinders_nothing(story: Story) -> None:
    """There the controller would wait for it without a word, and all requests go to the canary anyway."""
    story.aws.refusals["CreateRule"] = NotAllowed("elasticloadbalancing:CreateRule", LISTENER, "no")
    story.set_weight(100)
    assert story.verify_weight(100) == ""


def test_a_removal_that_comes_meanwhile_ends_the_making(story: Story) -> None:
    removal = threading.Thread(target=story.remove_managed_routes)

    def meanwhile() -> None:
        removal.start()
        assert story.runtime.somebody_waits.wait(timeout=10)

    story.aws.during_read = meanwhile
    assert story.set_weight().header_rules == ()
    removal.join()
    assert story.aws.count("CreateRule") == 0


def test_other_listeners_rules_do_not_count(story: Story) -> None:
    there = Arn(rule_of_beta().arn.replace("9f2a", "9f2b"))
    story.aws.put(rule_of_beta(arn=there), WAS.tags_of("beta"))
    assert len(story.set_weight().header_rules) == 1
